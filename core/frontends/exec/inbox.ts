/** All input of a run of exec in one queue: events, lines, signals, timers. */
import type { Event } from "../../protocol/event.ts";
import type { Host } from "../../protocol/host.ts";
import { LIMITS } from "../../protocol/limits.ts";
import type { Terminal } from "../../protocol/terminal.ts";
import { Channel } from "../../util/channel.ts";
import type { Cause } from "../jsonl/outcome.ts";
import { type InputLine, readInputLines } from "./input.ts";
import type { ExecStops } from "./stop_signals.ts";

export type ExecMessage =
  | { readonly type: "event"; readonly event: Event }
  | { readonly type: "events_over" }
  /** From outside: a signal, the clock. */
  | { readonly type: "stop"; readonly cause: Cause }
  /** The thread was asked to end and had its time. */
  | { readonly type: "grace_over" }
  | { readonly type: "input_over" }
  | InputLine;

/** Joins events, input lines, signals and timers; one reader handles them one by one. */
export class ExecInbox {
  readonly #host: Pick<Host, "sleep">;
  readonly #terminal: Terminal;
  readonly #queue = new Channel<ExecMessage>();
  readonly #over = new AbortController();
  // Resolves when the run is to end: from then on it waits for no reader.
  readonly #stopped = Promise.withResolvers<void>();
  readonly #stops: ExecStops;
  #stopsHeard = 0;

  constructor(
    host: Pick<Host, "sleep">,
    terminal: Terminal,
    stops: ExecStops,
  ) {
    this.#host = host;
    this.#terminal = terminal;
    this.#stops = stops;
    stops.listen((cause) => this.#takeStop(cause));
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<ExecMessage> {
    return this.#queue;
  }

  /**
   * Takes in all events of a thread; behind a slow reader of stdout they wait there. One
   * that takes nothing for `outputFlushMs` has gone.
   */
  async pumpEvents(events: AsyncIterable<Event>): Promise<void> {
    const { stdout } = this.#terminal;
    try {
      for await (const event of events) {
        this.#queue.push({ type: "event", event });
        if (stdout.pendingBytes > LIMITS.outputPendingBytes) {
          const timeoutMs = LIMITS.outputFlushMs;
          const flushing = stdout.flush({ timeoutMs });
          const isRead = await Promise.race([flushing, this.#stopped.promise]);
          if (isRead === false) this.#takeStop("gone");
        }
      }
    } finally {
      this.#queue.push({ type: "events_over" });
    }
  }

  async pumpInput(): Promise<void> {
    for await (const line of readInputLines(this.#terminal.stdin)) {
      this.#queue.push(line);
    }
    this.#queue.push({ type: "input_over" });
  }

  /** Lets something happen later. */
  after(ms: number, message: ExecMessage): void {
    this.#host.sleep(ms, this.#over.signal).then(
      () => this.#queue.push(message),
      () => {},
    );
  }

  /** Gives signals back and forgets the timers. */
  close(): void {
    this.#over.abort();
    this.#stops.close();
    this.#queue.close();
  }

  // Asked twice, the run waits no longer than commands have to end: none is left behind.
  #takeStop(cause: Cause): void {
    if (cause === "timeout" && this.#stopsHeard > 0) return;
    this.#stopsHeard++;
    if (this.#stopsHeard === 1) {
      this.#queue.push({ type: "stop", cause });
      this.#stopped.resolve();
    } else if (this.#stopsHeard === 2) {
      this.after(LIMITS.killGraceMs, { type: "grace_over" });
    }
  }
}
