/** What a frontend may do with threads; it never sees the session behind them. */
import type { Event, EventOf } from "./event.ts";
import type { TerminalSize } from "./host.ts";
import type { TraceCarrier } from "./settings.ts";
import type { Op } from "./op.ts";

export interface Thread {
  readonly id: string;
  submit(op: Op): void;
  /** Every event from now on; each reader has its own queue and loses nothing. */
  events(): AsyncIterable<Event>;
  /** Resolves when the thread has ended and its log is on disk. */
  readonly closed: Promise<void>;
}

/** Watches one thread. Its methods return at once and throw nothing. */
export interface ThreadObserver {
  /** Each event as it is made, before anything that follows from it. */
  event(event: Event): void;
  /** The turn that begins next is asked for under another program's span. */
  asked(by: TraceCarrier): void;
  /** What a program joins that no call starts: the span of what is going on now. */
  carrier(): TraceCarrier | undefined;
  /** The history begins to be shortened; to be called when that is over, however it went. */
  compacting(): () => void;
}

export interface ThreadSummary {
  readonly id: string;
  readonly name?: string | undefined;
  /** First words of the first request. */
  readonly title: string;
  readonly cwd: string;
  /** ISO 8601 UTC. */
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly path: string;
}

/** A command that lives on after the call that started it. */
export type LiveCommandView = EventOf<"commands.listed">["commands"][number];

/** A person at the terminal of a command. */
export interface CommandAttachment {
  write(bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  resize(size: TerminalSize): void;
  /** Resolves when the command has ended. */
  readonly ended: Promise<unknown>;
  detach(): void;
}

/** Those of one thread. */
export interface LiveCommands {
  /** What runs, oldest first. */
  list(): readonly LiveCommandView[];
  /** What ended and was not told to the model: each text once. */
  takeEnded(tokensMax: number): readonly string[];
  /** Ends one; false when there is none of that number. */
  end(session: number): Promise<boolean>;
  /** Ends all of them; resolves to how many there were. No new one starts afterwards. */
  endAll(): Promise<number>;
  /** Shows its output as it comes, the newest part at once; undefined when there is none. */
  attach(
    session: number,
    onBytes: (bytes: Uint8Array<ArrayBuffer>) => void,
  ): CommandAttachment | undefined;
}

/** What a thread without any has. */
export const NO_LIVE_COMMANDS: LiveCommands = {
  list: () => [],
  takeEnded: () => [],
  end: () => Promise.resolve(false),
  endAll: () => Promise.resolve(0),
  attach: () => undefined,
};
