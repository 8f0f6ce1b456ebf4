/** The lines of `exec --json`: the contract with every program that reads them. */
import * as z from "zod/mini";
import { DECISION_WORDS } from "../protocol/policy.ts";
import { EndedCommand, ExecItem, ListedCommands } from "./item.ts";
import { Review } from "./review.ts";
import { ExecStage } from "./stage.ts";
import { envelope, mode, ThreadStarted } from "./thread_started.ts";

export const ExecUsage = z.object({
  input_tokens: z.int(),
  cached_input_tokens: z.int(),
  cache_write_input_tokens: z.int(),
  output_tokens: z.int(),
  reasoning_output_tokens: z.int(),
});
export type ExecUsage = z.infer<typeof ExecUsage>;

export const ExecError = z.object({
  message: z.string(),
  kind: z.string().check(
    z.describe("A machine word: auth, rate_limit, limit, interrupted, …"),
  ),
  status: z.nullable(z.int()).check(
    z.describe("HTTP status, when there was one"),
  ),
  request_id: z.nullable(z.string()),
});
export type ExecError = z.infer<typeof ExecError>;

const ending = {
  usage: ExecUsage,
  thread_usage: ExecUsage,
  exit_code: z.int().check(z.describe("What the process will exit with")),
  reaped: z.int().check(
    z.describe("Processes ended with their command or turn"),
  ),
  denied: z.array(z.string()).check(
    z.describe("Actions that were not allowed"),
  ),
  stage: z.optional(ExecStage).check(z.describe("Of a run with --stage")),
};

const review = {
  review: z.optional(
    z.nullable(Review).check(
      z.describe(
        "Of `exec review`; null when the answer was not a list of findings",
      ),
    ),
  ),
};

const until = {
  until: z.optional(
    z.object({
      command: z.string(),
      passed: z.boolean(),
      rounds: z.int().check(z.describe("How often the command has run")),
      rounds_max: z.int(),
      exit_code: z.nullable(z.int()).check(
        z.describe("Of its last run; null when it has not run"),
      ),
      output: z.string().check(z.describe("The end of what it said")),
    }).check(z.describe("Of a run with `--until`")),
  ),
};

const TurnEvents = [
  z.object({ type: z.literal("turn.started"), ...envelope, ...mode }),
  z.object({
    type: z.literal("turn.completed"),
    ...envelope,
    ...ending,
    ...review,
    ...until,
  }),
  z.object({
    type: z.literal("turn.failed"),
    ...envelope,
    error: ExecError,
    ...ending,
    ...until,
  }),
] as const;

const ItemEvents = [
  z.object({ type: z.literal("item.started"), ...envelope, item: ExecItem }),
  z.object({ type: z.literal("item.updated"), ...envelope, item: ExecItem }),
  z.object({ type: z.literal("item.completed"), ...envelope, item: ExecItem }),
  z.object({
    type: z.literal("item.withdrawn"),
    ...envelope,
    item_id: z.string(),
  }),
] as const;

const DeltaEvents = [
  z.object({
    type: z.literal("text.delta"),
    ...envelope,
    item_id: z.string(),
    text: z.string(),
  }),
  z.object({
    type: z.literal("reasoning.delta"),
    ...envelope,
    item_id: z.string(),
    text: z.string(),
  }),
  z.object({
    type: z.literal("output.delta"),
    ...envelope,
    item_id: z.string(),
    text: z.string(),
  }),
] as const;

const ApprovalEvents = [
  z.object({
    type: z.literal("approval.requested"),
    ...envelope,
    approval_id: z.string(),
    kind: z.enum(["command", "patch", "mcp", "escalation"]),
    title: z.string(),
    detail: z.string().check(z.describe("The whole command, or the diff")),
    cwd: z.string(),
    reason: z.string(),
    forbids: z.string().check(z.describe("What the sandbox would forbid")),
    session_scope: z.string(),
    prefix: z.nullable(z.array(z.string())),
    rules: z.optional(z.array(z.object({
      prefixes: z.array(z.array(z.string())),
      sandbox: z.nullable(z.array(z.string())),
    }))).check(
      z.describe(
        "Rules that could be saved; sandbox: what it opens, null: without it",
      ),
    ),
    targets: z.optional(z.array(z.object({
      path: z.string(),
      named: z.nullable(z.string()),
      outside: z.boolean(),
    }))).check(z.describe("Of a patch: each real file that changes")),
    expires_at: z.nullable(z.string()).check(
      z.describe("No answer by then is a denial; null when denied at once"),
    ),
  }),
  z.object({
    type: z.literal("approval.settled"),
    ...envelope,
    approval_id: z.string(),
    decision: z.enum(DECISION_WORDS),
    message: z.nullable(z.string()),
  }),
] as const;

