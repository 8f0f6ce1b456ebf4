/** What a batch writes down as it goes, and what a reader makes of it. No I/O. */
import * as z from "zod/mini";
import { BatchResult } from "../contract/batch.ts";
import { ExecUsage } from "../contract/event.ts";
import { SessionError } from "../protocol/error.ts";
import { parseJsonObject } from "../util/json/json.ts";
import { sumUsage, ZERO_USAGE } from "./usage.ts";

const at = z.string();
const index = z.int();
const attempt = z.int();

/** Lines of `journal.jsonl`: the only place for times and for what chance decides. */
export const JournalEntry = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("opened"),
    version: z.literal(1),
    at,
    seed: z.string(),
    run: z.int(),
    tasks_file: z.string(),
    /** A hash for each task of the whole file. */
    tasks: z.array(z.string()),
    shard: z.nullable(z.object({ index: z.int(), count: z.int() })),
  }),
  z.object({ type: z.literal("added"), at, tasks: z.array(z.string()) }),
  z.object({ type: z.literal("resumed"), at, mark: z.string() }),
  z.object({
    type: z.literal("started"),
    at,
    index,
    id: z.string(),
    attempt,
    session_id: z.nullable(z.string()),
  }),
  z.object({
    type: z.literal("failed"),
    at,
    index,
    attempt,
    exit_code: z.int(),
    usage: ExecUsage,
    requests: z.int(),
    duration_ms: z.int(),
  }),
  z.object({
    type: z.literal("ended"),
    at,
    index,
    duration_ms: z.int(),
    result: BatchResult,
  }),
  z.object({ type: z.literal("closed"), at, reason: z.string() }),
]);
export type JournalEntry = z.infer<typeof JournalEntry>;
export type EntryOf<T extends JournalEntry["type"]> = Extract<
  JournalEntry,
  { type: T }
>;

/** Where the line of an entry lies in the file. */
export interface Place {
  readonly offset: number;
  readonly bytes: number;
}

/** What has become of one task. */
export interface TaskState {
  readonly id: string;
  /** Attempts that came to an end and are to be tried again. */
  readonly failed: number;
  /** The attempt that has begun and not ended. */
  readonly running?: {
    readonly attempt: number;
    readonly sessionId: string | null;
  };
  /** Of attempts that failed; once it has ended, of all. */
  readonly usage: ExecUsage;
  readonly requests: number;
  readonly ended?: {
    readonly exitCode: number;
    readonly status: string;
    readonly place: Place;
  };
}

/** A journal as it stands. */
export interface JournalState {
  readonly opened: EntryOf<"opened">;
  /** Hashes of all tasks, added ones included. */
  readonly tasks: readonly string[];
  readonly states: ReadonlyMap<number, TaskState>;
  /** The mark of the last process; undefined when it left in good order. */
  readonly openMark: string | undefined;
}

/** Takes entries in their order. */
export class JournalFold {
  #opened: EntryOf<"opened"> | undefined;
  #tasks: string[] = [];
  readonly #states: Map<number, TaskState>;
  #openMark: string | undefined;

  /** The map is the caller's, and is kept up to date. */
  constructor(states: Map<number, TaskState> = new Map()) {
    this.#states = states;
  }

  take(entry: JournalEntry, place: Place): void {
    switch (entry.type) {
      case "opened":
        this.#opened = entry;
        this.#tasks = [...entry.tasks];
        return;
      case "added":
        this.#tasks.push(...entry.tasks);
        return;
      case "resumed":
        this.#openMark = entry.mark;
        return;
      case "closed":
        this.#openMark = undefined;
        return;
      default:
        this.#states.set(
          entry.index,
          nextState(this.#states.get(entry.index), entry, place),
        );
    }
  }

  /** Undefined for an empty journal. */
  get state(): JournalState | undefined {
    return this.#opened && {
      opened: this.#opened,
      tasks: this.#tasks,
      states: this.#states,
      openMark: this.#openMark,
    };
  }
}

function nextState(
  before: TaskState | undefined,
  entry: EntryOf<"started" | "failed" | "ended">,
  place: Place,
): TaskState {
  const { id, failed, usage, requests } = before ??
    { id: String(entry.index), failed: 0, usage: ZERO_USAGE, requests: 0 };
  switch (entry.type) {
    case "started": {
      const running = { attempt: entry.attempt, sessionId: entry.session_id };
      return { id: entry.id, failed, usage, requests, running };
    }
    case "failed":
      return {
        id,
        failed: failed + 1,
        usage: sumUsage(usage, entry.usage),
        requests: requests + entry.requests,
      };
    case "ended": {
      const { exit_code: exitCode, status } = entry.result;
      return {
        id: entry.result.id,
        failed,
        usage: entry.result.usage,
        requests: entry.result.requests,
        ended: { exitCode, status, place },
      };
    }
  }
}

/** One line. Throws SessionError when it is none of ours. */
export function parseEntry(line: string, where: string): JournalEntry {
  const { success, data } = JournalEntry.safeParse(parseJsonObject(line));
  if (success) return data;
  throw new SessionError(
    `Cannot read ${where}: it is no entry of a batch, must be as it was written; with another --out the batch begins anew`,
  );
}
