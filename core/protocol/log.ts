/** The thread's log: the facts written to it, and what comes back when it is read. */
import type { Outcome, Usage } from "./event.ts";
import type { WireItem } from "./item.ts";
import type { TurnMode, TurnSettings } from "./settings.ts";

/** One fact, one line. Items are carried as the very text that is sent to the model. */
export type LogFact =
  | { readonly type: "item"; readonly json: string }
  /** A turn begins with these settings. */
  | {
    readonly type: "turn_started";
    readonly turnId: string;
    readonly settings: TurnSettings;
    /** Id of the provider that is asked. */
    readonly provider?: string;
  }
  /** In the middle of a turn another provider takes the conversation over. */
  | {
    readonly type: "provider_switched";
    readonly turnId: string;
    readonly settings: TurnSettings;
    readonly provider: string;
  }
  /** Intent before effect: on disk before the call runs. */
  | {
    readonly type: "call_started";
    readonly callId: string;
    readonly name: string;
  }
  /** A request was answered; `bodyHash` is a hash of instructions, tools and input sent. */
  | {
    readonly type: "request";
    readonly usage: Usage | null;
    readonly bodyHash: string;
    readonly inputItems: number;
    /** Why the cache gave less than was shared with the request before; absent when it did not. */
    readonly cause?: string;
  }
  | {
    readonly type: "turn_ended";
    readonly turnId: string;
    readonly outcome: Outcome;
    readonly usage: Usage;
  }
  /** The history is replaced: the JSON texts of all items of the new one. */
  | {
    readonly type: "compacted";
    readonly summary: string;
    readonly replacement: readonly string[];
    /** What the hand-over is built from, e.g. the first request; opaque to the log. */
    readonly handover: unknown;
  }
  | { readonly type: "rolled_back"; readonly turns: number }
  /** The person has entered a mode, or left it: undefined. */
  | { readonly type: "mode_changed"; readonly mode: TurnMode | undefined }
  | { readonly type: "named"; readonly name: string };

export interface ThreadMeta {
  readonly id: string;
  /** ISO 8601 UTC. */
  readonly createdAt: string;
  readonly cwd: string;
  readonly program: string;
  readonly version: string;
  readonly source: "exec" | "repl" | "mcp";
  readonly provider: string;
  readonly instructions: string;
  readonly forkedFrom?: string;
}

/** One writer. `append` is whole or throws SessionError. */
export interface ThreadLog {
  readonly path: string;
  append(fact: LogFact): void;
  /** Forces what was appended to the disk. Throws SessionError. */
  sync(): void;
  /** The same while the program goes on; rejects with SessionError. */
  startSync(): Promise<void>;
  /** Syncs, closes, gives up the writer lock. */
  close(): Promise<void>;
}

/** One turn as its log has it. */
export interface RecordedTurn {
  readonly id: string;
  /** ISO 8601 UTC. */
  readonly startedAt: string;
  readonly completedAt?: string;
  /** Still in progress, or cut off with the program that ran it. */
  readonly status: "completed" | "interrupted" | "failed" | "inProgress";
  readonly error?: string;
  readonly cwd: string;
  readonly items: readonly { readonly at: string; readonly item: WireItem }[];
  /** Messages of the user, which is what a rollback counts. */
  readonly messages: number;
}

/** A thread as restored from its log: a fold over the lines. */
export interface RestoredThread {
  readonly meta: ThreadMeta;
  readonly name?: string;
  /** JSON texts of the items of the present generation, in order. */
  readonly items: readonly string[];
  /** Calls without an output, in order; `started` when the intent is on record. */
  readonly openCalls: readonly {
    readonly callId: string;
    readonly name: string;
    readonly form: "function" | "custom" | "local_shell";
    readonly started: boolean;
  }[];
  /** Of the last turn that began. */
  readonly settings?: TurnSettings;
  /** The thread is in plan mode. */
  readonly isPlanning?: boolean;
  readonly provider?: string;
  readonly usage: Usage;
  /** Usage of the last answered request, and how many items it was sent. */
  readonly lastRequest?: {
    readonly usage: Usage | null;
    readonly inputItems: number;
    readonly bodyHash: string;
    /** When its answer was logged, ISO 8601 UTC. */
    readonly at: string;
  };
  readonly generation: number;
  readonly handover: unknown;
  /** True when a turn began and never ended. */
  readonly unfinishedTurn: boolean;
  /** What is wrong with its lines, as sentences with their numbers. */
  readonly problems: readonly string[];
}
