/** `rondo batch`: many tasks, each a run of its own, each accounted for. */
import assert from "node:assert/strict";
import { denoHost } from "../../core/host/host.ts";
import type { JsonObject } from "../../core/util/json/json.ts";
import {
  answerAll,
  batchStage,
  git,
  jsonLines,
  taskLines,
} from "../support/batch_stage.ts";
import { call, say, wait } from "../support/mock_model.ts";

const WRITE = ["-s", "workspace-write"];

Deno.test("a batch runs each task in a work tree of its own and leaves message, patch and code", async () => {
  await using stage = await batchStage();
  await stage.write("tasks.jsonl", taskLines(9, { paths: ["out"] }));
  const run = await stage.run([
    "batch",
    "tasks.jsonl",
    ...WRITE,
    "--jobs",
    "4",
    "--retry",
    "1",
    "--retries",
    "1",
  ]);
  assert.equal(run.code, 1, run.stderr);
  assert.match(run.stdout, /^1\tfailed\texit 1\n8 of 9 tasks done: /);
  const results = jsonLines(await stage.read("tasks.batch/results.jsonl"));
  assert.deepEqual(
    results.map((one) => [one["index"], one["exit_code"], one["attempts"]]),
    [0, 1, 2, 3, 4, 5, 6, 7, 8].map((
      at,
    ) => [at, at === 1 ? 1 : 0, at === 1 || at === 4 ? 2 : 1]),
  );
  assert.deepEqual(results.map((one) => one["message"]), [
    "said 0",
    null,
    "did 2",
    "did 3",
    "said 4",
    "said 5",
    "said 6",
    "did 7",
    "did 8",
  ]);
  assert.match(
    await stage.read("tasks.batch/patches/2.patch"),
    /^diff --git a\/a\.txt b\/a\.txt\n[^]*\n\+patched by 2\n$/,
  );
  assert.deepEqual(results[3]?.["files"], ["files/3/out/n"]);
  assert.equal(await stage.read("tasks.batch/files/3/out/n"), "1\n2\n3\n");
  await assertUntouched(stage);
});

async function assertUntouched(
  { repo, home }: Awaited<ReturnType<typeof batchStage>>,
): Promise<void> {
  assert.equal(await git(repo, "status", "--porcelain"), "");
  assert.equal(
    (await git(repo, "worktree", "list")).trim().split("\n").length,
    1,
  );
  for (const place of [`${home.home}/.cache/rondo/stages`]) {
    assert.deepEqual(await Array.fromAsync(Deno.readDir(place)), []);
  }
}

Deno.test("started again a batch runs nothing that has ended, only what was added", async () => {
  await using stage = await batchStage();
  await stage.write("tasks.jsonl", taskLines(1));
  assert.equal((await stage.run(["batch", "tasks.jsonl"])).code, 0);
  const before = await stage.read("tasks.batch/results.jsonl");
  assert.equal((await stage.run(["batch", "tasks.jsonl"])).code, 0);
  assert.equal(stage.model.requests.length, 1);
  assert.equal(await stage.read("tasks.batch/results.jsonl"), before);
  await stage.write(
    "tasks.jsonl",
    `${taskLines(1)}{"prompt": "task 5 more"}\n`,
  );
  const more = await stage.run(["batch", "tasks.jsonl", "--json"]);
  assert.equal(more.code, 0, more.stderr);
  assert.deepEqual(more.events.map(({ type }) => type), [
    "batch.started",
    "task.started",
    "task.completed",
    "batch.completed",
  ]);
  assert.equal(stage.model.requests.length, 2);
  // As a kill leaves it that comes while a patch is written.
  await Deno.mkdir(`${stage.home.work}/tasks.batch/patches`);
  await stage.write("tasks.batch/patches/.draft", "diff");
  assert.equal((await stage.run(["batch", "tasks.jsonl"])).code, 0);
  await assert.rejects(stage.read("tasks.batch/patches/.draft"));
  await stage.write("tasks.jsonl", '{"prompt": "task 7 instead"}\n');
  const changed = await stage.run(["batch", "tasks.jsonl"]);
  assert.equal(changed.code, 2);
  assert.match(changed.stderr, /task 0 of .*tasks\.jsonl has changed/);
});

