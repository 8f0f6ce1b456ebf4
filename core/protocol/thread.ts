/** What a frontend may do with threads; it never sees the session behind them. */
import type { Event } from "./event.ts";
import type { Op } from "./op.ts";

export interface Thread {
  readonly id: string;
  submit(op: Op): void;
  /** Every event from now on; each reader has its own queue and loses nothing. */
  events(): AsyncIterable<Event>;
  /** Resolves when the thread has ended and its log is on disk. */
  readonly closed: Promise<void>;
}

export interface ThreadSummary {
  readonly id: string;
  readonly name?: string;
  /** First words of the first request. */
  readonly title: string;
  readonly cwd: string;
  /** ISO 8601 UTC. */
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly path: string;
}
