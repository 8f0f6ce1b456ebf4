/** The command line of one task: `exec --json` with the flags of the batch and of the task. Pure. */
import type { Flags } from "../contract/command_line.ts";
import { type FlagName, FLAGS, TASK_FLAG_NAMES } from "../contract/flags.ts";
import { resolvePath } from "../util/path.ts";
import type { BatchLimits } from "./budget.ts";
import type { Task } from "./tasks.ts";

const MONEY_DIGITS = 12;

interface ChildRequest {
  readonly task: Task;
  /** Of the batch. */
  readonly flags: Flags;
  /** What paths of the flags, and of the task, are relative to. */
  readonly cwd: string;
  readonly tasksFolder: string;
  /** What is left of the limits of the batch. */
  readonly left: BatchLimits;
  readonly sessionId: string | null;
  /** What its commands are not to see. */
  readonly hidden: readonly string[];
  /** It works on a copy: nothing of the person's can be lost. */
  readonly isIsolated: boolean;
}

/** The words after the program. The prompt comes on stdin: it may be longer than a word. */
export function buildChildArgs(request: ChildRequest): readonly string[] {
  const { sessionId, isIsolated } = request;
  const merged = mergeTask(request);
  const own = isIsolated ? { skipGitRepoCheck: true } : {};
  const flags: Flags = {
    ...merged,
    ...own,
    ...(sessionId !== null && { sessionId }),
  };
  return [
    "exec",
    "--json",
    ...Object.entries(flags).flatMap(([name, value]) =>
      renderFlag(name as FlagName, value)
    ),
    "-",
  ];
}

function mergeTask(
  { task, flags, cwd, tasksFolder, left, hidden }: ChildRequest,
): Flags {
  const given = Object.fromEntries(
    TASK_FLAG_NAMES.flatMap((name) =>
      flags[name] === undefined ? [] : [[name, flags[name]]]
    ),
  ) as Flags;
  const { limits = {} } = task;
  const schema = task.schema === undefined
    ? flags.outputSchema && resolvePath(cwd, flags.outputSchema)
    : resolvePath(tasksFolder, task.schema);
  return definedOnly({
    ...given,
    config: [
      ...flags.config ?? [],
      // A profile may hide more, which this would take back.
      ...task.profile === undefined ? [hiding(hidden)] : [],
    ],
    addDir: flags.addDir?.map((path) => resolvePath(cwd, path)),
    outputSchema: schema,
    model: task.model ?? flags.model,
    profile: task.profile ?? flags.profile,
    ...sandboxOf(task, flags),
    timeoutMs: task.timeoutMs ?? flags.timeoutMs,
    until: task.until ?? flags.until,
    maxRounds: task.max_rounds ?? flags.maxRounds,
    maxRequests: least(limits.requests, left.requests),
    maxTokens: least(limits.tokens, left.tokens),
    maxToolCalls: limits.tool_calls,
    maxCost: least(limits.cost, left.cost),
  });
}

// What a command could write there, other tasks and the next start would rely on.
function hiding(paths: readonly string[]): string {
  return `sandbox_workspace_write.deny_read=${JSON.stringify(paths)}`;
}

// A profile may open the sandbox; one that the file of tasks names does not.
function sandboxOf(
  { sandbox, profile }: Task,
  flags: Flags,
): Pick<Flags, "sandbox" | "bypass"> {
  if (sandbox !== undefined) return { sandbox, bypass: false };
  if (profile === undefined || flags.sandbox !== undefined || flags.bypass) {
    return {};
  }
  return { sandbox: "read-only" };
}

function least(
  one: number | undefined,
  other: number | undefined,
): number | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return Math.min(one, other);
}

function definedOnly(
  flags: { readonly [N in keyof Flags]: Flags[N] | undefined },
): Flags {
  return Object.fromEntries(
    Object.entries(flags).filter(([, value]) => value !== undefined),
  ) as Flags;
}

/** A flag as words that would be read back as this value. */
export function renderFlag(name: FlagName, value: unknown): readonly string[] {
  const { kind, long } = FLAGS[name];
  switch (kind) {
    case "switch":
      return value === true ? [long] : [];
    case "list":
      return (value as readonly string[]).flatMap((one) => [long, one]);
    case "duration":
      return [long, `${value}ms`];
    case "money":
      return [long, renderAmount(value as number)];
    default:
      return [long, String(value)];
  }
}

// 1e-7 is no amount for a person, nor for the flag.
function renderAmount(amount: number): string {
  const text = amount.toFixed(MONEY_DIGITS).replace(/\.?0+$/, "");
  return text === "0" ? `0.${"1".padStart(MONEY_DIGITS, "0")}` : text;
}
