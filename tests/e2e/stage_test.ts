import assert from "node:assert/strict";
import { stagePatchPath } from "../../core/staging/kept.ts";
import { git, snapshot } from "../core/staging/support.ts";
import { call, mockModel, say, type Step } from "../support/mock_model.ts";
import { WITHOUT_BWRAP } from "../support/without_bwrap.ts";
import {
  type AgentHome,
  agentHome,
  type AgentRun,
  mockConfig,
  runAgent,
  startAgent,
} from "../support/run_agent.ts";

const EDIT = [
  "*** Begin Patch",
  "*** Update File: a.txt",
  "@@",
  "-two",
  "+2",
  "*** End Patch",
].join("\n");

function sh(script: string): Step {
  return call("shell", { command: ["bash", "-c", script] });
}

interface Scene {
  readonly script: readonly Step[];
  readonly top?: string;
  readonly files?: Readonly<Record<string, string>>;
}

async function inRepository(
  scene: Scene,
  use: (place: {
    readonly home: AgentHome;
    readonly requests: ReturnType<typeof mockModel>["requests"];
    run(...args: string[]): Promise<AgentRun>;
  }) => Promise<void>,
): Promise<void> {
  await using model = mockModel({ script: scene.script, laws: false });
  await using home = await agentHome({
    config: mockConfig(model.url, { top: scene.top ?? "" }),
    files: { "a.txt": "one\ntwo\n", ".gitignore": "*.log\n", ...scene.files },
  });
  await git(home.work, "init", "-q", "-b", "main");
  await git(home.work, "add", "-A");
  await git(home.work, "commit", "-qm", "first");
  await use({
    home,
    requests: model.requests,
    run: (...args) =>
      runAgent({ home, args: ["exec", "-s", "workspace-write", ...args] }),
  });
}

Deno.test("exec --stage leaves the folder as it was and tells the patch", async () => {
  const script = [
    call("apply_patch", { input: EDIT }),
    sh(
      "pwd; printf new > new.txt; rm .gitignore; echo x >> $REAL/a.txt; echo x > $REAL/b",
    ),
    say("done"),
  ];
  await inRepository({ script }, async ({ home, requests }) => {
    await Deno.writeTextFile(`${home.work}/dirty.txt`, "mine\n");
    const before = await snapshot(home.work);
    const result = await runAgent({
      home,
      env: { REAL: home.work },
      args: ["exec", "-s", "workspace-write", "--json", "--stage", "go"],
    });
    assert.equal(result.code, 0, result.stderr);
    assert.deepEqual(await snapshot(home.work), before);
    const started = result.events[0];
    const cwd = String(started?.["cwd"]);
    assert.match(cwd, /\/home\/\.cache\/rondo\/stages\/[^/]+\/work$/);
    assert.ok(requests[0]?.text.includes(`<cwd>${cwd}</cwd>`));
    assert.match(String(requests[2]?.text), /Read-only file system/);
    const stage = result.events.at(-1)?.["stage"] as Record<string, unknown>;
    const patch = String(stage["patch"]);
    assert.deepEqual({ ...stage, patch: "" }, {
      patch: "",
      files: [
        { path: ".gitignore", kind: "delete", insertions: 0, deletions: 1 },
        { path: "a.txt", kind: "update", insertions: 1, deletions: 1 },
        { path: "new.txt", kind: "add", insertions: 1, deletions: 0 },
      ],
      insertions: 2,
      deletions: 2,
      left_out: [],
    });
    assert.equal(
      patch,
      stagePatchPath(home.codexHome, String(started?.["thread_id"])),
    );
    await git(home.work, "apply", patch);
    assert.equal(await Deno.readTextFile(`${home.work}/a.txt`), "one\n2\n");
    assert.equal(
      await git(home.work, "worktree", "list").then((t) =>
        t.split("\n").length
      ),
      2,
    );
    assert.deepEqual(
      await Array.fromAsync(Deno.readDir(`${home.home}/.cache/rondo/stages`)),
      [],
    );
  });
});

