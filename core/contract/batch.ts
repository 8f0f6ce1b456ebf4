/** `rondo batch`: a line of its tasks file, a line of its results, and what it says meanwhile. */
import * as z from "zod/mini";
import { ExecUsage } from "./event.ts";

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;
/** A path below a folder: relative, and never out of it. */
const BELOW = /^(?![/~]|[A-Za-z]:)(?!(?:.*\/)?\.\.(?:\/|$))[^\0]+$/;

/** What results name, below their folder and nowhere else. */
const PATCH = /^patches\/[A-Za-z0-9][A-Za-z0-9._-]{0,99}\.patch$/;
const FILE = /^files\/(?!(?:.*\/)?\.\.(?:\/|$))[^\0]+$/s;

const about = z.describe;
const Words = z.string().check(z.minLength(1));
const Below = z.string().check(
  z.regex(BELOW, "must be a relative path without .."),
);
const Folder = Words.check(z.regex(/^[^\0]*$/, "must have no NUL in it"));
const AtLeastOne = z.int().check(z.gte(1));

const Limits = z.strictObject({
  requests: z.optional(AtLeastOne),
  tokens: z.optional(AtLeastOne),
  tool_calls: z.optional(AtLeastOne),
  cost: z.optional(z.number().check(z.positive())),
  timeout: z.optional(Words.check(about("Such as 90s, 10m, 1h30m"))),
});

/** One line of the tasks file; other keys are refused. Paths are relative to the file. */
export const BatchTask = z.strictObject({
  id: z.optional(
    z.string().check(
      z.regex(NAME, "must be letters, digits, dots, dashes and underscores"),
      about("Names the task in the results (default: its number, from 0)"),
    ),
  ),
  prompt: Words,
  dir: z.optional(Folder.check(about("Folder to work in (default: here)"))),
  repo: z.optional(Folder.check(about("The same, of a git repository"))),
  ref: z.optional(Words.check(about("Commit that the work tree begins with"))),
  isolation: z.optional(
    z.enum(["worktree", "copy", "in-place"]).check(
      about("Where it works (default: worktree in a repository, else copy)"),
    ),
  ),
  model: z.optional(Words),
  profile: z.optional(Words),
  sandbox: z.optional(
    z.enum([
      "read-only",
      "workspace-write",
      "danger-full-access",
      "external-sandbox",
    ]).check(about("No more than the command line gives")),
  ),
  limits: z.optional(Limits),
  schema: z.optional(
    Folder.check(about("File: JSON Schema that the last message must satisfy")),
  ),
  files: z.optional(
    z.array(
      z.union([Below, z.strictObject({ from: Below, to: Below })]),
    ).check(about("Copied into the work tree before the task begins")),
  ),
  paths: z.optional(
    z.array(Below).check(about("Copied from the work tree to the results")),
  ),
  until: z.optional(
    Words.check(about("Command that must succeed, as exec --until")),
  ),
  max_rounds: z.optional(AtLeastOne),
  retries: z.optional(
    z.int().check(z.gte(0), about("Further attempts, over --retries")),
  ),
});
export type BatchTask = z.infer<typeof BatchTask>;

/** One line of results.jsonl: nothing in it depends on when or how often it was run. */
export const BatchResult = z.object({
  index: z.int(),
  id: z.string(),
  exit_code: z.int(),
  status: z.string().check(
    about(
      "The name of the exit code: done, failed, limit, …; lost without one",
    ),
  ),
  message: z.nullable(z.string()).check(about("The last message")),
  output: z.optional(z.unknown()).check(
    about("The last message as JSON, of a task with a schema"),
  ),
  error: z.nullable(z.object({ kind: z.string(), message: z.string() })),
  usage: ExecUsage.check(about("Of all attempts")),
  requests: z.int(),
  patch: z.nullable(z.string().check(z.regex(PATCH))).check(
    about("File with what was changed; null when nothing was"),
  ),
  branch: z.nullable(z.string()),
  files: z.array(z.string().check(z.regex(FILE))).check(
    about("Copied from the work tree"),
  ),
  attempts: z.int(),
  rounds: z.nullable(z.int()).check(about("Of a task with until")),
  session_id: z.nullable(z.string()),
});
export type BatchResult = z.infer<typeof BatchResult>;

const counts = {
  tasks: z.int(),
  done: z.int(),
  failed: z.int(),
  waiting: z.int().check(about("Neither ended nor under way")),
};
const task = { index: z.int(), id: z.string() };

/** Lines of `batch --json`. */
export const BatchEvent = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("batch.started"),
    ...counts,
    jobs: z.int(),
    out: z.string(),
    shard: z.optional(z.object({
      index: z.int().check(about("From 0")),
      count: z.int(),
      from: z.string().check(about("The flag or the variables that said so")),
    })),
  }),
  z.object({
    type: z.literal("task.started"),
    ...task,
    attempt: z.int(),
    session_id: z.nullable(z.string()),
  }),
  z.object({
    type: z.literal("task.retried"),
    ...task,
    attempt: z.int().check(about("The one that failed")),
    exit_code: z.int(),
    delay_ms: z.int(),
  }),
  z.object({
    type: z.literal("task.completed"),
    ...task,
    exit_code: z.int(),
    status: z.string(),
    attempts: z.int(),
    duration_ms: z.int(),
    usage: ExecUsage,
    patch: z.nullable(z.string()),
  }),
  z.object({ type: z.literal("warning"), message: z.string() }),
  z.object({
    type: z.literal("batch.completed"),
    ...counts,
    usage: ExecUsage,
    exit_code: z.int(),
  }),
]);
export type BatchEvent = z.infer<typeof BatchEvent>;

/** The value of `batch status --json`. */
export const BatchStatus = z.object({
  out: z.string(),
  tasks_file: z.string(),
  ...counts,
  active: z.boolean().check(about("A process works on it now")),
  running: z.array(z.object({ ...task, attempt: z.int() })),
  failures: z.array(
    z.object({ ...task, exit_code: z.int(), status: z.string() }),
  ),
  usage: ExecUsage,
});
export type BatchStatus = z.infer<typeof BatchStatus>;
