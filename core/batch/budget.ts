/** What a whole batch may use, and what it has used. No I/O. */
import type { ExecUsage } from "../contract/event.ts";
import { ZERO_USAGE } from "./usage.ts";

/** Absent: no bound. */
export interface BatchLimits {
  readonly requests?: number | undefined;
  readonly tokens?: number | undefined;
  readonly cost?: number | undefined;
}

/** Counts the requests of all tasks as they are answered. */
export class BatchBudget {
  readonly #limits: BatchLimits;
  readonly #used = { requests: 0, tokens: 0, cost: 0 };

  constructor(limits: BatchLimits) {
    this.#limits = limits;
  }

  /** Answered requests with what they used; `cost` is theirs, where there is a price. */
  count(requests: number, usage: ExecUsage = ZERO_USAGE, cost = 0): void {
    this.#used.requests += requests;
    this.#used.tokens += usage.input_tokens + usage.output_tokens;
    this.#used.cost += cost;
  }

  /** What is left of each bound. */
  get left(): BatchLimits {
    return Object.fromEntries(
      this.#bounds().map((
        [name, used, max],
      ) => [name, Math.max(0, max - used)]),
    );
  }

  /** Which bound is reached, in words; undefined while there is room. */
  get spent(): string | undefined {
    const [found] = this.#bounds().filter(([, used, max]) => used >= max);
    if (found === undefined) return undefined;
    const [name, used, max] = found;
    const amount = name === "cost" ? used.toFixed(4) : String(used);
    return `The limit of the batch is reached: ${amount} of ${max} ${name} are used`;
  }

  #bounds(): readonly (readonly [keyof BatchLimits, number, number])[] {
    const names = ["requests", "tokens", "cost"] as const;
    return names.flatMap((name) => {
      const max = this.#limits[name];
      return max === undefined ? [] : [[name, this.#used[name], max] as const];
    });
  }
}
