import assert from "node:assert/strict";
import { NO_RULES } from "../../../core/policy/rules.ts";
import type { CommandRequest } from "../../../core/protocol/command.ts";
import { SandboxUnavailable, ToolError } from "../../../core/protocol/error.ts";
import type { Host } from "../../../core/protocol/host.ts";
import type {
  ApprovalPolicy,
  Decision,
  SandboxPolicy,
} from "../../../core/protocol/policy.ts";
import type { Tool } from "../../../core/protocol/tool.ts";
import {
  applyPatchFromShell,
  createApplyPatchTool,
} from "../../../tools/patch/apply_patch.ts";
import { createGate } from "../../../tools/gate/gate.ts";
import {
  call,
  host as realHost,
  type PlainSandbox,
  plainSandbox,
  type RecordingContext,
  recordingContext,
  settings,
} from "../support.ts";
import { makeTree, readTree } from "./support_tree.ts";

const MAIN = decodeURIComponent(
  new URL("./apply_patch_main.ts", import.meta.url).pathname,
);

// The program that a compiled rondo would be: the patch engine in its own process.
const host: Host = {
  ...realHost,
  selfCommand: (args) => {
    const [role, ...more] = args;
    assert.equal(role, "apply-patch");
    const deno = [Deno.execPath(), "run", "--quiet", "--no-check", "-A"];
    return [...deno, MAIN, ...more];
  },
};

interface Bench {
  readonly deps: Parameters<typeof applyPatchFromShell>[2];
  readonly freeform: Tool;
  readonly called: Tool;
  readonly requests: readonly CommandRequest[];
}

function bench(sandbox: PlainSandbox = plainSandbox()): Bench {
  const gate = createGate({
    host,
    sandbox,
    rules: { current: () => NO_RULES, save: () => Promise.resolve() },
    environment: {
      policy: {
        inherit: "all",
        ignore_default_excludes: true,
        exclude: [],
        set: {},
        include_only: [],
      },
      secretNames: [],
    },
  });
  const deps = { host, gate, sandbox };
  return {
    deps,
    freeform: createApplyPatchTool({ ...deps, form: "freeform" }),
    called: createApplyPatchTool({ ...deps, form: "function" }),
    requests: sandbox.requests,
  };
}

function context(
  cwd: string,
  more: {
    approval?: ApprovalPolicy;
    sandbox?: SandboxPolicy;
    answers?: readonly Decision[];
    signal?: AbortSignal;
  } = {},
): RecordingContext {
  return recordingContext(settings({ ...more, cwd }), more);
}

function patch(...lines: readonly string[]): string {
  return ["*** Begin Patch", ...lines, "*** End Patch"].join("\n");
}

const UPDATE = patch("*** Update File: f", "@@", "-a", "+A");

function onlyActivity(
  seen: RecordingContext,
): ReturnType<RecordingContext["activities"]["get"]> {
  assert.equal(seen.activities.size, 1);
  return seen.activities.get("item_0");
}

Deno.test("apply_patch writes in a process of its own and shows the change", async () => {
  await using folder = await makeTree({ f: "a\n", g: "g\n" });
  const { freeform, requests } = bench();
  const seen = context(folder.path);
  const text = patch(
    "*** Update File: f",
    "@@",
    "-a",
    "+A",
    "*** Delete File: g",
    "*** Add File: x/n",
    "+1",
  );
  const output = await freeform.run(call(text, { form: "custom" }), seen);
  assert.equal(output.success, true);
  assert.match(
    String(output.content),
    /^Exit code: 0\nWall time: \d+\.\d seconds\nOutput:\nSuccess\. Updated the following files:\nA x\/n\nM f\nD g\n$/,
  );
  assert.deepEqual(await readTree(folder.path), { f: "A\n", "x/n": "1\n" });
  assert.deepEqual(requests.map((one) => one.cwd), [folder.path]);
  assert.equal(requests[0]?.sandboxed, true);
  const activity = onlyActivity(seen);
  assert.equal(activity?.type, "file_change");
  if (activity?.type !== "file_change") return;
  assert.deepEqual([activity.stage, activity.status], [
    "completed",
    "completed",
  ]);
  assert.deepEqual(
    activity.changes.map(({ path, kind }) => [path, kind]),
    [
      [`${folder.path}/f`, "update"],
      [`${folder.path}/g`, "delete"],
      [`${folder.path}/x/n`, "add"],
    ],
  );
  assert.deepEqual(seen.asked, []);
});

