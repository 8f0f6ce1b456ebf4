/** `rondo batch` with tasks, folders and parts that mean no good. */
import assert from "node:assert/strict";
import { batchStage, jsonLines, taskLines } from "../support/batch_stage.ts";
import { call, say } from "../support/mock_model.ts";

const WRITE = ["-s", "workspace-write"];

Deno.test("nothing is kept for undo of a copy that goes away, only of the person's folder", async () => {
  await using stage = await batchStage();
  const { home } = stage;
  const kept = async (): Promise<number> =>
    await Array.fromAsync(Deno.readDir(`${home.codexHome}/checkpoints`))
      .then((found) => found.length, () => 0);
  // Among them a patch, and a command.
  await stage.write("tasks.jsonl", taskLines(4));
  const words = ["batch", "tasks.jsonl", ...WRITE];
  assert.match((await stage.run(words)).stdout, /3 of 4 tasks done/);
  assert.equal(await kept(), 0);
  const more = ["--in-place", "--out", "other"];
  assert.match((await stage.run([...words, ...more])).stdout, /3 of 4/);
  assert.ok(await kept() > 0);
});

Deno.test("a task neither finds nor changes what came of others, wherever the results lie", async () => {
  await using stage = await batchStage((_, { outputOf }) => {
    const output = outputOf("look");
    const out = `${stage.repo}/results`;
    return output === undefined
      ? call("shell", {
        command: [
          "sh",
          "-c",
          `ls results; ls ${out}; echo forged >> ${out}/journal.jsonl && echo forged; true`,
        ],
      }, { callId: "look" })
      : say(String(output));
  });
  // Where the tests run, commands may write: below /tmp.
  await stage.write("tasks.jsonl", taskLines(2));
  const words = ["batch", "tasks.jsonl", ...WRITE, "--jobs", "1"];
  const run = await stage.run([...words, "--out", "repo/results"]);
  assert.equal(run.code, 0, run.stderr);
  const results = jsonLines(await stage.read("repo/results/results.jsonl"));
  for (const { message, patch } of results) {
    assert.doesNotMatch(String(message), /journal\.jsonl\n|patches/);
    assert.equal(patch, null);
  }
  const journal = await stage.read("repo/results/journal.jsonl");
  assert.doesNotMatch(journal, /^forged/m);
});

Deno.test("a folder is one place for tasks whatever leads to it", async () => {
  await using stage = await batchStage();
  await Deno.symlink("repo", `${stage.home.work}/link`);
  const line = (dir: string): string =>
    `{"prompt": "task 5 x", "dir": "${dir}"}\n`;
  await stage.write("tasks.jsonl", line("link"));
  const words = ["batch", "tasks.jsonl", ...WRITE, "--in-place"];
  const inside = await stage.run([...words, "--out", "repo/results"]);
  assert.equal(inside.code, 2);
  assert.match(inside.stderr, /the results would lie in its folder .*\/repo,/);
  await stage.write("tasks.jsonl", line("link") + line("repo"));
  const run = await stage.run([...words, "--json", "--jobs", "2"]);
  assert.equal(run.code, 0, run.stderr);
  assert.deepEqual(
    run.events.map(({ type }) => type).slice(1, 5),
    ["task.started", "task.completed", "task.started", "task.completed"],
  );
});

Deno.test("a tasks file that is not UTF-8 is refused: its prompts would be others", async () => {
  await using stage = await batchStage();
  await Deno.writeFile(
    `${stage.home.work}/tasks.jsonl`,
    Uint8Array.from('{"prompt": "caf\xe9"}\n', (char) => char.charCodeAt(0)),
  );
  const run = await stage.run(["batch", "tasks.jsonl"]);
  assert.equal(run.code, 2);
  assert.match(run.stderr, /Cannot read tasks .*: it is not UTF-8, must be/);
  assert.equal(stage.model.requests.length, 0);
});

Deno.test("parts that name files of others are not joined, nor shown on a page", async () => {
  await using stage = await batchStage();
  await stage.write("secret", "the person's own\n");
  await stage.write("tasks.jsonl", taskLines(3));
  await stage.run(["batch", "tasks.jsonl", ...WRITE]);
  const journal = await stage.read("tasks.batch/journal.jsonl");
  const merge = ["batch", "merge", "tasks.batch", "--out", "all"];
  const page = ["batch", "report", "tasks.batch", "--html", "page.html"];
  const changed = (name: string): Promise<void> =>
    stage.write(
      "tasks.batch/journal.jsonl",
      journal.replaceAll('"patch":"patches/2.patch"', `"patch":"${name}"`),
    );
  await changed("../secret");
  for (const words of [merge, page]) {
    const run = await stage.run(words);
    assert.match(run.stderr, /journal\.jsonl line \d+: it is no entry/);
  }
  await changed("patches/0.patch");
  await Deno.symlink(
    "../../secret",
    `${stage.home.work}/tasks.batch/patches/0.patch`,
  );
  for (const words of [merge, page]) {
    const run = await stage.run(words);
    assert.match(run.stderr, /0\.patch: it leads out of its folder/);
  }
  await assert.rejects(() => stage.read("all/patches/0.patch"));
});

Deno.test("parts are not joined in the folder of a batch", async () => {
  await using stage = await batchStage();
  await stage.write("tasks.jsonl", taskLines(1));
  await stage.run(["batch", "tasks.jsonl"]);
  const run = await stage.run([
    "batch",
    "merge",
    "tasks.batch",
    "--out",
    "tasks.batch",
  ]);
  assert.equal(run.code, 2);
  assert.match(run.stderr, /a batch has its results there, must be another/);
});

Deno.test("results hold no repository that a task has left, and are shown without a patch that has gone", async () => {
  const line =
    "mkdir -p sub/.git d/.GIT && echo x | tee d/.GIT/config > sub/.git/config; echo y > d/kept";
  await using stage = await batchStage((_, { input }) =>
    input.some((item) => String(item["type"]).endsWith("call_output"))
      ? say("done")
      : call("shell", { command: ["sh", "-c", line] })
  );
  await stage.write("tasks.jsonl", taskLines(1, { paths: ["./d/", "."] }));
  const run = await stage.run(["batch", "tasks.jsonl", ...WRITE]);
  assert.equal(run.code, 0, run.stderr);
  const [result] = jsonLines(await stage.read("tasks.batch/results.jsonl"));
  assert.deepEqual(result?.["files"], [
    "files/0/a.txt",
    "files/0/d/kept",
    "files/0/sub/b.txt",
  ]);
  await Deno.remove(`${stage.home.work}/tasks.batch/patches/0.patch`);
  const page = await stage.run([
    "batch",
    "report",
    "tasks.batch",
    "--html",
    "page.html",
  ]);
  assert.equal(page.code, 0, page.stderr);
  assert.match(await stage.read("page.html"), /The file is not there any more/);
});

Deno.test("a folder for results that cannot be one is said in words", async () => {
  await using stage = await batchStage();
  await stage.write("tasks.jsonl", taskLines(1));
  await stage.write("file", "");
  for (const out of ["file", "file/below"]) {
    const run = await stage.run(["batch", "tasks.jsonl", "--out", out]);
    assert.equal(run.code, 2);
    assert.match(
      run.stderr,
      /Cannot write results to .*\/file.*: .*; --out must be a folder that/,
    );
  }
  await stage.run(["batch", "tasks.jsonl"]);
  const page = ["batch", "report", "tasks.batch", "--html", "no/where.html"];
  assert.match(
    (await stage.run(page)).stderr,
    /Cannot write .*\/no\/where\.html: No such file/,
  );
});
