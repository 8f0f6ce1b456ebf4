/** What a run needs besides a model is looked at before the first request. */
import assert from "node:assert/strict";
import { say } from "../support/mock_model.ts";
import { openStage, type Stage } from "./support.ts";

async function assertUnpaid(
  stage: Stage,
  wanted: RegExp,
  ...args: readonly string[]
): Promise<void> {
  const run = await stage.run([...args, "--skip-git-repo-check"]);
  assert.ok([2, 3].includes(run.code), `${args.join(" ")}: ${run.code}`);
  assert.match(run.stderr, wanted);
  assert.deepEqual(stage.model.requests, []);
}

Deno.test("files, folders and programs that a run names are there before a request is", async () => {
  await using stage = await openStage({
    script: [say("done")],
    files: { "note.txt": "no image", "bad.json": '{"type": 5}' },
  });
  const cut = atob(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk",
  );
  await Deno.writeFile(
    `${stage.home.work}/cut.png`,
    Uint8Array.from(cut, (char) => char.charCodeAt(0)),
  );
  const cases: readonly (readonly [RegExp, ...string[]])[] = [
    [/there is no folder \/nonexistent/, "-o", "/nonexistent/a/b"],
    [/it is a folder/, "-o", "."],
    [/it is a folder/, "-o", ""],
    [/it is a folder/, "-o", "nosuch/"],
    [/[Nn]ot a directory|no folder/, "-o", "note.txt/x"],
    [/there is no folder/, "--record", "/nonexistent/run"],
    [/it is a folder/, "--record", "/"],
    [/not there/, "--add-dir", "nosuch"],
    [/without a name/, "--add-dir", ""],
    [/it is a file/, "--add-dir", "note.txt"],
    [/must be a whole PNG/, "-i", "note.txt"],
    [/must be a whole PNG/, "-i", "cut.png"],
    [/no such file/, "-i", "nosuch.png"],
    [/not a file/, "-i", "."],
    [/no such file/, "--output-schema", "nosuch"],
    [/not valid JSON/, "--output-schema", "note.txt"],
    [/not a valid JSON Schema/, "--output-schema", "bad.json"],
    [/no program nosuch/, "--approvals", "exec:nosuch-program --yes"],
    [/no program \.\/nosuch/, "--approvals", "exec:./nosuch"],
    [/no program \.\/note.txt/, "--approvals", "exec:./note.txt"],
    [/no program \/tmp/, "--approvals", "exec:/tmp"],
    [/no program no such/, "--approvals", 'exec:"no such" -x'],
    [/no program nosuch/, "--approvals", "exec:A=1 nosuch"],
    [/no program nosuch/, "--approvals", "exec:cat | nosuch"],
    [/no command of the shell/, "--approvals", "exec:("],
    [/no command of the shell/, "--approvals", "exec: "],
    [/syntax error.*must be a command of the shell/i, "--until", "if true; fi"],
    [/must exist|not there|no such|Cannot/, "-C", "/nonexistent"],
  ];
  for (const [wanted, ...flags] of cases) {
    await assertUnpaid(stage, wanted, "exec", ...flags, "go");
  }
});

Deno.test("what is to be reviewed is there before a request is", async () => {
  await using stage = await openStage({ script: [say("done")] });
  const git = async (...args: readonly string[]): Promise<void> => {
    const { code } = await new Deno.Command("git", {
      args: ["-c", "user.name=t", "-c", "user.email=t@example.com", ...args],
      cwd: stage.home.work,
      stdout: "null",
      stderr: "null",
    }).output();
    assert.equal(code, 0);
  };
  await assertUnpaid(stage, /in no git repo/, "review", "--base", "main");
  await git("init", "-b", "main");
  await assertUnpaid(stage, /no such commit/, "review", "--base", "main");
  await git("commit", "--allow-empty", "-m", "first");
  for (const name of ["nosuch", "--all", "main:file", ""]) {
    await assertUnpaid(stage, /no such commit/, "review", `--base=${name}`);
    await assertUnpaid(stage, /no such/, "exec", "review", `--commit=${name}`);
  }
  const run = await stage.run(["review", "--base", "main"]);
  assert.notEqual(run.code, 2, run.stderr);
  assert.equal(stage.model.requests.length, 1);
});

Deno.test("a check leaves files as they were", async () => {
  await using stage = await openStage({
    script: [],
    files: { "old.txt": "kept" },
  });
  const { work } = stage.home;
  for (const name of ["old.txt", "new.txt"]) {
    await stage.run(["exec", "-o", `${work}/${name}`, "-i", "nosuch", "go"]);
  }
  await assert.rejects(Deno.stat(`${work}/run.cassette`));
  await stage.run(["exec", "--record", `${work}/run.cassette`, "--nonsense"]);
  await assert.rejects(Deno.stat(`${work}/run.cassette`));
});
