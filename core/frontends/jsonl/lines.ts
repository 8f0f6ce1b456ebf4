/** Lines of `exec --json` that come from one event each. Pure. */
import type { EventOf, Usage } from "../../protocol/event.ts";
import type { TurnSettings } from "../../protocol/settings.ts";
import type { ApprovalRequest } from "../../protocol/policy.ts";
import type {
  ExecError,
  ExecEvent,
  ExecEventOf,
  ExecUsage,
  TerminalEvent,
} from "../../contract/event.ts";
import type { Review } from "../../contract/review.ts";
import type { ExecStage } from "../../contract/stage.ts";
import { EVENT_SCHEMA, VERSION } from "../../protocol/version.ts";
import { unreachable } from "../../util/assert.ts";

/** How a turn ended, for the whole process. */
export interface TurnEnding {
  /** ISO 8601 UTC. */
  readonly at: string;
  /** Undefined when the turn is done. */
  readonly error: ExecError | undefined;
  readonly usage: Usage;
  readonly threadUsage: Usage;
  readonly reaped: number;
  readonly denied: readonly string[];
  readonly exitCode: number;
  /** Of a code review; null when the answer did not hold a list of findings. */
  readonly review?: Review | null;
  /** Of a staged run. */
  readonly stage?: ExecStage;
  /** Of a run with `--until`. */
  readonly until?: UntilEvidence;
}

/** What the last line says of the command that decides whether a run is done. */
export type UntilEvidence = NonNullable<TerminalEvent["until"]>;

/** Tokens in the words of the event schema. */
export function toUsage(usage: Usage): ExecUsage {
  return {
    input_tokens: usage.inputTokens,
    cached_input_tokens: usage.cachedInputTokens,
    cache_write_input_tokens: usage.cacheWriteInputTokens,
    output_tokens: usage.outputTokens,
    reasoning_output_tokens: usage.reasoningOutputTokens,
  };
}

export function toEnding(ending: TurnEnding): TerminalEvent {
  const rest = {
    usage: toUsage(ending.usage),
    thread_usage: toUsage(ending.threadUsage),
    exit_code: ending.exitCode,
    reaped: ending.reaped,
    denied: [...ending.denied],
    ...(ending.review !== undefined && { review: ending.review }),
    ...(ending.stage !== undefined && { stage: ending.stage }),
    ...(ending.until !== undefined && { until: ending.until }),
  };
  return ending.error === undefined
    ? { type: "turn.completed", ...rest }
    : { type: "turn.failed", error: ending.error, ...rest };
}

/** The first line. */
export function toThreadStarted(
  event: EventOf<"thread.started">,
): ExecEventOf<"thread.started"> {
  const { mode, backend, enforces, note, loopback, proof } = event.sandbox;
  return {
    type: "thread.started",
    thread_id: event.threadId,
    schema: EVENT_SCHEMA,
    version: VERSION,
    model: event.settings.model.slug,
    provider: event.provider,
    cwd: event.settings.cwd,
    ...toMode(event.settings),
    resumed: event.resumed,
    ...(event.resume !== undefined && {
      resume: {
        exact: event.resume.exact,
        cause: event.resume.cause,
        lost_tokens: event.resume.lostTokens,
      },
    }),
    sandbox: {
      ...{ mode, backend, enforces: [...enforces], note },
      ...(loopback !== undefined && { loopback }),
      ...(proof !== undefined && { proof }),
    },
    instruction_files: event.instructionFiles.map(({ path, bytes }) => ({
      path,
      bytes,
    })),
  };
}

/** The mode of a thread or a turn. */
export function toMode(
  { mode }: Pick<TurnSettings, "mode">,
): Pick<TurnSettings, "mode"> {
  return mode === undefined ? {} : { mode };
}

/** What is asked, what it offers to save, and the files of a patch. */
export function toQuestion(
  request: ApprovalRequest,
): Omit<
  ExecEventOf<"approval.requested">,
  "type" | "approval_id" | "expires_at"