Deno.test("what is wrong in the tasks file is said before anything runs", async () => {
  await using stage = await batchStage();
  await Deno.symlink("/etc/hostname", `${stage.home.work}/link`);
  const cases: readonly (readonly [JsonObject, RegExp])[] = [
    [{ prompt: "x", ref: 1 }, /line 2: "ref": must be of type string/],
    [{ prompt: "x", dir: "nowhere" }, /nowhere is not there, must be a folder/],
    [
      { prompt: "x", files: ["no.txt"] },
      /no\.txt is not there, must be a file/,
    ],
    [
      { prompt: "x", sandbox: "workspace-write" },
      /must be no more than read-only/,
    ],
    [
      { prompt: "x", isolation: "in-place" },
      /the command line must allow it with --in-place/,
    ],
    [{ prompt: "x", files: ["link"] }, /link leads out of .*, must be in the/],
  ];
  for (const [task, words] of cases) {
    await stage.write(
      "tasks.jsonl",
      `{"prompt": "ok"}\n${JSON.stringify(task)}\n`,
    );
    const run = await stage.run(["batch", "tasks.jsonl"]);
    assert.equal(run.code, 2, run.stderr);
    assert.match(run.stderr, words);
  }
  await stage.write("tasks.jsonl", taskLines(1, { repo: "." }));
  const inside = await stage.run(["batch", "tasks.jsonl", "--in-place"]);
  assert.equal(inside.code, 2);
  assert.match(inside.stderr, /--out must be elsewhere/);
  assert.equal(stage.model.requests.length, 0);
});

Deno.test("an interrupt ends the running tasks, another start in between is refused, and the same command goes on", async () => {
  const held = Promise.withResolvers<void>();
  const answer = answerAll();
  await using stage = await batchStage((task, request) =>
    task === 1 ? [wait(held.promise), say("late")] : answer(task, request)
  );
  await stage.write(
    "tasks.jsonl",
    [0, 1, 5].map((at) =>
      `${JSON.stringify({ prompt: `task ${at} of many`, repo: "repo" })}\n`
    ).join(""),
  );
  await using first = stage.start([
    "batch",
    "tasks.jsonl",
    "--jobs",
    "1",
    "--json",
  ]);
  await stage.model.received(2);
  const second = await stage.run(["batch", "tasks.jsonl"]);
  assert.equal(second.code, 9, second.stderr);
  assert.match(second.stderr, /another process works on it/);
  const status = await stage.run(["batch", "status", "tasks.batch", "--json"]);
  const { active, done, running } = JSON.parse(status.stdout);
  assert.deepEqual([active, done, running[0].id], [true, 1, "1"]);
  first.kill("SIGINT");
  const ended = await first.finished;
  assert.equal(ended.code, 130, ended.stderr);
  assert.equal(ended.events.at(-1)?.["waiting"], 2);
  await assertUntouched(stage);
  held.resolve();
  const again = await stage.run(["batch", "tasks.jsonl"]);
  assert.equal(again.code, 0, again.stderr);
  const results = jsonLines(await stage.read("tasks.batch/results.jsonl"));
  assert.deepEqual(results.map((one) => one["message"]), [
    "said 0",
    "late",
    "said 5",
  ]);
});

Deno.test("with --requests 1 no two tasks ask the provider at the same time", async () => {
  const { files } = denoHost();
  const isFree: boolean[] = [];
  let under = 0;
  let most = 0;
  // While one is answered nobody else can have the only place.
  const look = async (codexHome: string): Promise<void> => {
    for await (
      const { name, isDirectory } of Deno.readDir(`${codexHome}/batch`)
    ) {
      if (!isDirectory) continue;
      const place = `${codexHome}/batch/${name}/gate/place-0`;
      using taken = await files.tryLock(place);
      isFree.push(taken !== undefined);
    }
  };
  await using stage = await batchStage((task, { ended }) => {
    most = Math.max(most, ++under);
    void ended.then(() => under--);
    return [wait(look(stage.home.codexHome)), say(`said ${task}`)];
  });
  await stage.write("tasks.jsonl", taskLines(4));
  const run = await stage.run([
    "batch",
    "tasks.jsonl",
    "--jobs",
    "4",
    "--requests",
    "1",
  ]);
  assert.equal(run.code, 0, run.stderr);
  assert.deepEqual(isFree, [false, false, false, false]);
  assert.ok(most <= 1, `${most} at a time`);
});

Deno.test("when the limit of the batch is reached the rest is not run, and runs later", async () => {
  await using stage = await batchStage((task, { input }) =>
    task === 1 && input.length < 4
      ? call("shell", { command: ["true"] })
      : say(`said ${task}`)
  );
  await stage.write("tasks.jsonl", taskLines(4));
  const words = ["batch", "tasks.jsonl", "--jobs", "1"];
  const short = await stage.run([...words, "--max-requests", "2"]);
  assert.equal(short.code, 1);
  assert.match(
    short.stderr,
    /2 tasks were not run: The limit of the batch is reached: 2 of 2 requests/,
  );
  const results = jsonLines(await stage.read("tasks.batch/results.jsonl"));
  assert.deepEqual(results.map((one) => one["exit_code"]), [0, 6]);
  const rest = await stage.run(words);
  assert.match(rest.stdout, /3 of 4 tasks done/);
});

Deno.test("two batches of the same tasks at the same time have sessions of their own", async () => {
  const both = Promise.withResolvers<void>();
  let asked = 0;
  await using stage = await batchStage(() => {
    if (++asked === 2) both.resolve();
    return [wait(both.promise), say("ok")];
  });
  await stage.write("tasks.jsonl", taskLines(1));
  const runs = await Promise.all(
    ["a", "b"].map((out) => stage.run(["batch", "tasks.jsonl", "--out", out])),
  );
  assert.deepEqual(runs.map(({ code }) => code), [0, 0], runs[1]?.stderr);
  const ids = await Promise.all(["a", "b"].map(async (out) => {
    const text = await stage.read(`${out}/results.jsonl`);
    return jsonLines(text)[0]?.["session_id"];
  }));
  assert.notEqual(ids[0], ids[1]);
});

