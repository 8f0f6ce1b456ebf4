/** Which tasks of a file are run here, and as what: flags over tasks, never past the person. Pure. */
import type { Flags } from "../contract/command_line.ts";
import { usageError } from "../protocol/error.ts";
import type { Task } from "./tasks.ts";

/** A part of the tasks: every Nth, beginning with the Ith. */
export interface Shard {
  /** From 0. */
  readonly index: number;
  readonly count: number;
}

/** The tasks of this part; without one, all. Throws UserError where one asks for too much. */
export function planTasks(
  tasks: readonly Task[],
  options: { readonly flags: Flags; readonly shard?: Shard | undefined },
): readonly Task[] {
  const { flags, shard } = options;
  for (const task of tasks) {
    refuseWider(task, flags);
    refuseRounds(task, flags);
  }
  if (shard === undefined) return tasks;
  return tasks.filter(({ index }) => index % shard.count === shard.index);
}

type Mode = NonNullable<Task["sandbox"]>;

// A file of tasks may come from anywhere: it narrows what the person gave, no more.
function refuseWider({ id, sandbox }: Task, flags: Flags): void {
  if (sandbox === undefined || sandbox === "read-only") return;
  const given: Mode = flags.bypass
    ? "danger-full-access"
    : flags.sandbox ?? "read-only";
  const isWithin = sandbox === given ||
    (sandbox === "workspace-write" && given === "danger-full-access");
  if (isWithin) return;
  throw usageError(
    `Cannot run task ${id}: its sandbox is ${sandbox}, must be no more than ${given}, which the command line gives: pass --sandbox ${sandbox}`,
  );
}

function refuseRounds(
  { id, until, max_rounds: rounds }: Task,
  flags: Flags,
): void {
  if ((rounds ?? flags.maxRounds) === undefined) return;
  if ((until ?? flags.until) !== undefined) return;
  throw usageError(
    `Cannot run task ${id}: it has a number of rounds without "until", must have both`,
  );
}