Deno.test("apply_patch as a function takes the patch from its input", async () => {
  await using folder = await makeTree({ f: "a\n" });
  const { called } = bench();
  const seen = context(folder.path);
  const output = await called.run(call({ input: UPDATE }), seen);
  assert.equal(output.success, true);
  assert.deepEqual(await readTree(folder.path), { f: "A\n" });
});

Deno.test("apply_patch throws for arguments it cannot read", async () => {
  const { called } = bench();
  for (const input of ["", "{", "[]", '{"patch":"x"}', '{"input":1}']) {
    await assert.rejects(
      called.run(call(input), context("/")),
      (error) =>
        error instanceof ToolError &&
        /^Cannot call \w+: /.test(error.message),
      input,
    );
  }
});

Deno.test("apply_patch tells what does not apply before anything runs", async () => {
  await using folder = await makeTree({ f: "a\n" });
  const { freeform, requests } = bench();
  const cases: readonly (readonly [string, string])[] = [
    [
      "junk",
      "invalid patch: The first line of the patch must be '*** Begin Patch'",
    ],
    [patch(), "No files were modified."],
    [
      patch("*** Update File: f", "@@", "-b"),
      `Failed to find expected lines in ${folder.path}/f:\nb`,
    ],
    [
      patch("*** Add File: n", "+1", "*** Update File: g", "@@", "-b"),
      `Failed to read file to update ${folder.path}/g: No such file or directory (os error 2)`,
    ],
  ];
  for (const [text, reason] of cases) {
    const seen = context(folder.path, { approval: "untrusted" });
    const output = await freeform.run(call(text, { form: "custom" }), seen);
    assert.deepEqual(output, {
      content: `apply_patch verification failed: ${reason}`,
      success: false,
    });
    assert.deepEqual(onlyActivity(seen), {
      type: "file_change",
      changes: [],
      status: "failed",
      message: reason,
      stage: "completed",
    });
    assert.deepEqual(seen.asked, []);
  }
  assert.deepEqual(requests, []);
  assert.deepEqual(await readTree(folder.path), { f: "a\n" });
});

Deno.test("apply_patch asks with the diff and does nothing when refused", async () => {
  await using folder = await makeTree({ f: "a\n" });
  const { freeform, requests } = bench();
  const seen = context(folder.path, {
    approval: "untrusted",
    answers: [{ type: "deny" }, { type: "approve" }],
  });
  const custom = call(UPDATE, { form: "custom" });
  const refused = await freeform.run(custom, seen);
  assert.equal(refused.success, false);
  assert.match(String(refused.content), /^patch rejected: /);
  assert.match(
    seen.asked[0]?.detail ?? "",
    /@@ -1,1 \+1,1 @@\n-a\n\+A\n$/,
  );
  const activity = onlyActivity(seen);
  assert.ok(activity?.type === "file_change");
  assert.equal(activity.status, "declined");
  assert.ok((activity.message ?? "") !== "");
  assert.deepEqual(requests, []);
  assert.deepEqual(await readTree(folder.path), { f: "a\n" });

  assert.equal((await freeform.run(custom, seen)).success, true);
  assert.deepEqual(await readTree(folder.path), { f: "A\n" });
});