Deno.test("a command of a task cannot reach what the tasks share", async () => {
  await using stage = await batchStage((_, { outputOf }) => {
    const output = outputOf("look");
    return output === undefined
      ? call("shell", {
        command: [
          "sh",
          "-c",
          'ls "$HOME/.codex/batch"/*/gate || echo hidden${RONDO_REQUEST_GATE:+ not}',
        ],
      }, { callId: "look" })
      : say(String(output));
  });
  await stage.write("tasks.jsonl", taskLines(1));
  const run = await stage.run([
    "batch",
    "tasks.jsonl",
    ...WRITE,
    "--requests",
    "1",
  ]);
  assert.equal(run.code, 0, run.stderr);
  const [result] = jsonLines(await stage.read("tasks.batch/results.jsonl"));
  assert.match(String(result?.["message"]), /hidden\n/);
  assert.doesNotMatch(String(result?.["message"]), /place-0|hidden not/);
});

Deno.test("a task is done when its command passes, and says after how many rounds", async () => {
  let said = 0;
  await using stage = await batchStage(() =>
    ++said === 2
      ? call("shell", { command: ["sh", "-c", "echo ok > done.txt"] })
      : say("it is done")
  );
  await stage.write(
    "tasks.jsonl",
    taskLines(1, { until: "test -f done.txt", max_rounds: 3 }),
  );
  const run = await stage.run(["batch", "tasks.jsonl", ...WRITE]);
  assert.equal(run.code, 0, run.stderr);
  const [result] = jsonLines(await stage.read("tasks.batch/results.jsonl"));
  assert.deepEqual([result?.["rounds"], result?.["exit_code"]], [2, 0]);
});

Deno.test("tasks in place work in the folder itself, one after the other", async () => {
  await using stage = await batchStage((_, { input }) =>
    input.length < 4
      ? call("shell", { command: ["sh", "-c", "echo more >> a.txt"] })
      : say("ok")
  );
  await stage.write("tasks.jsonl", taskLines(3));
  const run = await stage.run([
    "batch",
    "tasks.jsonl",
    ...WRITE,
    "--in-place",
    "--jobs",
    "3",
  ]);
  assert.equal(run.code, 0, run.stderr);
  assert.equal(
    await Deno.readTextFile(`${stage.repo}/a.txt`),
    "first\nmore\nmore\nmore\n",
  );
});

Deno.test("results are joined, shown as a table and as a page with the patches", async () => {
  await using stage = await batchStage();
  await stage.write("tasks.jsonl", taskLines(3));
  const run = await stage.run(["batch", "tasks.jsonl", ...WRITE, "--branches"]);
  assert.equal(run.code, 1, run.stderr);
  assert.match(await git(stage.repo, "branch"), /rondo\/2/);
  assert.match(
    await git(stage.repo, "show", "rondo/2:a.txt"),
    /first\npatched by 2\n/,
  );
  const table = await stage.run(["batch", "report", "tasks.batch"]);
  assert.match(
    table.stdout,
    /^task +status[^]*\n2 +done +0 .*patches\/2\.patch\n$/,
  );
  const page = await stage.run([
    "batch",
    "report",
    "tasks.batch",
    "--html",
    "p.html",
  ]);
  assert.equal(page.code, 0, page.stderr);
  assert.match(await stage.read("p.html"), /<ins>\+patched by 2<\/ins>/);
  const merged = await stage.run([
    "batch",
    "merge",
    "tasks.batch",
    "--out",
    "all",
  ]);
  assert.equal(merged.code, 0, merged.stderr);
  assert.equal(
    await stage.read("all/results.jsonl"),
    await stage.read("tasks.batch/results.jsonl"),
  );
  const twice = await stage.run([
    "batch",
    "merge",
    "tasks.batch",
    "tasks.batch",
    "--out",
    "both.jsonl",
  ]);
  assert.equal(twice.code, 2);
  assert.match(twice.stderr, /task 0 is in .* and in .*, must be in one/);
});

Deno.test("exec takes the id of its new session and refuses one that is there", async () => {
  await using stage = await batchStage(() => say("ok"));
  const id = "47d9edd1-08f7-8bb8-8383-8f5c902420da";
  const exec = (given: string) =>
    stage.run([
      "exec",
      "--skip-git-repo-check",
      "--json",
      "--session-id",
      given,
      "hi",
    ]);
  const first = await exec(id);
  assert.equal(first.events[0]?.["thread_id"], id);
  const second = await exec(id);
  assert.equal(second.code, 9);
  assert.match(second.stdout, /it is there already/);
  assert.equal((await exec("mine")).code, 2);
});
