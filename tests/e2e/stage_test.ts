import assert from "node:assert/strict";
import { git, snapshot } from "../core/staging/support.ts";
import { call, mockModel, say, type Step } from "../support/mock_model.ts";
import {
  type AgentHome,
  agentHome,
  type AgentRun,
  mockConfig,
  runAgent,
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
      `${home.codexHome}/stage_patches/${started?.["thread_id"]}.patch`,
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
