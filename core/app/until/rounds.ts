/** `--until`: the check after each answer, until it passes or another round is of no use. */
import { checkFailedItem } from "../../context/markers.ts";
import type {
  CheckFailure,
  CheckPlace,
  TurnCheck,
} from "../../protocol/hooks.ts";
import { ModelError } from "../../protocol/error.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { visibleLine } from "../../util/text/visible_text.ts";
import type { CheckRun, CheckRunner } from "./run_check.ts";

/** Begins the rounds of one turn. */
export function beginRounds(
  runner: CheckRunner,
  roundsMax: number,
): TurnCheck {
  return new Rounds(runner, roundsMax);
}

class Rounds implements TurnCheck {
  readonly #runner: CheckRunner;
  readonly #roundsMax: number;
  #round = 0;
  /** Rounds in a row, this one included, in which nothing became different. */
  #same = 0;
  #print = "";
  /** The files as the last check left them. */
  #tree: string | undefined;

  constructor(runner: CheckRunner, roundsMax: number) {
    this.#runner = runner;
    this.#roundsMax = roundsMax;
  }

  async take(
    place: CheckPlace,
    { isLast = false }: { readonly isLast?: boolean } = {},
  ): Promise<CheckFailure | undefined> {
    const { command } = this.#runner;
    const round = ++this.#round;
    const at = { command, round, roundsMax: this.#roundsMax };
    const isSameTree = await this.#isSameTree(place);
    place.emit({ type: "check.started", ...at });
    const { told, print, isDenied, ...run } = await this.#runner.run(place);
    place.emit({ type: "check.completed", ...at, ...run });
    if (run.hasPassed) return undefined;
    if (isDenied) {
      place.emit({ type: "warning", message: deniedText(place) });
    }
    this.#same = isSameTree && print === this.#print ? this.#same + 1 : 1;
    this.#print = print;
    const error = this.#endOf(run, { isLast, threadId: place.threadId });
    if (error === undefined) {
      this.#tree = await this.#runner.loadTree(place.settings);
    }
    const isStuck = this.#same > 1;
    return {
      items: [checkFailedItem({ ...at, ...run, told, isStuck })],
      ...(error !== undefined && { error }),
    };
  }

  async #isSameTree({ settings }: CheckPlace): Promise<boolean> {
    if (this.#tree === undefined) return false;
    return await this.#runner.loadTree(settings) === this.#tree;
  }

  #endOf(
    { exitCode }: Pick<CheckRun, "exitCode">,
    { isLast, threadId }: {
      readonly isLast: boolean;
      readonly threadId: string;
    },
  ): ModelError | undefined {
    const { command, isKept } = this.#runner;
    const state = `${visibleLine(command, 200)} ${
      exitCode === null ? "cannot be run" : `ended with exit code ${exitCode}`
    }`;
    const why = isLast
      ? "a hook ended the turn"
      : this.#same >= LIMITS.checkRoundsSame
      ? `for ${this.#same} rounds it has said the same and no file has changed`
      : this.#round >= this.#roundsMax
      ? `${this.#round} of ${this.#roundsMax} rounds are used (--max-rounds)`
      : undefined;
    if (why === undefined) return undefined;
    const more = isKept ? `; exec resume ${threadId} --until goes on` : "";
    const message =
      `Cannot call it done: ${state}, must pass (exit code 0), and ${why}${more}`;
    return new ModelError(message, { kind: "check", retryable: false });
  }
}

function deniedText({ settings }: CheckPlace): string {
  return `The ${settings.sandbox.mode} sandbox probably stopped the check: it runs with the rights of the model's commands`;
}