Deno.test("rondo apply takes the patch of a session over, whole or not at all", async () => {
  const script = [
    call("apply_patch", { input: EDIT }),
    sh(
      "printf '\\0\\1bin' > new.bin; mkdir d; ln -s ../a.txt d/link; printf 'x' > run; chmod +x run",
    ),
    say("done"),
  ];
  await inRepository({ script }, async ({ home, run }) => {
    const staged = await run("--stage", "go");
    assert.equal(staged.code, 0, staged.stderr);
    assert.equal(staged.stdout, "done\n");
    const [, id = ""] =
      /To take it over: rondo apply (\S+)$/m.exec(staged.stderr) ??
        assert.fail(staged.stderr);
    assert.match(staged.stderr, /^ {2}M a\.txt {2}\+1 -1$/m);
    assert.match(staged.stderr, /^4 files changed, 3 insertions, 1 deletion$/m);
    const apply = (...args: string[]): Promise<AgentRun> =>
      runAgent({ home, args: ["apply", ...args], cwd: `${home.work}` });
    const before = await snapshot(home.work);

    const start = id.slice(0, 8);
    await Deno.writeTextFile(`${home.work}/${start}`, "hello");
    const unclear = await apply(start);
    assert.equal(unclear.code, 2);
    assert.match(unclear.stderr, /is a file here and a session/);
    assert.match((await apply(`./${start}`)).stderr, /it changes no file/);
    await Deno.remove(`${home.work}/${start}`);

    const checked = await apply(id.slice(0, 8), "--check");
    assert.deepEqual([checked.code, checked.stdout], [
      0,
      "M a.txt\nA d/link\nA new.bin\nA run\nIt fits; nothing was changed\n",
    ]);
    assert.deepEqual(await snapshot(home.work), before);

    await Deno.writeTextFile(`${home.work}/a.txt`, "one\nTWO\n");
    await Deno.writeTextFile(`${home.work}/run`, "mine");
    const refused = await apply(id);
    assert.deepEqual([refused.code, refused.stdout, refused.stderr], [
      1,
      "",
      "Error: Cannot apply the patch: it does not fit, nothing was changed:\n" +
      "  a.txt:1: has other lines than the patch was made for\n" +
      "  run: is there already\n",
    ]);
    assert.equal(await Deno.readTextFile(`${home.work}/a.txt`), "one\nTWO\n");

    await Deno.remove(`${home.work}/run`);
    await Deno.writeTextFile(`${home.work}/a.txt`, "zero\none\ntwo\n");
    const done = await apply();
    assert.deepEqual([done.code, done.stderr], [0, ""]);
    const after = await snapshot(home.work);
    assert.deepEqual(after, {
      ...before,
      "a.txt": "-zero\none\n2\n",
      "d/link": "-> ../a.txt",
      "new.bin": "-\0\x01bin",
      "run": "xx",
    });
    const again = await apply(id);
    assert.equal(again.code, 1);

    const back = await apply(id, "--reverse");
    assert.equal(back.code, 0, back.stderr);
    assert.deepEqual(await snapshot(home.work), {
      ...before,
      "a.txt": "-zero\none\ntwo\n",
    });
    assert.throws(() => Deno.statSync(`${home.work}/d`));
  });
});

Deno.test("rondo apply takes a patch from a pipe", async () => {
  await using home = await agentHome({ files: { "a.txt": "a\n" } });
  const patch = "--- a/a.txt\n+++ b/a.txt\n@@ -1 +1 @@\n-a\n+b\n";
  const result = await runAgent({
    home,
    args: ["apply", "-"],
    stdin: { text: patch },
  });
  assert.deepEqual([result.code, result.stdout], [0, "M a.txt\n"]);
  const back = await runAgent({
    home,
    args: ["apply", "--reverse", "/dev/stdin"],
    stdin: { text: patch },
  });
  assert.deepEqual([back.code, back.stdout], [0, "M a.txt\n"], back.stderr);
  assert.equal(await Deno.readTextFile(`${home.work}/a.txt`), "a\n");
});

