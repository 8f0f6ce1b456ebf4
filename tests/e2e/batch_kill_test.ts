/** A batch killed at random moments and started again: byte for byte the results of one that was not. */
import assert from "node:assert/strict";
import {
  answerAll,
  batchModel,
  type BatchStage,
  git,
  jsonLines,
  resultFiles,
  stageFor,
  taskLines,
} from "../support/batch_stage.ts";
import type { MockModel } from "../support/mock_model.ts";
import type { RunningAgent } from "../support/run_agent.ts";
import { assertNoneLeft, processesWith } from "./support.ts";

/** The proof is longer: BATCH_TASKS=1000 BATCH_KILLS=20. */
const TASKS = Number(Deno.env.get("BATCH_TASKS") ?? 10);
const KILLS = Number(Deno.env.get("BATCH_KILLS") ?? 3);

const WORDS = [
  "batch",
  "tasks.jsonl",
  "-s",
  "workspace-write",
  "--branches",
  "--jobs",
  "4",
  "--retry",
  "1",
  "--retries",
  "1",
  "--json",
];

// The root of the home marks every run in the list of processes.
function wordsOf({ home: { root } }: BatchStage): readonly string[] {
  return [...WORDS, "-c", `developer_instructions="${root}"`];
}

Deno.test("killed at any moment and started again a batch has the results of one that was not", async () => {
  let answer = answerAll();
  await using model = batchModel((task, request) => answer(task, request));
  const whole = await runWhole(model);
  answer = answerAll();
  await using stage = await openStage(model);
  let kills = 0;
  for (; kills < KILLS; kills++) {
    const left = TASKS - await countEnded(stage);
    if (left === 0) break;
    await using run = stage.start(wordsOf(stage));
    await killedSomewhere(run, Math.ceil(2 * left / (KILLS - kills + 1)));
  }
  // By themselves: nobody has started the batch again yet.
  await assertNoneLeft(stage.home.root);
  const last = await stage.run(wordsOf(stage));
  assert.equal(last.code, 1, last.stderr);
  assert.equal(kills, KILLS, "it had ended before");
  assert.deepEqual(await resultFiles(`${stage.home.work}/tasks.batch`), whole);
  await assertNothingTwice(stage);
  await assertNothingLeft(stage);
});

async function openStage(model: MockModel): Promise<BatchStage> {
  const stage = await stageFor(model);
  const line = taskLines(TASKS, { paths: ["out"] });
  await stage.write("tasks.jsonl", line);
  return stage;
}

async function runWhole(
  model: MockModel,
): Promise<Awaited<ReturnType<typeof resultFiles>>> {
  await using stage = await openStage(model);
  const run = stage.start(wordsOf(stage));
  const samples = await sampleHeld(run);
  const { code, stderr } = await run.finished;
  assert.equal(code, 1, stderr);
  const results = jsonLines(await stage.read("tasks.batch/results.jsonl"));
  assert.deepEqual(
    results.map(({ index }) => index),
    Array.from({ length: TASKS }, (_, at) => at),
  );
  assert.deepEqual(
    results.filter(({ exit_code: code }) => code !== 0)
      .map(({ index }) => Number(index) % 10),
    Array.from({ length: Math.ceil((TASKS - 1) / 10) }, () => 1),
  );
  await assertNothingLeft(stage);
  if (samples.length >= 40) assertFlat(samples);
  return await resultFiles(`${stage.home.work}/tasks.batch`);
}

/** What it holds at a moment. */
interface Held {
  /** Resident, in MB. */
  readonly memory: number;
  readonly descriptors: number;
}

/** From now and then until the end. */
async function sampleHeld(run: RunningAgent): Promise<readonly Held[]> {
  const samples: Held[] = [];
  let isOver = false;
  void run.finished.finally(() => isOver = true);
  while (!isOver) {
    const { stdout } = await new Deno.Command("sh", {
      args: ["-c", "cat /proc/$0/status; ls /proc/$0/fd | wc -l", `${run.pid}`],
      stderr: "null",
    }).output();
    const text = new TextDecoder().decode(stdout);
    const kB = /^VmRSS:\s+(\d+)/m.exec(text)?.[1];
    if (kB !== undefined) {
      const descriptors = Number(text.trim().split("\n").at(-1));
      samples.push({ memory: Math.round(Number(kB) / 1024), descriptors });
    }
    await Promise.race([
      run.finished,
      new Promise((resolve) => setTimeout(resolve, 250)),
    ]);
  }
  return samples;
}

function assertFlat(samples: readonly Held[]): void {
  const quarter = Math.floor(samples.length / 4);
  // The collector of the runtime takes its time: a leak would show as many times as much.
  for (const [key, most] of [["memory", 1.6], ["descriptors", 2]] as const) {
    const peak = (part: readonly Held[]): number =>
      Math.max(...part.map((held) => held[key]));
    const early = peak(samples.slice(quarter, 2 * quarter));
    const late = peak(samples.slice(3 * quarter));
    const step = Math.ceil(samples.length / 20);
    const all = samples.filter((_, at) => at % step === 0)
      .map((held) => held[key]);
    const said = `${key}: ${early} early, ${late} late (${all.join(" ")})`;
    console.log(said);
    assert.ok(late <= most * early, said);
  }
}

/** SIGKILL, so many lines and some moments later. */
async function killedSomewhere(
  run: RunningAgent,
  most: number,
): Promise<void> {
  let lines = Math.floor(Math.random() * most);
  const killing = run.until(() => lines-- <= 0).then(async () => {
    await new Promise((wait) => setTimeout(wait, Math.random() * 120));
    run.kill("SIGKILL");
  });
  await killing.catch(() => {});
  await run.finished;
}

async function countEnded({ read }: BatchStage): Promise<number> {
  const text = await read("tasks.batch/journal.jsonl").catch(() => "");
  return text.split("\n").filter((line) => line.startsWith('{"type":"ended"'))
    .length;
}

async function assertNothingTwice({ read, home }: BatchStage): Promise<void> {
  const journal = jsonLines(await read("tasks.batch/journal.jsonl"));
  const ended = journal.filter(({ type }) => type === "ended")
    .map(({ index }) => index);
  assert.equal(new Set(ended).size, TASKS);
  assert.equal(ended.length, TASKS);
  // What an attempt that was cut short had left is gone: one session for each that counts.
  const attempts = jsonLines(await read("tasks.batch/results.jsonl"))
    .reduce((sum, { attempts }) => sum + Number(attempts), 0);
  const { stdout } = await new Deno.Command("find", {
    args: [`${home.codexHome}/sessions`, "-name", "rollout-*.jsonl"],
  }).output();
  const sessions = new TextDecoder().decode(stdout).trim().split("\n");
  assert.equal(sessions.length, attempts);
}

async function assertNothingLeft({ repo, home }: BatchStage): Promise<void> {
  assert.equal(await git(repo, "status", "--porcelain"), "");
  const branches = await git(repo, "branch", "--list", "rondo/*");
  const changed = Array.from({ length: TASKS }, (_, task) => task)
    .filter((task) => [2, 3, 7, 8].includes(task % 10));
  assert.equal(branches.split("\n").length - 1, changed.length);
  const trees = await git(repo, "worktree", "list");
  assert.equal(trees.trim().split("\n").length, 1, trees);
  const stages = `${home.home}/.cache/rondo/stages`;
  assert.deepEqual(await Array.fromAsync(Deno.readDir(stages)), []);
  assert.deepEqual(
    await Array.fromAsync(Deno.readDir(`${home.codexHome}/batch`)),
    [],
  );
  assert.deepEqual(processesWith(home.root), []);
}
