/** The shell tool with real commands. */
import assert from "node:assert/strict";
import { SandboxUnavailable, ToolError } from "../../../core/protocol/error.ts";
import type { Decision, SandboxPolicy } from "../../../core/protocol/policy.ts";
import type { ApprovalPolicy } from "../../../core/protocol/policy.ts";
import type { Tool, ToolOutput } from "../../../core/protocol/tool.ts";
import { createGate } from "../../../tools/gate/gate.ts";
import {
  createShellTool,
  type TypedPatch,
} from "../../../tools/shell/shell.ts";
import { NO_RULES } from "../../../core/policy/rules.ts";
import {
  call,
  host,
  type PlainSandbox,
  plainSandbox,
  type RecordingContext,
  recordingContext,
  settings,
} from "../support.ts";

interface Bench {
  readonly tool: Tool;
  readonly patches: TypedPatch[];
  readonly sandbox: PlainSandbox;
}

function bench(sandbox: PlainSandbox = plainSandbox()): Bench {
  const patches: TypedPatch[] = [];
  const gate = createGate({
    host,
    sandbox,
    rules: { current: () => NO_RULES, save: () => Promise.resolve() },
    environment: {
      policy: {
        inherit: "core",
        ignore_default_excludes: true,
        exclude: [],
        set: {},
        include_only: [],
      },
      secretNames: [],
    },
  });
  const tool = createShellTool({
    host,
    gate,
    shell: "/bin/bash",
    interceptPatch: (argv, workdir) =>
      argv[0] === "apply_patch" ? { patch: argv[1] ?? "", workdir } : undefined,
    patchPaths: ({ patch, workdir }) => [`${workdir}/${patch}`],
    applyPatch: (patch) => {
      patches.push(patch);
      return Promise.resolve({ content: "patched", success: true });
    },
  });
  return { tool, patches, sandbox };
}

function context(
  more: {
    approval?: ApprovalPolicy;
    sandbox?: SandboxPolicy;
    answers?: Decision[];
    tokens?: number;
    signal?: AbortSignal;
  } = {},
): RecordingContext {
  return recordingContext(settings({ ...more, cwd: "/tmp" }), more);
}

function bash(
  script: string,
  more: Record<string, unknown> = {},
): ReturnType<typeof call> {
  return call({ command: ["bash", "-c", script], ...more });
}

function only(from: RecordingContext): unknown {
  assert.equal(from.activities.size, 1);
  const [activity] = from.activities.values();
  assert.ok(activity?.type === "command");
  const { durationMs: _, ...rest } = activity;
  return rest;
}

// Wall times differ from run to run.
function timeless(output: ToolOutput): unknown {
  const content = typeof output.content === "string"
    ? output.content.replace(/Wall time: \d+\.\d seconds/, "Wall time: T")
    : output.content;
  return { ...output, content };
}

Deno.test("shell runs a command and tells model and person how it went", async () => {
  const { tool } = bench();
  const seen = context();
  const output = await tool.run(
    bash("echo hi; echo err >&2; pwd; exit 3"),
    seen,
  );
  assert.match(
    String(output.content),
    /^Exit code: 3\nWall time: \d+\.\d seconds\nOutput:\n/,
  );
  for (const word of ["hi\n", "err\n", "/tmp\n"]) {
    assert.ok(String(output.content).includes(word));
  }
  assert.equal(output.success, false);
  assert.equal(seen.deltas.join("").length, "hi\nerr\n/tmp\n".length);
  const ok = context();
  assert.deepEqual(timeless(await tool.run(bash("echo hi"), ok)), {
    content: "Exit code: 0\nWall time: T\nOutput:\nhi\n",
    success: true,
  });
  assert.deepEqual(only(ok), {
    type: "command",
    command: "bash -c 'echo hi'",
    cwd: "/tmp",
    output: "hi\n",
    exitCode: 0,
    status: "completed",
    sandbox: "plain",
    stage: "completed",
  });
});

Deno.test("shell takes workdir, timeout_ms and nulls for what is left out", async () => {
  const { tool, sandbox } = bench();
  const folder = await Deno.makeTempDir({ dir: "/tmp" });
  await tool.run(
    bash("true", {
      workdir: folder.slice("/tmp/".length),
      timeout_ms: 1_500.5,
      justification: null,
    }),
    context(),
  );
  await tool.run(
    bash("true", {
      timeout_ms: 1e12,
      workdir: null,
      sandbox_permissions: "use_default",
      unknown: 1,
    }),
    context(),
  );
  await tool.run(bash("true", { workdir: "" }), context());
  assert.deepEqual(
    sandbox.requests.map(({ cwd, timeoutMs }) => [cwd, timeoutMs]),
    [[folder, 1_501], ["/tmp", 3_600_000], ["/tmp", 120_000]],
  );
  await Deno.remove(folder);
});

