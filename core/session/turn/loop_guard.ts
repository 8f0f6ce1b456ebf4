/** Notices a model that goes round in circles: it is told, then the turn ends. No I/O. */
import { loopNoticeItem } from "../../context/markers.ts";
import { ModelError } from "../../protocol/error.ts";
import type { WireItem } from "../../protocol/item.ts";
import { LIMITS } from "../../protocol/limits.ts";
import type { LoopLimits } from "../../protocol/settings.ts";

/** What one step did, as far as repeating it is concerned. */
export interface StepPrint {
  /** Equal for steps that did the same with the same result. */
  readonly text: string;
  /** Whether something in it failed. */
  readonly isFailed: boolean;
  /** For people and the model. */
  readonly what: string;
}

/** A step that repeats again and again; both are to be told. */
interface LoopNotice {
  readonly items: readonly WireItem[];
  readonly warning: string;
}

/** Watches the steps of one turn. */
export class LoopGuard {
  readonly #steps: StepPrint[] = [];
  readonly #limits: LoopLimits;
  #isTold = false;

  constructor(limits: LoopLimits) {
    this.#limits = limits;
  }

  /** Takes the next step; returns what is to be told, once. Throws ModelError "limit". */
  take(step: StepPrint): LoopNotice | undefined {
    this.#steps.push(step);
    const { rounds, cycle } = this.#longestLoop();
    const isFailed = cycle.some((one) => one.isFailed);
    const limits = isFailed ? this.#limits.failing : this.#limits.idle;
    if (rounds < Math.min(limits.tell, limits.end)) {
      if (rounds === 1) this.#isTold = false;
      return undefined;
    }
    const what = [...new Set(cycle.map((one) => one.what))].join(", then ");
    const done = isFailed ? "failed" : "had the same result";
    if (rounds >= limits.end) {
      throw new ModelError(
        `Cannot continue the turn: the model goes round in circles, ${what} ${done} ${rounds} times in a row, the most is ${limits.end} (limits.${
          isFailed ? "max_failing_rounds" : "max_same_rounds"
        })`,
        { kind: "limit", retryable: false },
      );
    }
    if (this.#isTold) return undefined;
    this.#isTold = true;
    return {
      items: [loopNoticeItem({ what, rounds, isFailed })],
      warning:
        `The model repeats itself: ${what} ${done} ${rounds} times in a row; it was told, and the turn ends after ${limits.end}`,
    };
  }

  // The cycle at the end of the steps that has gone round most often; a single step once.
  #longestLoop(): { rounds: number; cycle: readonly StepPrint[] } {
    const steps = this.#steps;
    let best = { rounds: 1, cycle: steps.slice(-1) };
    for (let length = 1; length <= LIMITS.loopSteps; length++) {
      let same = 0;
      for (let at = steps.length - 1; at >= length; at--) {
        if (steps[at]?.text !== steps[at - length]?.text) break;
        same++;
      }
      const rounds = Math.floor(same / length) + 1;
      if (rounds > best.rounds) best = { rounds, cycle: steps.slice(-length) };
    }
    return best;
  }
}