Deno.test("rondo apply follows no link out of the folder and writes nothing that agents obey", async () => {
  await using home = await agentHome({ files: { "a.txt": "a\n" } });
  await Deno.mkdir(`${home.root}/out`);
  await Deno.symlink(`${home.root}/out`, `${home.work}/link`);
  const patch = `${home.root}/p`;
  for (
    const [name, wanted] of [
      ["link/x", /link\/x: link is a link/],
      ["../out/x", /it leads out of the folder/],
      [".mcp.json", /changes \.mcp\.json, which agents obey/],
      ["sub/.git/config", /inside of a repository's own folder/],
    ] as const
  ) {
    await Deno.writeTextFile(
      patch,
      `diff --git a/${name} b/${name}\nnew file mode 100644\n--- /dev/null\n+++ b/${name}\n@@ -0,0 +1 @@\n+x\n`,
    );
    const result = await runAgent({ home, args: ["apply", patch] });
    assert.notEqual(result.code, 0);
    assert.match(result.stderr, wanted);
  }
  assert.deepEqual(await Array.fromAsync(Deno.readDir(`${home.root}/out`)), []);
  const missing = await runAgent({ home, args: ["apply", "nothing"] });
  assert.equal(missing.code, 2);
  assert.match(
    missing.stderr,
    /Cannot apply nothing: it is no file, and no session/,
  );
});

Deno.test("a staged session goes on with what it has done so far", async () => {
  const script = [
    call("apply_patch", { input: EDIT }),
    say("one"),
    sh("cat a.txt; echo three >> a.txt"),
    say("two"),
    say("three"),
  ];
  await inRepository({ script }, async ({ home, requests, run }) => {
    assert.equal((await run("--stage", "go")).code, 0);
    const more = await run("resume", "--last", "--stage", "more");
    assert.equal(more.code, 0, more.stderr);
    assert.match(String(requests.at(-1)?.text), /one\\n2\\n/);
    assert.equal(await Deno.readTextFile(`${home.work}/a.txt`), "one\ntwo\n");
    await Deno.writeTextFile(`${home.work}/a.txt`, "other\n");
    const refused = await run("resume", "--last", "--stage", "more");
    assert.equal(refused.code, 2);
    assert.match(
      refused.stderr,
      /does not fit the folder as it is now \(a\.txt has other lines/,
    );
    await Deno.writeTextFile(`${home.work}/a.txt`, "one\ntwo\n");
    const applied = await runAgent({ home, args: ["apply"] });
    assert.equal(applied.code, 0, applied.stderr);
    assert.equal(
      await Deno.readTextFile(`${home.work}/a.txt`),
      "one\n2\nthree\n",
    );
    const last = await run("resume", "--last", "--stage", "more");
    assert.equal(last.code, 0, last.stderr);
    assert.match(last.stderr, /Nothing was changed in the stage/);
  });
});

Deno.test("what a killed staged run leaves is removed by the next one", async () => {
  const script = [sh("sleep 60"), say("done")];
  await inRepository({ script }, async ({ home, run }) => {
    await using agent = startAgent({
      home,
      args: ["exec", "-s", "workspace-write", "--json", "--stage", "go"],
    });
    await agent.untilEvent("item.started");
    agent.kill("SIGKILL");
    await agent.finished;
    const trees = `${home.home}/.cache/rondo/stages`;
    assert.equal((await Array.fromAsync(Deno.readDir(trees))).length, 1);
    assert.match(await git(home.work, "worktree", "list"), /stages/);
    const next = await run("--stage", "go");
    assert.equal(next.code, 0, next.stderr);
    assert.deepEqual(await Array.fromAsync(Deno.readDir(trees)), []);
    assert.deepEqual(
      await Array.fromAsync(Deno.readDir(`${home.codexHome}/stages`)),
      [],
    );
    assert.doesNotMatch(await git(home.work, "worktree", "list"), /stages/);
  });
});

Deno.test("a staged run is told by the real AGENTS.md, and hooks start in the real folder", async () => {
  const script = [
    sh(
      "echo changed > AGENTS.md; echo 'pwd > ran-the-copy' > hook.sh; mkdir sub; echo evil > sub/AGENTS.md; echo x > sub/y",
    ),
    say("done"),
  ];
  const files = { "AGENTS.md": "be kind\n", "hook.sh": "pwd > hook-ran\n" };
  await inRepository({ script, files }, async ({ home, requests, run }) => {
    await Deno.writeTextFile(
      `${home.codexHome}/hooks.json`,
      JSON.stringify({
        hooks: {
          Stop: [{ hooks: [{ type: "command", command: "sh hook.sh" }] }],
        },
      }),
    );
    const result = await run(
      "--dangerously-bypass-hook-trust",
      "--stage",
      "go",
    );
    assert.equal(result.code, 0, result.stderr);
    assert.match(String(requests[0]?.text), /be kind/);
    // Once, in the command itself.
    assert.equal(String(requests.at(-1)?.text).split("evil").length, 2);
    assert.equal(
      await Deno.readTextFile(`${home.work}/hook-ran`),
      `${home.work}\n`,
    );
    assert.throws(() => Deno.statSync(`${home.work}/ran-the-copy`));
  });
});

Deno.test("a staged run without a sandbox says that commands may leave the stage", async () => {
  await inRepository({ script: [say("done")] }, async ({ home, run }) => {
    const result = await run("-s", "danger-full-access", "--stage", "go");
    assert.equal(result.code, 0, result.stderr);
    assert.ok(
      result.stderr.includes(
        `Commands are not confined (danger-full-access): they may leave the stage and change ${home.work}`,
      ),
      result.stderr,
    );
  });
});

Deno.test("what deny_read hides in the folder is not in the stage", async () => {
  const script = [sh("cat .env; ls -A; cat $REAL/.env"), say("done")];
  const scene = { script, files: { ".env": "SECRET=1\n" }, top: "" };
  await inRepository(scene, async ({ home, requests }) => {
    const result = await runAgent({
      home,
      env: { REAL: home.work },
      args: [
        "exec",
        "-s",
        "workspace-write",
        "-c",
        'sandbox_workspace_write.deny_read=["**/.env"]',
        "--stage",
        "go",
      ],
    });
    assert.equal(result.code, 0, result.stderr);
    assert.doesNotMatch(String(requests[1]?.text), /SECRET/);
    assert.match(result.stderr, /Nothing was changed in the stage/);
  });
});

Deno.test("a staged run whose patch cannot be kept leaves its tree to the person", async () => {
  const script = [sh("echo work > new.txt"), say("done"), say("done")];
  await inRepository({ script }, async ({ home, run }) => {
    await Deno.writeTextFile(`${home.codexHome}/stage_patches`, "in the way");
    const result = await run("--stage", "go");
    assert.equal(result.code, 1, result.stderr);
    const [, tree = ""] =
      /Cannot keep the patch of the stage: .*; what was done is left in (\S+), which is yours/
        .exec(result.stderr) ?? assert.fail(result.stderr);
    assert.equal(await Deno.readTextFile(`${tree}/new.txt`), "work\n");
    await Deno.remove(`${home.codexHome}/stage_patches`);
    assert.equal((await run("--stage", "go")).code, 0);
    assert.equal(await Deno.readTextFile(`${tree}/new.txt`), "work\n");
    assert.equal(
      await git(tree, "status", "--porcelain"),
      "?? new.txt\n",
    );
  });
});

Deno.test("stages are kept in no folder that is staged, and a place that cannot be made is told", async () => {
  await inRepository({ script: [say("done")] }, async ({ home }) => {
    const before = await snapshot(home.work);
    const open = (cache: string): Promise<AgentRun> =>
      runAgent({
        home,
        env: { XDG_CACHE_HOME: cache },
        args: ["exec", "-s", "workspace-write", "--stage", "go"],
      });
    const inside = await open(`${home.work}/cache`);
    assert.equal(inside.code, 2);
    assert.ok(
      inside.stderr.includes(
        `Cannot stage ${home.work}: stages are kept in it (${home.work}/cache/rondo/stages), must be kept outside`,
      ),
      inside.stderr,
    );
    assert.deepEqual(await snapshot(home.work), before);
    const nowhere = await open(`${home.codexHome}/config.toml`);
    assert.equal(nowhere.code, 3);
    assert.ok(
      nowhere.stderr.includes(
        `Cannot stage ${home.work}: Not a directory (os error 20): mkdir '${home.codexHome}/config.toml/rondo/stages'`,
      ),
      nowhere.stderr,
    );
  });
});

Deno.test("a folder for everybody's files that holds the staged one is closed, which is said", async () => {
  const script = [sh("touch $TMPDIR/up"), say("done")];
  await inRepository({ script }, async ({ home, requests }) => {
    const result = await runAgent({
      home,
      env: { TMPDIR: home.root },
      args: ["exec", "-s", "workspace-write", "--stage", "go"],
    });
    assert.equal(result.code, 0, result.stderr);
    assert.match(String(requests[1]?.text), /Read-only file system/);
    assert.ok(
      result.stderr.includes(
        `The folder ${home.root} is not writable in a staged run: ${home.work} lies in it`,
      ),
      result.stderr,
    );
  });
});

Deno.test("a staged run that is stopped takes its stage away and tells what was done", async () => {
  const script = [sh("echo x > made; echo ready; sleep 60"), say("done")];
  await inRepository({ script }, async ({ home }) => {
    await using agent = startAgent({
      home,
      args: [
        "exec",
        "-s",
        "workspace-write",
        "--json",
        "--deltas",
        "--stage",
        "go",
      ],
    });
    const trees = `${home.home}/.cache/rondo/stages`;
    await agent.untilEvent("output.delta");
    agent.kill("SIGTERM");
    const { code, events } = await agent.finished;
    assert.equal(code, 143);
    const stage = events.at(-1)?.["stage"] as { files: { path: string }[] };
    assert.deepEqual(stage.files.map(({ path }) => path), ["made"]);
    assert.deepEqual(await Array.fromAsync(Deno.readDir(trees)), []);
  });
});

Deno.test("a deleted session takes its patch along", async () => {
  const script = [call("apply_patch", { input: EDIT }), say("done")];
  await inRepository({ script }, async ({ home, run }) => {
    assert.equal((await run("--stage", "go")).code, 0);
    const patches = `${home.codexHome}/stage_patches`;
    const [kept] = await Array.fromAsync(Deno.readDir(patches));
    const id = kept?.name.replace(".patch", "") ?? "";
    const gone = await runAgent({
      home,
      args: ["sessions", "delete", "-y", id],
    });
    assert.equal(gone.code, 0, gone.stderr);
    assert.deepEqual(await Array.fromAsync(Deno.readDir(patches)), []);
    const refused = await runAgent({ home, args: ["apply", id] });
    assert.equal(refused.code, 2);
  });
});

Deno.test("the check of --until looks at the stage", async () => {
  const script = [
    say("done already"),
    sh("echo yes > proof"),
    say("now it is"),
  ];
  await inRepository({ script }, async ({ home, run }) => {
    const result = await run("--until", "test -f proof", "--stage", "go");
    assert.equal(result.code, 0, result.stderr);
    assert.match(result.stderr, /^ {2}A proof/m);
    assert.throws(() => Deno.statSync(`${home.work}/proof`));
  });
});

Deno.test({
  name: "without bubblewrap the folder stays as it is, too",
  ignore: Deno.uid() !== 0,
  fn: async () => {
    const script = [
      sh(
        "echo x > made; echo x > $REAL/a.txt; echo x > $REAL/.git/HEAD; rm -r $REAL/sub",
      ),
      say("done"),
    ];
    const files = { "sub/x": "x" };
    await inRepository({ script, files }, async ({ home }) => {
      const before = await snapshot(home.work);
      const result = await runAgent({
        home,
        under: WITHOUT_BWRAP,
        env: { REAL: home.work },
        args: ["exec", "-s", "workspace-write", "--json", "--stage", "go"],
      });
      assert.equal(result.code, 0, result.stderr);
      const sandbox = result.events[0]?.["sandbox"] as { backend: string };
      assert.equal(sandbox.backend, "landlock");
      assert.deepEqual(await snapshot(home.work), before);
      assert.equal(await git(home.work, "status", "--porcelain"), "");
      const stage = result.events.at(-1)?.["stage"] as { files: unknown[] };
      assert.equal(stage.files.length, 1);
      const applied = await runAgent({
        home,
        under: WITHOUT_BWRAP,
        args: ["apply"],
      });
      assert.deepEqual([applied.code, applied.stdout], [0, "A made\n"]);
    });
  },
});

Deno.test("rondo apply goes on to its end when it is interrupted", async () => {
  const script = [
    sh("for at in $(seq 400); do echo b > f$at; done"),
    say("done"),
  ];
  const names = Array.from({ length: 400 }, (_, at) => `f${at + 1}`);
  const files = Object.fromEntries(names.map((name) => [name, "a\n"]));
  await inRepository({ script, files }, async ({ home, run }) => {
    const staged = await run("--stage", "go");
    assert.equal(staged.code, 0, staged.stderr);
    using watcher = Deno.watchFs(home.work);
    await using agent = startAgent({ home, args: ["apply"] });
    for await (const _ of watcher) {
      agent.kill("SIGINT");
      break;
    }
    const result = await agent.finished;
    assert.equal(result.code, 0, result.stderr);
    assert.match(result.stderr, /it goes on to its end/);
    const status = await git(home.work, "status", "--porcelain");
    assert.equal(status, names.sort().map((name) => ` M ${name}\n`).join(""));
  });
});