Deno.test("shell says how to mend arguments that do not fit", async () => {
  const { tool } = bench();
  const table: [unknown, RegExp][] = [
    [
      { command: "ls | wc" },
      /"command" is a string, must be a list of strings, such as \{"command":\["bash","-c","ls \| wc"\]\}/,
    ],
    [{}, /^Cannot call shell: "command" must be a list$/],
    [{ command: [] }, /"command" must have at least one element/],
    [{ command: [1] }, /"command\.0" must be a string/],
    [{ command: ["a\0b"] }, /NUL character/],
    [
      { command: ["ls"], timeout_ms: -1 },
      /"timeout_ms" must be a number above 0/,
    ],
    [{ command: ["ls"], timeout_ms: "5" }, /"timeout_ms"/],
    [{ command: ["ls"], workdir: 5 }, /"workdir" must be a string/],
    [
      { command: ["ls"], sandbox_permissions: "all" },
      /must be "use_default" or "require_escalated"/,
    ],
    [
      { command: ["ls"], prefix_rule: "ls" },
      /"prefix_rule" must be a list/,
    ],
    ["{", /not JSON/],
    ["[]", /must be a JSON object/],
    ["", /"command" must be a list/],
  ];
  for (const [input, message] of table) {
    const seen = context();
    await assert.rejects(
      tool.run(call(input), seen),
      (error) => error instanceof ToolError && message.test(error.message),
      JSON.stringify(input),
    );
    assert.equal(seen.activities.size, 0);
  }
});

Deno.test("shell shows a command that could not start, and one that was refused", async () => {
  const { tool, sandbox } = bench();
  const missing = context();
  const output = await tool.run(bash("true", { workdir: "/no/such" }), missing);
  assert.deepEqual(output, {
    content: "Cannot run the command: workdir /no/such does not exist",
    success: false,
  });
  assert.deepEqual(only(missing), {
    type: "command",
    command: "bash -c true",
    cwd: "/no/such",
    output: "",
    exitCode: null,
    status: "failed",
    message: "Cannot run the command: workdir /no/such does not exist",
    stage: "completed",
  });
  const refused = context({ approval: "never" });
  const no = await tool.run(
    bash("ls", { sandbox_permissions: "require_escalated" }),
    refused,
  );
  assert.match(String(no.content), /approval policy is "never"/);
  assert.equal((only(refused) as { status: string }).status, "declined");
  assert.deepEqual(sandbox.requests, []);
});

Deno.test("shell passes escalation, justification and prefix on to the question", async () => {
  const { tool } = bench();
  for (
    const asks of [{ sandbox_permissions: "require_escalated" }, {
      with_escalated_permissions: true,
    }]
  ) {
    const seen = context({ answers: [{ type: "approve" }] });
    const output = await tool.run(
      bash("npm --version || true", { ...asks, justification: "Is it there?" }),
      seen,
    );
    assert.equal(output.success, true);
    assert.match(seen.asked[0]?.reason ?? "", /Is it there\?/);
    assert.equal((only(seen) as { sandbox: string }).sandbox, "none");
  }
  const seen = context({ answers: [{ type: "deny" }] });
  await tool.run(
    call({
      command: ["echo", "a", "b"],
      sandbox_permissions: "require_escalated",
      prefix_rule: ["echo", "a"],
    }),
    seen,
  );
  assert.deepEqual(seen.asked[0]?.prefix, ["echo", "a"]);
});

Deno.test("shell ends a command whose time is up and says so first", async () => {
  const { tool } = bench();
  const seen = context();
  const output = await tool.run(
    bash("echo start; sleep 60", { timeout_ms: 1_000 }),
    seen,
  );
  assert.match(
    String(output.content),
    /^Timed out: the command was ended after 1000 ms; .*\nExit code: 124\n[^]*start\n$/,
  );
  assert.equal((only(seen) as { status: string }).status, "failed");
});

Deno.test("shell ends a command when the turn is interrupted", async () => {
  const { tool } = bench();
  const stop = new AbortController();
  const seen = {
    ...context({ signal: stop.signal }),
    delta: () => stop.abort(),
  };
  const output = await tool.run(bash("echo started; sleep 60"), seen);
  assert.match(
    String(output.content),
    /^Aborted by the user after \d+\.\d s\.\n/,
  );
  assert.equal(output.success, false);
});

Deno.test("shell completes the activity when the sandbox is missing or the question is interrupted", async () => {
  const { tool } = bench({
    ...plainSandbox(),
    run: () => Promise.reject(new SandboxUnavailable("no sandbox here")),
  });
  const seen = context();
  await assert.rejects(tool.run(bash("true"), seen), SandboxUnavailable);
  assert.deepEqual(
    [...seen.activities.values()].map((
      one,
    ) => [one.stage, "message" in one && one.message]),
    [["completed", "no sandbox here"]],
  );
  const stop = new AbortController();
  stop.abort();
  const asking = {
    ...context({ signal: stop.signal }),
    ask: () => Promise.reject(stop.signal.reason),
  };
  await assert.rejects(
    tool.run(
      bash("true", { sandbox_permissions: "require_escalated" }),
      asking,
    ),
    { name: "AbortError" },
  );
  assert.equal((only(asking) as { message: string }).message, "Interrupted");
});

