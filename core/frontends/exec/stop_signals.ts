/** Signals and the time limit, which end a run of exec from outside. */
import type { Host } from "../../protocol/host.ts";
import { type Terminal, TERMINATING_SIGNALS } from "../../protocol/terminal.ts";
import type { Cause } from "../jsonl/outcome.ts";

/** Opened before anything else, so that no signal is lost. */
export class ExecStops {
  /** Resolves with the first of them. */
  readonly first: Promise<Cause>;
  readonly #host: Pick<Host, "sleep">;
  readonly #over = new AbortController();
  readonly #release: (() => void)[];
  readonly #heard: Cause[] = [];
  readonly #resolveFirst: (cause: Cause) => void;
  #listener: ((cause: Cause) => void) | undefined;
  #hasTimeout = false;

  constructor(host: Pick<Host, "sleep">, terminal: Pick<Terminal, "onSignal">) {
    const { promise, resolve } = Promise.withResolvers<Cause>();
    this.first = promise;
    this.#resolveFirst = resolve;
    this.#host = host;
    const stop = (cause: Cause) => (): void => this.#take(cause);
    this.#release = [
      terminal.onSignal("SIGINT", stop("sigint")),
      ...TERMINATING_SIGNALS.map((signal) =>
        terminal.onSignal(signal, stop("sigterm"))
      ),
    ];
  }

  /** Reports every stop; earlier ones at once. */
  listen(listener: (cause: Cause) => void): void {
    this.#listener = listener;
    for (const cause of this.#heard.splice(0)) listener(cause);
  }

  /** Ends the run after this time; the first limit that is set holds. */
  setTimeout(ms: number | undefined): void {
    if (ms === undefined || this.#hasTimeout) return;
    this.#hasTimeout = true;
    this.#host.sleep(ms, this.#over.signal).then(
      () => this.#take("timeout"),
      () => {},
    );
  }

  /** Gives the signals back and stops the clock. */
  close(): void {
    this.#over.abort();
    for (const remove of this.#release.splice(0)) remove();
  }

  #take(cause: Cause): void {
    this.#resolveFirst(cause);
    if (this.#listener === undefined) this.#heard.push(cause);
    else this.#listener(cause);
  }
}