Deno.test("apply_patch under never is refused outside the writable folders", async () => {
  await using outside = await makeTree({ f: "a\n" });
  await using folder = await makeTree({});
  const { freeform, requests } = bench();
  const seen = context(folder.path, {
    approval: "never",
    sandbox: {
      mode: "workspace-write",
      writableRoots: [],
      networkAccess: false,
      excludeTmpdirEnvVar: true,
      excludeSlashTmp: true,
      gitCommits: false,
      allowUnixSockets: false,
      denyRead: [],
    },
  });
  const text = patch(`*** Update File: ${outside.path}/f`, "@@", "-a", "+A");
  const output = await freeform.run(call(text, { form: "custom" }), seen);
  assert.match(String(output.content), /^patch rejected: /);
  assert.deepEqual(requests, []);
  assert.deepEqual(await readTree(outside.path), { f: "a\n" });
});

Deno.test("apply_patch shows a failure of the writing process", async () => {
  await using folder = await makeTree({ f: "a\n" });
  const sandbox = plainSandbox();
  const { freeform } = bench({
    ...sandbox,
    // Between the look at the file and the write somebody else changes it.
    run: async (request) => {
      await Deno.writeTextFile(`${folder.path}/f`, "b\n");
      return await sandbox.run(request);
    },
  });
  const seen = context(folder.path);
  const output = await freeform.run(call(UPDATE, { form: "custom" }), seen);
  const reason = `Failed to find expected lines in ${folder.path}/f:\na`;
  assert.equal(output.success, false);
  assert.match(String(output.content), /^Exit code: 1\n/);
  assert.ok(String(output.content).endsWith(`Output:\n${reason}\n`));
  const activity = onlyActivity(seen);
  assert.ok(activity?.type === "file_change");
  assert.deepEqual([activity.status, activity.message], ["failed", reason]);
  assert.deepEqual(await readTree(folder.path), { f: "b\n" });
});

Deno.test("apply_patch completes its activity when nothing can enforce the policy", async () => {
  await using folder = await makeTree({ f: "a\n" });
  const { freeform } = bench({
    ...plainSandbox(),
    run: () => Promise.reject(new SandboxUnavailable("no sandbox here")),
  });
  const seen = context(folder.path);
  await assert.rejects(
    freeform.run(call(UPDATE, { form: "custom" }), seen),
    SandboxUnavailable,
  );
  const activity = onlyActivity(seen);
  assert.ok(activity?.type === "file_change");
  assert.deepEqual([activity.stage, activity.status, activity.message], [
    "completed",
    "failed",
    "no sandbox here",
  ]);
});

Deno.test("apply_patch completes its activity when the turn is interrupted", async () => {
  await using folder = await makeTree({ f: "a\n" });
  const { freeform } = bench();
  const stop = new AbortController();
  const seen = {
    ...context(folder.path, { approval: "untrusted", signal: stop.signal }),
    ask: () => {
      stop.abort(new Error("stopped"));
      return Promise.reject(stop.signal.reason);
    },
  };
  await assert.rejects(
    freeform.run(call(UPDATE, { form: "custom" }), seen),
    /stopped/,
  );
  const activity = onlyActivity(seen);
  assert.ok(activity?.type === "file_change");
  assert.deepEqual([activity.status, activity.message], [
    "failed",
    "Interrupted",
  ]);
});

Deno.test("apply_patch runs alone and is named once", () => {
  const { freeform, called } = bench();
  for (const tool of [freeform, called]) {
    assert.deepEqual([tool.name, tool.parallel], ["apply_patch", false]);
  }
  assert.equal(freeform.spec["type"], "custom");
  assert.equal(called.spec["type"], "function");
});

Deno.test("applyPatchFromShell() applies in its folder and recommends the tool", async () => {
  await using folder = await makeTree({ "sub/f": "a\n" });
  const { deps } = bench();
  const seen = context(folder.path);
  const typed = { patch: UPDATE, workdir: `${folder.path}/sub` };
  const output = await applyPatchFromShell(typed, seen, deps);
  assert.equal(output.success, true);
  assert.match(
    String(output.content),
    /^Note: .*apply_patch tool.*\nExit code: 0\n/,
  );
  assert.deepEqual(await readTree(folder.path), { "sub/f": "A\n" });
});

