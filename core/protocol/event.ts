/** What a thread says: events, the activities they carry, and how a turn ends. */
import type { Json } from "../util/json/json.ts";
import type { CheckEvent } from "./hooks.ts";
import type { MessagePhase, WireItem } from "./item.ts";
import type { ApprovalRequest, Decision, SandboxStatus } from "./policy.ts";
import type { ProviderModel, TurnMode, TurnSettings } from "./settings.ts";

/** Tokens as the provider reported them. */
export interface Usage {
  readonly inputTokens: number;
  readonly cachedInputTokens: number;
  readonly cacheWriteInputTokens: number;
  readonly outputTokens: number;
  readonly reasoningOutputTokens: number;
  readonly totalTokens: number;
}

type ActivityStatus =
  | "in_progress"
  | "completed"
  | "failed"
  /** Refused by policy or by the user; nothing ran. */
  | "declined";

export interface FileChange {
  /** Absolute path. */
  readonly path: string;
  readonly kind: "add" | "update" | "delete";
  /** Where an update moved the file to; absolute. */
  readonly movedTo?: string;
  /** Unified diff of this file; may be cut. */
  readonly diff?: string;
}

/** One thing the user watches. Ids are `item_N` in order of first appearance. */
export type Activity =
  | {
    readonly id: string;
    readonly type: "message";
    readonly text: string;
    readonly phase?: MessagePhase;
  }
  | { readonly id: string; readonly type: "reasoning"; readonly text: string }
  | {
    readonly id: string;
    readonly type: "command";
    readonly command: string;
    readonly cwd: string;
    readonly output: string;
    readonly exitCode: number | null;
    readonly status: ActivityStatus;
    readonly durationMs?: number;
    /** Name of the back end the command ran under. */
    readonly sandbox?: string;
    /** It ran on after its call, under this number. */
    readonly session?: number;
    /** Why it was declined or failed before running. */
    readonly message?: string;
  }
  | {
    readonly id: string;
    readonly type: "file_change";
    readonly changes: readonly FileChange[];
    readonly status: ActivityStatus;
    readonly message?: string;
  }
  | {
    readonly id: string;
    readonly type: "mcp_call";
    readonly server: string;
    readonly tool: string;
    readonly arguments: Json;
    readonly result: Json;
    readonly error: { readonly message: string } | null;
    readonly status: ActivityStatus;
  }
  | {
    readonly id: string;
    readonly type: "web_search";
    readonly query: string;
    readonly action: Json;
    /** The provider's own id of the search. */
    readonly searchId?: string;
  }
  /** What the server did by itself, or an item of a kind that is newer than us. */
  | {
    readonly id: string;
    readonly type: "server_item";
    readonly item: WireItem;
  }
  | {
    readonly id: string;
    readonly type: "plan";
    readonly steps: readonly PlanStep[];
  }
  /** A call of any other tool, or one that could not be made at all. */
  | {
    readonly id: string;
    readonly type: "tool_call";
    readonly name: string;
    readonly arguments: string;
    readonly status: ActivityStatus;
    readonly message: string;
  };

export interface PlanStep {
  readonly text: string;
  readonly status: "pending" | "in_progress" | "completed";
}

/** Why a turn failed. `kind` is a machine word, `message` is for people. */
export interface Failure {
  readonly kind: FailureKind;
  readonly message: string;
  readonly status?: number;
  readonly requestId?: string;
}

export type FailureKind =
  | "auth"
  | "rate_limit"
  | "context_window"
  | "invalid_request"
  | "unreachable"
  | "stream"
  | "http"
  | "incomplete"
  | "limit"
  | "timeout"
  | "denied"
  | "sandbox_unavailable"
  | "session"
  | "cache"
  | "schema"
  | "check"
  | "bug";

export type Outcome =
  | { readonly type: "done"; readonly message: string }
  | { readonly type: "interrupted" }
  | { readonly type: "failed"; readonly error: Failure };

/** How much of a request was served from the provider's cache, and why not more. */
export interface CacheReport {
  /** Estimated tokens this request shares with the one before it. */
  readonly sharedTokens: number;
  readonly cachedTokens: number;
  /** The first cause of a shortfall, e.g. `tools[3] changed`; empty when none. */
  readonly cause: string;
  /** True when the harness itself changed bytes that were sent before. */
  readonly prefixBroken: boolean;
}

