/** Threads and turns as clients see them. Pure. */
import type { Failure } from "../../../protocol/event.ts";
import { unreachable } from "../../../util/assert.ts";
import type { RecordedTurn, ThreadMeta } from "../../../protocol/log.ts";

/** What a list says of a thread. Times are ISO 8601 UTC. */
export interface ThreadFacts {
  readonly id: string;
  readonly name?: string | undefined;
  /** First words of the first request. */
  readonly title: string;
  readonly cwd: string;
  readonly createdAt: string;
  readonly updatedAt: string;
  /** Empty when it is not recorded. */
  readonly path: string;
  readonly provider: string;
  readonly program: string;
  readonly version: string;
  readonly source: ThreadMeta["source"] | "unknown";
  readonly forkedFrom?: string | undefined;
}

export type ThreadStatus =
  | { readonly type: "notLoaded" | "idle" | "systemError" }
  | {
    readonly type: "active";
    readonly activeFlags: readonly (
      | "waitingOnApproval"
      | "waitingOnUserInput"
    )[];
  };

interface LiveFacts {
  readonly status: ThreadStatus;
  /** Absent when it is not open. */
  readonly settings?: {
    readonly model: { readonly slug: string };
    readonly reasoningEffort?: string;
    readonly cwd: string;
  };
  readonly turns?: readonly unknown[];
}

/** A thread, loaded or not. */
export function threadView(
  facts: ThreadFacts,
  { status, settings, turns = [] }: LiveFacts,
): Record<string, unknown> {
  const isLoaded = status.type !== "notLoaded";
  const updatedAt = secondsOf(facts.updatedAt);
  const cwd = settings?.cwd ?? facts.cwd;
  return {
    id: facts.id,
    environments: null,
    extra: null,
    sessionId: facts.id,
    forkedFromId: facts.forkedFrom ?? null,
    attachedToThreadId: null,
    parentThreadId: null,
    preview: facts.title,
    ephemeral: facts.path === "",
    section: null,
    sectionEnteredAt: null,
    projectId: null,
    historyMode: "legacy",
    modelProvider: facts.provider,
    model: settings?.model.slug ?? null,
    reasoningEffort: settings?.reasoningEffort ?? null,
    createdAt: secondsOf(facts.createdAt),
    updatedAt,
    recencyAt: updatedAt,
    status,
    path: facts.path === "" ? null : facts.path,
    cwd,
    cliVersion: facts.version,
    originator: facts.program === "" ? null : facts.program,
    source: SOURCES[facts.source],
    canAcceptDirectInput: isLoaded ? true : null,
    threadSource: null,
    agentNickname: null,
    agentRole: null,
    gitInfo: null,
    name: facts.name ?? null,
    daybreakEnabled: null,
    turns,
  };
}

const SOURCES: Readonly<Record<ThreadFacts["source"], string>> = {
  exec: "exec",
  repl: "cli",
  mcp: "appServer",
  unknown: "unknown",
};

/** What is known of a turn; times are milliseconds of the epoch. */
export interface TurnFacts {
  readonly id: string;
  readonly status: RecordedTurn["status"];
  readonly items?: readonly unknown[];
  readonly itemsView?: "notLoaded" | "summary" | "full";
  readonly error?: unknown;
  readonly startedMs?: number;
  readonly completedMs?: number;
}

export function turnView(turn: TurnFacts): Record<string, unknown> {
  const { id, startedMs, completedMs } = turn;
  return {
    id,
    rootTurnId: id,
    items: turn.items ?? [],
    itemsView: turn.itemsView ?? "notLoaded",
    status: turn.status,
    error: turn.error ?? null,
    startedAt: startedMs === undefined ? null : Math.floor(startedMs / 1_000),
    completedAt: completedMs === undefined
      ? null
      : Math.floor(completedMs / 1_000),
    durationMs: startedMs === undefined || completedMs === undefined
      ? null
      : Math.max(0, completedMs - startedMs),
  };
}

/** Why a turn failed. */
export function errorView(
  failure: Pick<Failure, "message" | "kind" | "status">,
): Record<string, unknown> {
  return {
    message: failure.message,
    codexErrorInfo: errorInfo(failure),
    additionalDetails: null,
    misalignment: null,
  };
}

/** Why a request is tried again. */
export function retryView(
  { reason: message, status }: {
    readonly reason: string;
    readonly status?: number;
  },
): Record<string, unknown> {
  return status === undefined
    ? errorView({ kind: "stream", message })
    : errorView({ kind: "http", message, status });
}

function errorInfo(
  { kind, status }: Pick<Failure, "kind" | "status">,
): unknown {
  const httpStatusCode = status ?? null;
  switch (kind) {
    case "auth":
      return "unauthorized";
    case "rate_limit":
      return "rateLimitExceeded";
    case "context_window":
      return "contextWindowExceeded";
    case "invalid_request":
      return "badRequest";
    case "unreachable":
    case "timeout":
      return { httpConnectionFailed: { httpStatusCode } };
    case "stream":
    case "incomplete":
      return { responseStreamDisconnected: { httpStatusCode } };
    case "http":
      return (status ?? 0) >= 500 ? "internalServerError" : "other";
    case "limit":
      return "sessionBudgetExceeded";
    case "sandbox_unavailable":
      return "sandboxError";
    case "denied":
    case "session":
    case "cache":
    case "schema":
    case "check":
    case "bug":
      return "other";
    default:
      return unreachable(kind);
  }
}

function secondsOf(at: string): number {
  const ms = Date.parse(at);
  return Number.isNaN(ms) ? 0 : Math.floor(ms / 1_000);
}