Deno.test("applyPatchFromShell() refuses a folder that is not there", async () => {
  await using folder = await makeTree({});
  const { deps } = bench();
  const seen = context(folder.path);
  const workdir = `${folder.path}/nowhere`;
  const text = patch("*** Add File: n", "+1");
  const output = await applyPatchFromShell(
    { patch: text, workdir },
    seen,
    deps,
  );
  assert.equal(output.success, false);
  assert.ok(
    String(output.content).endsWith(
      `apply_patch verification failed: the folder ${workdir} does not exist`,
    ),
  );
  assert.deepEqual(await readTree(folder.path), {});
});

Deno.test("apply_patch touches every path that the patch names", () => {
  const { freeform, called } = bench();
  const patch = [
    "*** Begin Patch",
    "*** Add File: new.txt",
    "+*** Add File: text.txt",
    "*** Update File: sub/f",
    "*** Move to: /abs/f",
    "@@",
    "-a",
    "+b",
    "*** Delete File: ../old ",
    "*** End Patch",
  ].join("\n");
  const paths = ["/r/new.txt", "/r/sub/f", "/abs/f", "/old"];
  const custom = call(patch, { form: "custom", name: "apply_patch" });
  assert.deepEqual(freeform.touches(custom, "/r"), paths);
  assert.deepEqual(called.touches(call({ input: patch }), "/r"), paths);
});

const ONLY_WORKSPACE: SandboxPolicy = {
  mode: "workspace-write",
  writableRoots: [],
  networkAccess: false,
  excludeTmpdirEnvVar: true,
  excludeSlashTmp: true,
  gitCommits: false,
  allowUnixSockets: false,
  denyRead: [],
};

Deno.test("apply_patch asks about where links lead, outside files first and by name", async () => {
  await using outside = await makeTree({ "d/rc": "a\n" });
  await using folder = await makeTree({
    f: "a\n",
    "a, b": { link: `${outside.path}/d` },
  });
  const { freeform } = bench();
  const seen = context(folder.path, {
    sandbox: ONLY_WORKSPACE,
    answers: [{ type: "deny" }],
  });
  const text = patch(
    "*** Update File: f",
    "@@",
    "-a",
    "+A",
    "*** Update File: a, b/rc",
    "@@",
    "-a",
    "+A",
  );
  await freeform.run(call(text, { form: "custom" }), seen);
  const [question] = seen.asked;
  assert.deepEqual(question?.targets, [
    {
      path: `${outside.path}/d/rc`,
      named: `${folder.path}/a, b/rc`,
      isOutside: true,
    },
    { path: `${folder.path}/f`, isOutside: false },
  ]);
  assert.equal(
    question?.sessionScope,
    `Until this session ends: changes of ${folder.path}/f; changes of ${outside.path}/d/rc, outside the sandbox`,
  );
});

Deno.test("apply_patch names the real file also where a link above it is outside the folder", async () => {
  await using home = await makeTree({ rc: "a\n" });
  await using extra = await makeTree({ l: { link: home.path } });
  await using folder = await makeTree({});
  const { freeform } = bench();
  const seen = context(folder.path, {
    sandbox: { ...ONLY_WORKSPACE, writableRoots: [extra.path] },
    answers: [{ type: "deny" }],
  });
  const text = patch(`*** Update File: ${extra.path}/l/rc`, "@@", "-a", "+A");
  await freeform.run(call(text, { form: "custom" }), seen);
  assert.deepEqual(seen.asked[0]?.targets, [{
    path: `${home.path}/rc`,
    named: `${extra.path}/l/rc`,
    isOutside: true,
  }]);
});