Deno.test("shell hands a typed patch to the patch engine, before anything is shown or asked", async () => {
  const { tool, patches, sandbox } = bench();
  const seen = context({ approval: "untrusted" });
  const output = await tool.run(
    call({ command: ["apply_patch", "*** Begin Patch"], workdir: "sub" }),
    seen,
  );
  assert.deepEqual(output, { content: "patched", success: true });
  assert.deepEqual(patches, [{
    patch: "*** Begin Patch",
    workdir: "/tmp/sub",
  }]);
  assert.deepEqual([seen.activities.size, sandbox.requests.length], [0, 0]);
});

Deno.test("shell runs calls of the hosted local_shell as well", async () => {
  const { tool, sandbox } = bench();
  const input = JSON.stringify({
    type: "exec",
    command: ["echo", "local"],
    working_directory: "/",
    timeout_ms: 9_000,
    env: {},
  });
  const output = await tool.run(
    call(input, { form: "local_shell", name: "local_shell" }),
    context(),
  );
  assert.match(String(output.content), /Output:\nlocal\n$/);
  assert.deepEqual(
    sandbox.requests.map(({ cwd, timeoutMs }) => [cwd, timeoutMs]),
    [["/", 9_000]],
  );
});

Deno.test("shell cuts what the model and the event get, and stops watching a flood", async () => {
  const { tool } = bench();
  const seen = context({ tokens: 100 });
  const output = await tool.run(
    bash("yes 0123456789abcde | head -c 3000000"),
    seen,
  );
  const [first = ""] = String(output.content).split("\n");
  assert.match(
    first,
    /^Output cut in the middle: kept \d+ bytes .* omitted \d+ bytes/,
  );
  assert.ok(String(output.content).length < 1_000);
  const { output: shown } = only(seen) as { output: string };
  assert.ok(shown.length > 60_000 && shown.length < 66_000);
  const watched = seen.deltas.join("").length;
  assert.ok(watched >= 1024 * 1024 && watched < 2_000_000, `${watched}`);
});

Deno.test("shell hints at the sandbox when that is why a command failed", async () => {
  const denying = bench(plainSandbox({ denies: () => true })).tool;
  const hint = async (
    script: string,
    more: Parameters<typeof context>[0] = {},
    tool = denying,
  ): Promise<string> => {
    const output = await tool.run(bash(script), context(more));
    return /^Note: (.*)$/m.exec(String(output.content))?.[1] ?? "";
  };
  assert.match(
    await hint("exit 1"),
    /^the workspace-write sandbox probably stopped this; .*"require_escalated"/,
  );
  assert.match(
    await hint("exit 1", { approval: "never" }),
    /approval policy "never" allows no way around it/,
  );
  assert.match(
    await hint("echo 'curl: (6) Could not resolve host: x'; exit 6"),
    /^network access is off in the sandbox/,
  );
  assert.match(
    await hint("echo 'npm error EROFS path /home/me/.npm/_cacache'; exit 1"),
    /^the cache of npm \(~\/\.npm\) cannot be written .*sandbox_workspace_write\.build_caches = true\);/,
  );
  assert.match(
    await hint("echo 'Error: listen EPERM: /tmp/tsx-0/1.pipe'; exit 1"),
    /^Unix sockets are closed .*sandbox_workspace_write\.allow_unix_sockets = true\);/,
  );
  assert.equal(await hint("exit 0"), "");
  assert.equal(
    await hint("exit 1", { sandbox: { mode: "danger-full-access" } }),
    "",
  );
  assert.equal(await hint("exit 1", {}, bench().tool), "");
  const open = { ...settings().sandbox, networkAccess: true } as SandboxPolicy;
  assert.equal(
    await hint(
      "echo 'Could not resolve host'; exit 6",
      { sandbox: open },
      bench().tool,
    ),
    "",
  );
});

Deno.test("the shell tool's spec is a function with closed, sorted parameters", () => {
  const { spec, parallel, name } = bench().tool;
  assert.equal(name, "shell");
  assert.equal(parallel, true);
  const parameters = spec["parameters"] as {
    properties: object;
    required: string[];
    additionalProperties: boolean;
  };
  assert.deepEqual(Object.keys(parameters.properties), [
    "command",
    "justification",
    "prefix_rule",
    "sandbox_permissions",
    "timeout_ms",
    "workdir",
  ]);
  assert.deepEqual([
    spec["type"],
    spec["name"],
    spec["strict"],
    parameters.required,
    parameters.additionalProperties,
  ], ["function", "shell", false, ["command"], false]);
});

Deno.test("shell touches its folder and what its words could name", () => {
  const { tool } = bench();
  const script = "sed -n 1,9p src/a/x.ts | rg 'foo' ../y/ --glob=*.md";
  assert.deepEqual(
    tool.touches(call({ command: ["bash", "-lc", script] }), "/r"),
    ["/r", "/r/src/a/x.ts", "/y"],
  );
  const patch = call({ command: ["apply_patch", "a/f"], workdir: "w" });
  assert.deepEqual(tool.touches(patch, "/r"), ["/r/w/a/f"]);
  assert.deepEqual(tool.touches(call({ command: "ls" }), "/r"), []);
});
