/** Which part of the tasks is meant: by a flag, or by what an engine tells its jobs. Pure. */
import { usageError, type UserError } from "../../protocol/error.ts";

/** A part of the tasks. */
export interface FoundShard {
  /** From 0. */
  readonly index: number;
  readonly count: number;
  /** The flag or the variables that said so. */
  readonly from: string;
}

/** How an engine numbers its jobs. */
interface Engine {
  readonly name: string;
  readonly index: string;
  readonly count: string;
  /** Number of the first job. */
  readonly first: 0 | 1;
  /** What is to be done where the count is missing. */
  readonly hint?: string;
}

const ENGINES: readonly Engine[] = [
  {
    name: "a Kubernetes Job",
    index: "JOB_COMPLETION_INDEX",
    count: "JOB_COMPLETION_COUNT",
    first: 0,
    hint:
      "Kubernetes does not set it: give the container the completions of its Job in it",
  },
  {
    name: "AWS Batch",
    index: "AWS_BATCH_JOB_ARRAY_INDEX",
    count: "AWS_BATCH_JOB_ARRAY_SIZE",
    first: 0,
  },
  {
    name: "Buildkite",
    index: "BUILDKITE_PARALLEL_JOB",
    count: "BUILDKITE_PARALLEL_JOB_COUNT",
    first: 0,
  },
  {
    name: "GitLab",
    index: "CI_NODE_INDEX",
    count: "CI_NODE_TOTAL",
    first: 1,
  },
];

const SLURM = {
  id: "SLURM_ARRAY_TASK_ID",
  min: "SLURM_ARRAY_TASK_MIN",
  count: "SLURM_ARRAY_TASK_COUNT",
  step: "SLURM_ARRAY_TASK_STEP",
};

type Env = (name: string) => string | undefined;

/** The part, or undefined for all tasks. Throws UserError that names flag or variable. */
export function findShard(
  env: Env,
  flag: string | undefined,
): FoundShard | undefined {
  if (flag !== undefined) return parseShard(flag);
  const set: Env = (name) => env(name) || undefined;
  const found = [
    ...ENGINES.map((engine) => shardOfEngine(engine, set)),
    shardOfSlurm(set),
  ].filter((one) => one !== undefined);
  const [first] = found;
  const other = found.find((one) =>
    one.index !== first?.index || one.count !== first.count
  );
  if (first !== undefined && other !== undefined) {
    throw cannot(
      `${first.from} say ${shardText(first)}, ${other.from} say ${
        shardText(other)
      }, must agree; --shard I/N decides`,
    );
  }
  return first;
}

/** `3/20`, as the flag takes it. */
export function shardText(
  { index, count }: Pick<FoundShard, "index" | "count">,
): string {
  return `${index + 1}/${count}`;
}

/** The folder of a part, below that of the batch. */
export function shardFolder(
  { index, count }: Pick<FoundShard, "index" | "count">,
): string {
  const digits = String(count).length;
  return `shard-${String(index + 1).padStart(digits, "0")}-of-${count}`;
}

/** The name of such a folder. */
export const SHARD_FOLDER = /^shard-\d+-of-\d+$/;

function parseShard(text: string): FoundShard {
  const [, part = "", parts = ""] = /^(\d{1,9})\/(\d{1,9})$/.exec(text) ?? [];
  const index = Number(part) - 1;
  const count = Number(parts);
  if (part !== "" && index >= 0 && index < count) {
    return { index, count, from: "--shard" };
  }
  throw usageError(
    `Cannot use --shard ${text}: it must be I/N with I from 1 to N, such as 3/20`,
  );
}

function shardOfEngine(engine: Engine, env: Env): FoundShard | undefined {
  const { index: indexName, count: countName, first } = engine;
  const index = env(indexName);
  const count = env(countName);
  // GitLab says 1 in every job that is not one of several.
  if (index === undefined && (count === undefined || count === "1")) {
    return undefined;
  }
  const problem = `it is set, as in ${engine.name}`;
  if (index === undefined) {
    throw halfSet(countName, { missing: indexName, problem });
  }
  if (count === undefined) {
    const { hint = "" } = engine;
    throw halfSet(indexName, { missing: countName, problem, hint });
  }
  const jobs = countOf(countName, count, { min: 1, max: 1e9 });
  const job = countOf(indexName, index, { min: first, max: jobs - 1 + first });
  return {
    index: job - first,
    count: jobs,
    from: `${indexName} and ${countName}`,
  };
}

// The numbers of an array may begin anywhere and have a step.
function shardOfSlurm(env: Env): FoundShard | undefined {
  const [id, min, count] = [SLURM.id, SLURM.min, SLURM.count].map(env);
  const problem = "it is set, as in a Slurm array";
  if (id === undefined) {
    if (count === undefined) return undefined;
    throw halfSet(SLURM.count, { missing: SLURM.id, problem });
  }
  if (min === undefined || count === undefined) {
    const missing = count === undefined ? SLURM.count : SLURM.min;
    throw halfSet(SLURM.id, { missing, problem });
  }
  const bounds = { min: 0, max: 1e9 };
  const first = countOf(SLURM.min, min, bounds);
  const jobs = countOf(SLURM.count, count, { ...bounds, min: 1 });
  const step = countOf(SLURM.step, env(SLURM.step) ?? "1", {
    ...bounds,
    min: 1,
  });
  const index = (countOf(SLURM.id, id, bounds) - first) / step;
  if (!Number.isInteger(index) || index < 0 || index >= jobs) {
    throw cannot(
      `${SLURM.id} is ${id} in an array of ${jobs} that begins with ${first}, must be one of a whole range; --shard I/N decides`,
    );
  }
  return { index, count: jobs, from: `${SLURM.id} and ${SLURM.count}` };
}

function countOf(
  name: string,
  text: string,
  { min, max }: { readonly min: number; readonly max: number },
): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
  if (value >= min && value <= max) return value;
  throw cannot(
    `${name} is ${JSON.stringify(text)}, must be a whole number from ${min}${
      max < 1e9 ? ` to ${max}` : ""
    }; --shard I/N decides`,
  );
}

function halfSet(
  name: string,
  { missing, problem, hint = "" }: {
    readonly missing: string;
    readonly problem: string;
    readonly hint?: string;
  },
): UserError {
  const more = hint === "" ? "" : ` (${hint})`;
  return cannot(
    `${missing} is missing, must be there beside ${name}: ${problem}${more}; --shard 1/1 is for all tasks`,
  );
}

function cannot(problem: string): UserError {
  return usageError(`Cannot tell which shard this is: ${problem}`);
}