> {
  const { kind, title, detail, cwd, reason, forbids, prefix } = request;
  const { rules, targets } = request;
  return {
    ...{ kind, title, detail, cwd, reason, forbids },
    session_scope: request.sessionScope,
    prefix: prefix === undefined ? null : [...prefix],
    ...(rules !== undefined && {
      rules: rules.map(({ prefixes, sandbox }) => ({
        prefixes: prefixes.map((prefix) => [...prefix]),
        sandbox: sandbox === undefined ? null : [...sandbox],
      })),
    }),
    ...(targets !== undefined && {
      targets: targets.map(({ path, named, isOutside }) => ({
        path,
        named: named ?? null,
        outside: isOutside,
      })),
    }),
  };
}

/** How a question was settled. */
export function toAnswer(event: EventOf<"approval.settled">): ExecEvent {
  const { decision } = event;
  return {
    type: "approval.settled",
    approval_id: event.approvalId,
    decision: decision.type,
    message: decision.type === "deny" ? decision.message ?? null : null,
  };
}

type OtherEvent = EventOf<
  | "stream.retry"
  | "provider.switched"
  | "request.completed"
  | "context.compacted"
  | "commands.listed"
  | "check.started"
  | "check.completed"
  | "settings.changed"
  | "input.steered"
  | "warning"
  | "task.done"
  | "task.failed"
  | "thread.closed"
>;

/** The lines of events that carry no activity and no question. */
export function toLines(
  event: OtherEvent,
  events: "codex" | "native",
): ExecEvent[] {
  switch (event.type) {
    case "commands.listed":
      return [{
        type: "commands.listed",
        commands: event.commands.map((one) => ({
          session_id: one.session,
          command: one.command,
          cwd: one.cwd,
          tty: one.hasTerminal,
          running_ms: Math.round(one.runningMs),
        })),
      }];
    case "stream.retry":
      return [{
        type: "stream.retry",
        attempt: event.attempt,
        attempts_max: event.attemptsMax,
        delay_ms: Math.round(event.delayMs),
        until: event.untilMs === undefined
          ? null
          : new Date(event.untilMs).toISOString(),
        reason: event.reason,
        status: event.status ?? null,
      }];
    case "provider.switched":
      return [{
        type: "provider.switched",
        from_provider: event.from.provider,
        from_model: event.from.model,
        to_provider: event.to.provider,
        to_model: event.to.model,
        reason: event.reason,
        lost_tokens: event.lostTokens,
      }];
    case "request.completed":
      return [toRequest(event)];
    case "context.compacted":
      return [{
        type: "context.compacted",
        reason: event.reason,
        tokens_before: event.tokensBefore,
        tokens_after: event.tokensAfter,
        items_kept: event.itemsKept,
        items_dropped: event.itemsDropped,
      }];
    case "input.steered":
      return [{ type: "input.steered", text: event.text }];
    case "warning":
      return [{ type: "warning", message: event.message }];
    case "settings.changed":
      return events === "native" ? [toSettings(event)] : [];
    case "check.completed":
      return [toAttempt(event)];
    case "check.started":
    case "task.done":
    case "task.failed":
      return [];
    case "thread.closed":
      // It comes after the turn, whose line must be the last one.
      return [];
    default:
      return unreachable(event);
  }
}

function toAttempt(event: EventOf<"check.completed">): ExecEvent {
  return {
    type: "attempt",
    round: event.round,
    rounds_max: event.roundsMax,
    command: event.command,
    passed: event.hasPassed,
    exit_code: event.exitCode,
    timed_out: event.hasTimedOut,
    duration_ms: Math.round(event.durationMs),
    output: event.output,
    output_path: event.outputPath ?? null,
    sandbox: event.sandbox,
  };
}

function toSettings(event: EventOf<"settings.changed">): ExecEvent {
  const { settings } = event;
  return {
    type: "settings.changed",
    model: settings.model.slug,
    reasoning_effort: settings.reasoningEffort ?? null,
    cwd: settings.cwd,
    approval_policy: settings.approval,
    sandbox_mode: settings.sandbox.mode,
  };
}

function toRequest(event: EventOf<"request.completed">): ExecEvent {
  const { usage, cache } = event;
  return {
    type: "request.completed",
    usage: usage === null ? null : toUsage(usage),
    duration_ms: Math.round(event.durationMs),
    request_bytes: event.requestBytes,
    request_id: event.requestId ?? null,
    cache: cache === null ? null : {
      shared_tokens: cache.sharedTokens,
      cached_tokens: cache.cachedTokens,
      cause: cache.cause,
      prefix_broken: cache.prefixBroken,
    },
  };
}
