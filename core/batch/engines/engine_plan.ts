/** What all engines are told of a batch, and the commands of its jobs. Pure. */
import { quoteWords } from "../../policy/shell/quote.ts";
import { PROGRAM } from "../../protocol/version.ts";

/** A batch that is to be spread over the jobs of an engine. */
export interface EnginePlan {
  /** Of the jobs: letters, digits and dashes. */
  readonly name: string;
  /** As the command is to name it. */
  readonly tasksFile: string;
  readonly out: string;
  readonly shards: number;
  /** Tasks at a time in each job. */
  readonly jobs: number;
  /** Further flags of the batch. */
  readonly flags: readonly string[];
  /** Holds the program; absent where the engine is to install it. */
  readonly image: string | undefined;
  /** The variable with the provider's key; absent where it needs none. */
  readonly secret: string | undefined;
  readonly version: string;
}

/** Memory of a job for each of its tasks, in GiB. */
export const TASK_GIB = 1;

/** What each job runs; the shard comes from the engine's variables where it is not given. */
export function batchWords(
  { tasksFile, out, jobs, flags }: EnginePlan,
): readonly string[] {
  return [
    PROGRAM,
    "batch",
    tasksFile,
    "--out",
    out,
    "--jobs",
    String(jobs),
    ...flags,
  ];
}

/** What comes after them. */
export function mergeWords({ out }: EnginePlan): readonly string[] {
  return [PROGRAM, "batch", "merge", out, "--out", `${out}/all`];
}

/** The command of a job as a line for a shell; `shard` is a word of its own making. */
export function batchLine(plan: EnginePlan, shard?: string): string {
  const more = shard === undefined ? "" : ` --shard ${shard}`;
  return quoteWords(batchWords(plan)) + more;
}

export function mergeLine(plan: EnginePlan): string {
  return quoteWords(mergeWords(plan));
}