export type EventBody =
  | {
    readonly type: "thread.started";
    readonly settings: TurnSettings;
    readonly provider: string;
    readonly resumed: boolean;
    /** What will be sent, compared with what was last sent; absent when nothing was. */
    readonly resume?: {
      /** The next prompt begins with the last one, byte for byte, for the same model. */
      readonly exact: boolean;
      readonly cause: string;
      /** Tokens of the last prompt that the provider's cache will not give back for it. */
      readonly lostTokens: number;
    };
    readonly sandbox: SandboxStatus;
    readonly instructionFiles: readonly {
      readonly path: string;
      readonly bytes: number;
    }[];
  }
  | {
    readonly type: "turn.started";
    readonly turnId: string;
    readonly mode?: TurnMode | undefined;
  }
  | {
    readonly type: "turn.completed";
    readonly turnId: string;
    readonly outcome: Outcome;
    /** Of this turn. */
    readonly usage: Usage;
    /** Of the whole thread. */
    readonly threadUsage: Usage;
    /** Processes that were ended because their command or turn ended. */
    readonly reaped: number;
  }
  | {
    readonly type:
      | "activity.started"
      | "activity.updated"
      | "activity.completed";
    readonly activity: Activity;
  }
  /** What was shown of a broken response is void; the retry shows it again. */
  | { readonly type: "activity.withdrawn"; readonly activityId: string }
  | {
    readonly type: "text.delta" | "reasoning.delta" | "output.delta";
    readonly activityId: string;
    readonly text: string;
  }
  | {
    readonly type: "approval.requested";
    readonly approvalId: string;
    readonly request: ApprovalRequest;
  }
  | {
    readonly type: "approval.settled";
    readonly approvalId: string;
    readonly decision: Decision;
  }
  | {
    readonly type: "stream.retry";
    readonly attempt: number;
    readonly attemptsMax: number;
    readonly delayMs: number;
    /** When the wait ends that the server asked for, in milliseconds of the epoch. */
    readonly untilMs?: number;
    readonly reason: string;
    readonly status?: number;
  }
  /** Another provider answers from now on: this one is out, or its quota is spent. */
  | {
    readonly type: "provider.switched";
    readonly from: ProviderModel;
    readonly to: ProviderModel;
    readonly reason: string;
    /** Tokens of the prompt that the new one has in no cache. */
    readonly lostTokens: number;
  }
  | {
    readonly type: "request.completed";
    readonly usage: Usage | null;
    readonly durationMs: number;
    readonly requestBytes: number;
    readonly cache: CacheReport | null;
    readonly requestId?: string;
  }
  | {
    readonly type: "context.compacted";
    readonly reason: "manual" | "before_turn" | "mid_turn";
    readonly tokensBefore: number;
    readonly tokensAfter: number;
    readonly itemsKept: number;
    readonly itemsDropped: number;
  }
  | { readonly type: "settings.changed"; readonly settings: TurnSettings }
  | CheckEvent
  /** Input that arrived during a turn and has now become part of it. */
  | { readonly type: "input.steered"; readonly text: string }
  | { readonly type: "warning"; readonly message: string }
  /** The end of an op that starts no turn, named by it; a warning has told why it failed. */
  | { readonly type: "task.done" | "task.failed"; readonly task: string }
  | {
    readonly type: "commands.listed";
    readonly commands: readonly (
      & Pick<ActivityOf<"command">, "command" | "cwd">
      & Required<Pick<ActivityOf<"command">, "session">>
      & { readonly hasTerminal: boolean; readonly runningMs: number }
    )[];
  }
  | {
    readonly type: "thread.closed";
    readonly failure?: Failure;
    readonly reaped?: number;
  };

/** An event as readers get it. `seq` counts from 0 per thread; `at` is ISO 8601 UTC. */
export type Event =
  & { readonly threadId: string; readonly seq: number; readonly at: string }
  & EventBody;

export type EventOf<T extends Event["type"]> = Extract<Event, { type: T }>;

type Kind = Activity["type"];
export type ActivityOf<T extends Kind> = Extract<Activity, { type: T }>;

/** No tokens at all; the start of every sum. */
export const NO_USAGE: Usage = Object.freeze({
  inputTokens: 0,
  cachedInputTokens: 0,
  cacheWriteInputTokens: 0,
  outputTokens: 0,
  reasoningOutputTokens: 0,
  totalTokens: 0,
});

/** The sum of two usages. */
export function addUsage(a: Usage, b: Usage): Usage {
  return {
    inputTokens: a.inputTokens + b.inputTokens,
    cachedInputTokens: a.cachedInputTokens + b.cachedInputTokens,
    cacheWriteInputTokens: a.cacheWriteInputTokens + b.cacheWriteInputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    reasoningOutputTokens: a.reasoningOutputTokens + b.reasoningOutputTokens,
    totalTokens: a.totalTokens + b.totalTokens,
  };
}
