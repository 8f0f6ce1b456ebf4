/** An abort signal that fires when an open connection has been silent for too long. */
import type { Host } from "../protocol/host.ts";
import { endWait } from "../util/async.ts";

export interface WatchdogOptions {
  readonly host: Pick<Host, "sleep" | "monotonicMs">;
  /** Aborting it aborts the watchdog's own signal with the same reason. */
  readonly signal: AbortSignal;
  readonly idleMs: number;
  /** What the signal is aborted with after `idleMs` of silence. */
  readonly reason: () => unknown;
  /** The request is over; called once. */
  readonly onStop?: () => void;
}

/** Give `signal` to the request, call `heard` on every sign of life, `stop` at the end. */
export class Watchdog {
  readonly #options: WatchdogOptions;
  readonly #abort = new AbortController();
  readonly #stop = new AbortController();
  #heardAt: number;

  constructor(options: WatchdogOptions) {
    this.#options = options;
    this.#heardAt = options.host.monotonicMs();
    if (options.signal.aborted) this.#forward();
    else options.signal.addEventListener("abort", this.#forward);
    void this.#watch();
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  heard(): void {
    this.#heardAt = this.#options.host.monotonicMs();
  }

  /** Nothing is waited for until `heard` is called: the reader is busy elsewhere. */
  pause(): void {
    this.#heardAt = Number.POSITIVE_INFINITY;
  }

  /** Ends the connection now, with this reason. */
  giveUp(reason: unknown): void {
    this.#abort.abort(reason);
    this.stop();
  }

  /** Ends the watch; with `abort` the connection too, however far it is. */
  stop(options: { readonly abort?: boolean } = {}): void {
    if (!this.#stop.signal.aborted) this.#options.onStop?.();
    endWait(this.#stop);
    this.#options.signal.removeEventListener("abort", this.#forward);
    if (options.abort === true) this.#abort.abort();
  }

  readonly #forward = (): void => {
    this.giveUp(this.#options.signal.reason);
  };

  // One timer for the whole stream: it looks back when it fires, and sleeps for the rest.
  async #watch(): Promise<void> {
    const { host, idleMs, reason } = this.#options;
    try {
      while (!this.#stop.signal.aborted) {
        const leftMs = this.#heardAt + idleMs - host.monotonicMs();
        if (leftMs <= 0) {
          return this.giveUp(reason());
        }
        if (!await this.#sleep(Math.min(leftMs, idleMs))) return;
      }
    } catch (error) {
      if (!this.#stop.signal.aborted) this.#abort.abort(error);
    }
  }

  // False on a host whose sleep takes no time: there silence cannot be measured, and
  // looking again at once would never end.
  async #sleep(ms: number): Promise<boolean> {
    const { host } = this.#options;
    const before = host.monotonicMs();
    await host.sleep(ms, this.#stop.signal);
    return host.monotonicMs() - before > ms / 2;
  }
}