Deno.test("apply_patch writes only the approved outside files without the sandbox", async () => {
  await using outside = await makeTree({ rc: "a\n" });
  await using folder = await makeTree({ f: "a\n" });
  const { freeform, requests } = bench();
  const seen = context(folder.path, {
    sandbox: ONLY_WORKSPACE,
    answers: [{ type: "approve" }],
  });
  const text = patch(
    "*** Update File: f",
    "@@",
    "-a",
    "+A",
    `*** Update File: ${outside.path}/rc`,
    "@@",
    "-a",
    "+A",
  );
  const output = await freeform.run(call(text, { form: "custom" }), seen);
  assert.equal(output.success, true);
  const written = requests.map(({ sandboxed, stdin }) => [
    sandboxed,
    /"target":"([^"]*)"/.exec(new TextDecoder().decode(stdin))?.[1],
  ]);
  assert.deepEqual(written, [
    [true, `${folder.path}/f`],
    [false, `${outside.path}/rc`],
  ]);
  assert.match(String(output.content), /M f\nM .*\/rc\n$/);
  assert.deepEqual(await readTree(folder.path), { f: "A\n" });
  assert.deepEqual(await readTree(outside.path), { rc: "A\n" });
});

Deno.test("apply_patch takes back the inside part when the outside part fails", async () => {
  await using outside = await makeTree({ rc: "a\n" });
  await using folder = await makeTree({ f: "a\n", g: "g\n" });
  const sandbox = plainSandbox();
  const { freeform } = bench({
    ...sandbox,
    run: async (request) => {
      if (!request.sandboxed) {
        await Deno.writeTextFile(`${outside.path}/rc`, "theirs\n");
      }
      return await sandbox.run(request);
    },
  });
  const seen = context(folder.path, {
    sandbox: ONLY_WORKSPACE,
    answers: [{ type: "approve" }],
  });
  const text = patch(
    "*** Update File: f",
    "@@",
    "-a",
    "+A",
    "*** Add File: n",
    "+1",
    "*** Delete File: g",
    `*** Update File: ${outside.path}/rc`,
    "@@",
    "-a",
    "+A",
  );
  const output = await freeform.run(call(text, { form: "custom" }), seen);
  assert.equal(output.success, false);
  assert.match(String(output.content), /rc: it has changed since the patch/);
  assert.deepEqual(await readTree(folder.path), { f: "a\n", g: "g\n" });
  assert.deepEqual(await readTree(outside.path), { rc: "theirs\n" });
});

Deno.test("apply_patch does not follow a link that was put there after the yes", async () => {
  await using outside = await makeTree({ "d/rc": "a\n", "e/rc": "a\n" });
  await using folder = await makeTree({});
  const sandbox = plainSandbox();
  const { freeform } = bench({
    ...sandbox,
    run: async (request) => {
      await Deno.rename(`${outside.path}/d`, `${outside.path}/was`);
      await Deno.symlink(`${outside.path}/e`, `${outside.path}/d`);
      return await sandbox.run(request);
    },
  });
  const seen = context(folder.path, {
    sandbox: ONLY_WORKSPACE,
    answers: [{ type: "approve" }],
  });
  const text = patch(`*** Update File: ${outside.path}/d/rc`, "@@", "-a", "+A");
  const output = await freeform.run(call(text, { form: "custom" }), seen);
  assert.equal(output.success, false);
  assert.equal(await Deno.readTextFile(`${outside.path}/e/rc`), "a\n");
});

Deno.test("apply_patch with more files than a question shows is refused with advice", async () => {
  await using folder = await makeTree({});
  const { freeform, requests } = bench();
  const lines = Array.from({ length: 101 }, (_, at) => [
    `*** Add File: /nowhere/${at}`,
    "+1",
  ]).flat();
  const seen = context(folder.path, { sandbox: ONLY_WORKSPACE });
  const output = await freeform.run(
    call(patch(...lines), { form: "custom" }),
    seen,
  );
  assert.match(
    String(output.content),
    /changes 101 files, must be at most 100 .* split it into smaller patches$/,
  );
  assert.deepEqual(requests, []);
});
