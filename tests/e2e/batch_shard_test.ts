/** A batch that is spread over jobs of an engine, and joined again. */
import assert from "node:assert/strict";
import {
  type BatchStage,
  batchStage,
  jsonLines,
  taskLines,
} from "../support/batch_stage.ts";
import { say } from "../support/mock_model.ts";
import { type AgentRun, runAgent } from "../support/run_agent.ts";

const TASKS = 7;

async function open(): Promise<BatchStage> {
  const stage = await batchStage((task) => say(`said ${task}`));
  await stage.write("tasks.jsonl", taskLines(TASKS));
  return stage;
}

function runIn(
  { home }: BatchStage,
  env: Readonly<Record<string, string>>,
  ...more: readonly string[]
): Promise<AgentRun> {
  return runAgent({
    home,
    env,
    args: ["batch", "tasks.jsonl", "--json", ...more],
  });
}

Deno.test("jobs of an engine run a part each, say by what, and merge makes them a whole", async () => {
  await using stage = await open();
  const runs = await Promise.all(
    [1, 2, 3].map((job) =>
      runIn(stage, { CI_NODE_INDEX: `${job}`, CI_NODE_TOTAL: "3" })
    ),
  );
  for (const [index, run] of runs.entries()) {
    assert.equal(run.code, 0, run.stderr);
    const [first] = run.events;
    assert.deepEqual(first?.["shard"], {
      index,
      count: 3,
      from: "CI_NODE_INDEX and CI_NODE_TOTAL",
    });
    assert.match(String(first?.["out"]), /tasks\.batch\/shard-\d-of-3$/);
  }
  const status = await stage.run(["batch", "status", "tasks.batch"]);
  assert.match(status.stdout, /^7 of 7 tasks done, 0 failed, 0 to go/);
  const merge = ["batch", "merge", "tasks.batch", "--out", "tasks.batch/all"];
  const merged = await stage.run(merge);
  assert.equal(merged.code, 0, merged.stderr);
  assert.match(merged.stdout, /^7 tasks merged/);
  const results = jsonLines(await stage.read("tasks.batch/all/results.jsonl"));
  assert.deepEqual(
    results.map(({ index, message }) => `${index} ${message}`),
    Array.from({ length: TASKS }, (_, at) => `${at} said ${at}`),
  );
});

Deno.test("a shard that is missing is told when parts are joined, and the flag wins over variables", async () => {
  await using stage = await open();
  const wrong = { AWS_BATCH_JOB_ARRAY_INDEX: "9" };
  const refused = await runIn(stage, wrong);
  assert.equal(refused.code, 2, refused.stdout);
  assert.match(refused.stderr, /AWS_BATCH_JOB_ARRAY_SIZE is missing/);
  const run = await runIn(stage, wrong, "--shard", "1/2");
  assert.equal(run.code, 0, run.stderr);
  const merged = await stage.run([
    "batch",
    "merge",
    "tasks.batch",
    "--out",
    "all",
  ]);
  const status = await stage.run(["batch", "status", "tasks.batch", "--json"]);
  const { tasks, done, waiting } = JSON.parse(status.stdout);
  assert.deepEqual({ tasks, done, waiting }, { tasks: 7, done: 4, waiting: 3 });
  assert.equal(merged.code, 2);
  assert.match(merged.stderr, /3 of 7 tasks have no result \(1, 3, 5\)/);
  const again = await stage.run([
    "batch",
    "tasks.jsonl",
    "--shard",
    "1/2",
  ]);
  assert.equal(again.code, 0, again.stderr);
  assert.match(again.stderr, /Shard 1\/2 by --shard: 4 tasks/);
});

Deno.test("batch emit prints the file of an engine, with the key's name of the configuration", async () => {
  await using stage = await open();
  const run = await stage.run([
    ...["batch", "emit", "slurm", "tasks.jsonl", "--shards", "3"],
    ...["-s", "workspace-write", "-c", 'model="a b"', "--timeout", "10m"],
  ]);
  assert.equal(run.code, 0, run.stderr);
  assert.match(run.stdout, /^#SBATCH --array=0-2$/m);
  assert.match(run.stdout, /MOCK_KEY/);
  assert.doesNotMatch(run.stdout, /mock-key/);
  assert.match(
    run.stdout,
    /^exec rondo batch tasks\.jsonl --out tasks\.batch --jobs 2 .*--sandbox workspace-write.*--shard "\$\(\(SLURM_ARRAY_TASK_ID \+ 1\)\)\/3"$/m,
  );
  assert.match(run.stdout, /--config 'model="a b"'/);
  const outside = await stage.run([
    ...["batch", "emit", "gitlab", "tasks.jsonl", "--out", "/elsewhere"],
  ]);
  assert.equal(outside.code, 2);
  assert.match(outside.stderr, /\/elsewhere lies outside of/);
});

Deno.test("what ends with a job that is ended from outside has not failed: the job goes on where it was", async () => {
  await using stage = await open();
  const { home } = stage;
  const bin = `${home.root}/bin`;
  await Deno.mkdir(bin);
  // The engine's signal reaches git first, and the batch a moment later.
  await Deno.writeTextFile(
    `${bin}/git`,
    `#!/bin/sh
case "$*" in *"worktree add"*) if mkdir ${home.root}/once 2>/dev/null; then
  (sleep 0.1; kill -TERM $PPID) >/dev/null 2>&1 &
  exit 143
fi ;; esac
exec ${await programPath("git")} "$@"
`,
    { mode: 0o755 },
  );
  const env = { PATH: `${bin}:${Deno.env.get("PATH")}` };
  const first = await runIn(stage, env, "--shard", "1/1");
  assert.equal(first.code, 143, first.stdout);
  const second = await runIn(stage, env, "--shard", "1/1");
  assert.equal(second.code, 0, second.stdout);
});

async function programPath(name: string): Promise<string> {
  const { stdout } = await new Deno.Command("sh", {
    args: ["-c", `command -v ${name}`],
  }).output();
  return new TextDecoder().decode(stdout).trim();
}