const ModelEvents = [
  z.object({
    type: z.literal("stream.retry"),
    ...envelope,
    attempt: z.int(),
    attempts_max: z.int(),
    delay_ms: z.int(),
    /** When the wait ends that the server asked for, ISO 8601; null for other waits. */
    until: z.nullable(z.string()),
    reason: z.string(),
    status: z.nullable(z.int()),
  }),
  z.object({
    type: z.literal("provider.switched"),
    ...envelope,
    from_provider: z.string(),
    from_model: z.string(),
    to_provider: z.string(),
    to_model: z.string(),
    reason: z.string(),
    lost_tokens: z.int(),
  }),
  z.object({
    type: z.literal("request.completed"),
    ...envelope,
    usage: z.nullable(ExecUsage),
    duration_ms: z.int(),
    request_bytes: z.int(),
    request_id: z.nullable(z.string()),
    cache: z.nullable(z.object({
      shared_tokens: z.int(),
      cached_tokens: z.int(),
      cause: z.string(),
      prefix_broken: z.boolean(),
    })),
  }),
  z.object({
    type: z.literal("context.compacted"),
    ...envelope,
    reason: z.string(),
    tokens_before: z.int(),
    tokens_after: z.int(),
    items_kept: z.int(),
    items_dropped: z.int(),
  }),
  z.object({
    type: z.literal("commands.listed"),
    ...envelope,
    commands: ListedCommands,
  }),
] as const;

const OtherEvents = [
  z.object({
    type: z.literal("attempt"),
    ...envelope,
    round: z.int().check(z.describe("From 1")),
    rounds_max: z.int(),
    command: z.string().check(z.describe("Of `--until`")),
    passed: z.boolean().check(z.describe("Whether the run is done with it")),
    exit_code: z.nullable(z.int()).check(
      z.describe("124 after a timeout; null when it could not be run"),
    ),
    timed_out: z.boolean(),
    duration_ms: z.int(),
    output: z.string().check(
      z.describe("stdout and stderr as one stream; may be cut"),
    ),
    output_path: z.nullable(z.string()).check(
      z.describe("File with all of it, where it was too long for the model"),
    ),
    sandbox: z.string().check(z.describe("Back end the command ran under")),
  }),
  z.object({ type: z.literal("error"), ...envelope, message: z.string() }),
  z.object({ type: z.literal("warning"), ...envelope, message: z.string() }),
  z.object({ type: z.literal("input.steered"), ...envelope, text: z.string() }),
  z.object({
    type: z.literal("mode.changed"),
    ...envelope,
    mode: z.enum(["plan", "default"]),
  }),
  z.object({
    type: z.literal("settings.changed"),
    ...envelope,
    model: z.string(),
    reasoning_effort: z.nullable(z.string()),
    cwd: z.string(),
    approval_policy: z.unknown(),
    sandbox_mode: z.string(),
  }),
] as const;

/** Every line exec writes with `--json`. Types and fields are only added within a major. */
export const ExecEvent = z.discriminatedUnion("type", [
  ThreadStarted,
  ...TurnEvents,
  ...ItemEvents,
  ...DeltaEvents,
  ...ApprovalEvents,
  ...ModelEvents,
  ...OtherEvents,
]);
export type ExecEvent = z.infer<typeof ExecEvent>;

export type ExecEventOf<T extends ExecEvent["type"]> = Extract<
  ExecEvent,
  { type: T }
>;

/** The last line of a turn; the last one on stdout. */
export type TerminalEvent = ExecEventOf<"turn.completed" | "turn.failed">;

/** The one object of `--output-format json`. */
export const ExecResult = z.object({
  type: z.literal("result"),
  schema: z.string(),
  thread_id: z.nullable(z.string()),
  message: z.nullable(z.string()),
  error: z.nullable(ExecError),
  usage: ExecUsage,
  thread_usage: ExecUsage,
  files_changed: z.array(z.object({
    path: z.string(),
    kind: z.enum(["add", "update", "delete"]),
    moved_to: z.optional(z.string()),
  })),
  commands: z.array(EndedCommand),
  denied: z.array(z.string()),
  reaped: z.int(),
  ...review,
  stage: z.optional(ExecStage),
  ...until,
  exit_code: z.int(),
});
export type ExecResult = z.infer<typeof ExecResult>;
