/** Which shard a job is: by the flag, or by the variables of its engine. */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  findShard,
  type FoundShard,
  SHARD_FOLDER,
  shardFolder,
  shardText,
} from "../../../../core/batch/engines/shard.ts";
import { planTasks } from "../../../../core/batch/plan.ts";
import { parseTasks } from "../../../../core/batch/tasks.ts";

type Variables = Readonly<Record<string, string>>;

/** What each engine sets in job `job` of `jobs`, counted from 0. */
const ENGINES: Readonly<
  Record<string, (job: number, jobs: number) => Variables>
> = {
  kubernetes: (job, jobs) => ({
    JOB_COMPLETION_INDEX: `${job}`,
    JOB_COMPLETION_COUNT: `${jobs}`,
  }),
  slurm: (job, jobs) => ({
    SLURM_ARRAY_TASK_ID: `${job}`,
    SLURM_ARRAY_TASK_MIN: "0",
    SLURM_ARRAY_TASK_MAX: `${jobs - 1}`,
    SLURM_ARRAY_TASK_COUNT: `${jobs}`,
  }),
  "slurm, from 10 in steps of 3": (job, jobs) => ({
    SLURM_ARRAY_TASK_ID: `${10 + 3 * job}`,
    SLURM_ARRAY_TASK_MIN: "10",
    SLURM_ARRAY_TASK_STEP: "3",
    SLURM_ARRAY_TASK_COUNT: `${jobs}`,
  }),
  aws: (job, jobs) => ({
    AWS_BATCH_JOB_ARRAY_INDEX: `${job}`,
    AWS_BATCH_JOB_ARRAY_SIZE: `${jobs}`,
  }),
  gitlab: (job, jobs) => ({
    CI_NODE_INDEX: `${job + 1}`,
    CI_NODE_TOTAL: `${jobs}`,
  }),
  buildkite: (job, jobs) => ({
    BUILDKITE_PARALLEL_JOB: `${job}`,
    BUILDKITE_PARALLEL_JOB_COUNT: `${jobs}`,
  }),
};

function shardOf(variables: Variables, flag?: string): FoundShard | undefined {
  return findShard((name) => variables[name], flag);
}

function problemOf(variables: Variables, flag?: string): string {
  try {
    const found = shardOf(variables, flag);
    return found === undefined ? "none" : shardText(found);
  } catch (error) {
    assert.ok(error instanceof Error);
    return error.message;
  }
}

Deno.test("each engine's variables say which shard it is, and are named", () => {
  for (const [engine, variablesOf] of Object.entries(ENGINES)) {
    const variables = variablesOf(2, 5);
    const found = shardOf(variables);
    assert.ok(found !== undefined, engine);
    assert.equal(shardText(found), "3/5", engine);
    assert.match(found.from, /^[A-Z_]+ and [A-Z_]+$/);
    for (const name of found.from.split(" and ")) {
      assert.ok(name in variables, name);
    }
  }
  assert.equal(shardOf({}), undefined);
  assert.equal(shardOf({ JOB_COMPLETION_INDEX: "" }), undefined);
});

Deno.test("every task is in exactly one shard, whatever the engine, and none is empty", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...Object.values(ENGINES)),
      fc.integer({ min: 1, max: 60 }),
      fc.integer({ min: 0, max: 60 }),
      (variablesOf, jobs, more) => {
        const count = jobs + more;
        const text = '{"prompt":"go"}\n'.repeat(count);
        const tasks = parseTasks(text, "tasks.jsonl");
        const parts = Array.from({ length: jobs }, (_, job) => {
          const shard = shardOf(variablesOf(job, jobs));
          return planTasks(tasks, { flags: {}, shard }).map(({ id }) => id);
        });
        assert.ok(parts.every((part) => part.length > 0));
        assert.deepEqual(
          parts.flat().sort(),
          tasks.map(({ id }) => id).sort(),
        );
      },
    ),
    { numRuns: 50 },
  );
});

Deno.test("--shard counts from 1, wins over variables, and must be a part of a whole", () => {
  const wrong = { CI_NODE_INDEX: "junk", CI_NODE_TOTAL: "4" };
  assert.deepEqual(shardOf(wrong, "3/20"), {
    index: 2,
    count: 20,
    from: "--shard",
  });
  for (const text of ["0/3", "4/3", "1", "1/0", "-1/2", "a/b", "1/2/3", ""]) {
    assert.match(problemOf({}, text), /^Cannot use --shard .*such as 3\/20$/);
  }
});

Deno.test("a variable that is wrong, or stands alone, is an error that names it", () => {
  const cases: readonly [Variables, RegExp][] = [
    [
      { JOB_COMPLETION_INDEX: "1" },
      /JOB_COMPLETION_COUNT is missing.*beside JOB_COMPLETION_INDEX.*Kubernetes does not set it/,
    ],
    [{ AWS_BATCH_JOB_ARRAY_SIZE: "3" }, /AWS_BATCH_JOB_ARRAY_INDEX is missing/],
    [{ SLURM_ARRAY_TASK_ID: "3" }, /SLURM_ARRAY_TASK_COUNT is missing/],
    [{ SLURM_ARRAY_TASK_COUNT: "3" }, /SLURM_ARRAY_TASK_ID is missing/],
    [
      { CI_NODE_INDEX: "0", CI_NODE_TOTAL: "4" },
      /CI_NODE_INDEX is "0", must be a whole number from 1 to 4/,
    ],
    [
      { BUILDKITE_PARALLEL_JOB: "4", BUILDKITE_PARALLEL_JOB_COUNT: "4" },
      /BUILDKITE_PARALLEL_JOB is "4", must be a whole number from 0 to 3/,
    ],
    [
      { AWS_BATCH_JOB_ARRAY_INDEX: "0", AWS_BATCH_JOB_ARRAY_SIZE: "all" },
      /AWS_BATCH_JOB_ARRAY_SIZE is "all"/,
    ],
    // `--array=1,5,7` is no range.
    [
      {
        SLURM_ARRAY_TASK_ID: "7",
        SLURM_ARRAY_TASK_MIN: "1",
        SLURM_ARRAY_TASK_COUNT: "3",
      },
      /SLURM_ARRAY_TASK_ID is 7 in an array of 3 that begins with 1/,
    ],
    [
      {
        CI_NODE_INDEX: "1",
        CI_NODE_TOTAL: "4",
        JOB_COMPLETION_INDEX: "1",
        JOB_COMPLETION_COUNT: "4",
      },
      /JOB_COMPLETION_COUNT say 2\/4, CI_NODE_INDEX .* say 1\/4/,
    ],
  ];
  for (const [variables, wanted] of cases) {
    assert.match(problemOf(variables), wanted);
    assert.match(problemOf(variables), /^Cannot tell which shard/);
    assert.equal(problemOf(variables, "1/1"), "1/1");
  }
  // In every job of GitLab.
  assert.equal(problemOf({ CI_NODE_TOTAL: "1" }), "none");
});

Deno.test("the folders of shards sort in their order and are known by their name", () => {
  const folders = Array.from(
    { length: 12 },
    (_, index) => shardFolder({ index, count: 12 }),
  );
  assert.equal(folders[0], "shard-01-of-12");
  assert.deepEqual([...folders].sort(), folders);
  assert.ok(folders.every((name) => SHARD_FOLDER.test(name)));
});
