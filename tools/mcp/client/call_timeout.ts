/** The time limit of a call: restarted by progress, paused while the user is asked. */
import type { Host } from "../../../core/protocol/host.ts";
import { endWait } from "../../../core/util/async.ts";
import { McpFailure } from "./types.ts";

/** Aborts its signal with an McpFailure when nothing was heard for the time. */
export class CallTimeout {
  readonly #host: Pick<Host, "sleep">;
  readonly #ms: number;
  readonly #abort = new AbortController();
  #timer = new AbortController();
  #held = 0;

  constructor(host: Pick<Host, "sleep">, ms: number) {
    this.#host = host;
    this.#ms = ms;
    this.#begin();
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Progress: the time starts again. */
  touch(): void {
    endWait(this.#timer);
    if (this.#held === 0 && !this.#abort.signal.aborted) this.#begin();
  }

  /** Stops the clock until the work has ended, whichever way. */
  async hold<T>(work: () => Promise<T>): Promise<T> {
    this.#held++;
    endWait(this.#timer);
    try {
      return await work();
    } finally {
      this.#held--;
      this.touch();
    }
  }

  /** The answer is here; nothing is aborted any more. */
  end(): void {
    this.#held++;
    endWait(this.#timer);
  }

  #begin(): void {
    const timer = new AbortController();
    this.#timer = timer;
    this.#host.sleep(this.#ms, timer.signal).then(() => {
      if (timer.signal.aborted) return;
      this.#abort.abort(
        new McpFailure(`it did not answer within ${this.#ms / 1_000} s`),
      );
    }, () => {});
  }
}
