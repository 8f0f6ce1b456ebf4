/** The gate with real commands: who is asked what, and what runs where. */
import assert from "node:assert/strict";
import type { Gate, GateResult } from "../../../core/protocol/command.ts";
import { SandboxUnavailable } from "../../../core/protocol/error.ts";
import type {
  Action,
  ApprovalPolicy,
  Decision,
  SandboxPolicy,
} from "../../../core/protocol/policy.ts";
import { createGate } from "../../../tools/gate/gate.ts";
import {
  openRuleStore,
  type RuleStore,
} from "../../../tools/gate/rule_store.ts";
import {
  host,
  type PlainSandbox,
  plainSandbox,
  type RecordingContext,
  recordingContext,
  settings,
} from "../support.ts";

interface Bench extends AsyncDisposable {
  readonly folder: string;
  readonly gate: Gate;
  readonly sandbox: PlainSandbox;
  readonly rules: RuleStore;
  context(
    answers?: readonly Decision[],
    more?: {
      approval?: ApprovalPolicy;
      sandbox?: SandboxPolicy;
      threadId?: string;
    },
  ): RecordingContext;
  run(what: string | Action, context: RecordingContext): Promise<GateResult>;
}

async function bench(
  options: { readonly denies?: boolean; readonly rules?: string } = {},
): Promise<Bench> {
  const folder = await Deno.makeTempDir({ prefix: "gate-" });
  await Deno.mkdir(`${folder}/home/rules`, { recursive: true });
  await Deno.mkdir(`${folder}/ws`);
  const savedPath = `${folder}/home/rules/default.rules`;
  if (options.rules !== undefined) {
    await Deno.writeTextFile(savedPath, options.rules);
  }
  const sandbox = plainSandbox({ denies: () => options.denies ?? false });
  const rules = await openRuleStore({ host, folders: [], savedPath });
  const gate = createGate({
    host,
    sandbox,
    rules,
    environment: {
      policy: {
        inherit: "all",
        ignore_default_excludes: true,
        exclude: [],
        set: {},
        include_only: [],
      },
      secretNames: ["OPENAI_API_KEY"],
    },
    spoolFolder: `${folder}/spool`,
  });
  const cwd = `${folder}/ws`;
  return {
    folder,
    gate,
    sandbox,
    rules,
    context: (answers = [], more = {}) =>
      recordingContext(settings({ ...more, cwd }), {
        answers,
        ...(more.threadId === undefined ? {} : { threadId: more.threadId }),
      }),
    run: (what, context) => {
      const action: Action = typeof what === "string"
        ? { type: "command", argv: ["bash", "-c", what], cwd, escalated: false }
        : what;
      return gate.run({
        action,
        argv: action.type === "command" ? action.argv : ["true"],
        cwd,
        timeoutMs: 10_000,
        detail: "the whole of it",
      }, context);
    },
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

function outputOf(result: GateResult): string {
  return result.type === "ran"
    ? result.result.output.head
    : `refused: ${result.reason}`;
}

function escalated(cwd: string, script = "echo hi"): Action {
  return {
    type: "command",
    argv: ["bash", "-c", script],
    cwd,
    escalated: true,
    justification: "May I?",
  };
}

Deno.test("gate.run() runs in the sandbox what the policy allows, and asks nobody", async () => {
  await using b = await bench();
  const context = b.context();
  assert.equal(outputOf(await b.run("echo hi", context)), "hi\n");
  const [request] = b.sandbox.requests;
  assert.equal(request?.sandboxed, true);
  assert.equal(request?.workspace, `${b.folder}/ws`);
  assert.equal(request?.env["CODEX_THREAD_ID"], "thread-1");
  assert.equal(request?.env["CODEX_SANDBOX_NETWORK_DISABLED"], "1");
  assert.equal(request?.env["OPENAI_API_KEY"], undefined);
  assert.match(request?.spoolPath ?? "", /\/spool\/thread-1\/[^/]+\.txt$/);
  assert.equal(request?.spoolOverBytes, 4_000);
  assert.equal(
    (await Deno.stat(`${b.folder}/spool/thread-1`)).mode! & 0o777,
    0o700,
  );
});

Deno.test("gate.run() has files kept before a patch runs, and only then", async () => {
  await using b = await bench();
  const patch: Action = {
    type: "patch",
    paths: [`${b.folder}/ws/a`, `${b.folder}/ws/b`],
    cwd: `${b.folder}/ws`,
  };
  const refused = b.context([{ type: "deny" }], { approval: "untrusted" });
  await b.run(patch, refused);
  assert.deepEqual(refused.keptPaths, []);
  const allowed = b.context([{ type: "approve" }], { approval: "untrusted" });
  await b.run(patch, allowed);
  assert.deepEqual(allowed.keptPaths, patch.paths);
  const command = b.context([], { approval: "never" });
  await b.run("true", command);
  assert.deepEqual(command.keptPaths, []);
});

Deno.test("gate.run() refuses what the policy refuses, and runs nothing", async () => {
  await using b = await bench();
  const result = await b.run("rm -rf x", b.context([], { approval: "never" }));
  assert.match(outputOf(result), /^refused: "rm -rf x" deletes/);
  assert.deepEqual(b.sandbox.requests, []);
});

Deno.test("gate.run() asks with everything the person needs to know", async () => {
  await using b = await bench();
  const context = b.context([{ type: "approve" }]);
  const ws = `${b.folder}/ws`;
  assert.equal(
    outputOf(await b.run(escalated(ws, "cd . && echo hi"), context)),
    "hi\n",
  );
  const [question] = context.asked;
  assert.deepEqual({ ...question, forbids: "" }, {
    kind: "escalation",
    title: "bash -c 'cd . && echo hi'",
    detail: "the whole of it",
    cwd: ws,
    reason: "The model asks to run it outside the sandbox: May I?",
    forbids: "",
    sessionScope:
      `Until this session ends: echo hi in ${ws}, outside the sandbox`,
    prefix: ["echo", "hi"],
    rules: [
      { prefixes: [["echo", "hi"]], sandbox: ["network"] },
      { prefixes: [["echo", "hi"]] },
    ],
  });
  assert.match(
    question?.forbids ?? "",
    new RegExp(
      `^The sandbox forbids writing outside ${ws}.*/tmp.* and any network access$`,
    ),
  );
  assert.equal(b.sandbox.requests[0]?.sandboxed, false);
  assert.equal(
    b.sandbox.requests[0]?.env["CODEX_SANDBOX_NETWORK_DISABLED"],
    undefined,
  );
});

Deno.test("gate.run() hands a no back to the model, with the person's word", async () => {
  await using b = await bench();
  const ws = `${b.folder}/ws`;
  const word = await b.run(
    escalated(ws),
    b.context([{ type: "deny", message: "use make" }]),
  );
  assert.deepEqual(word, {
    type: "refused",
    reason:
      "The user rejected this command, nothing was run, and said: use make",
  });
  const stop = await b.run(escalated(ws), b.context([{ type: "abort" }]));
  assert.deepEqual(stop, {
    type: "refused",
    reason: "The user rejected this command; nothing was run",
  });
  const patch = await b.run(
    { type: "patch", paths: ["/etc/x"], cwd: ws },
    b.context([{ type: "deny" }]),
  );
  assert.match(outputOf(patch), /rejected this patch/);
  assert.deepEqual(b.sandbox.requests, []);
});

Deno.test("gate.run() remembers for the session what was approved for it, in every dress", async () => {
  await using b = await bench();
  const ws = `${b.folder}/ws`;
  const context = b.context([{ type: "approve_for_session" }]);
  await b.run(escalated(ws, "echo hi"), context);
  await b.run(escalated(ws, "CI=1 timeout 9 echo hi"), context);
  await b.run(escalated("/", `cd ${ws} && echo 'hi'`), context);
  assert.equal(context.asked.length, 1);
  assert.match(
    context.asked[0]?.sessionScope ?? "",
    new RegExp(`: echo hi in ${ws}, outside the sandbox$`),
  );
  await assert.rejects(
    b.run(escalated(ws, "echo ho"), context),
    /unexpected question/,
  );
  await assert.rejects(
    b.run(escalated(ws, "echo hi"), b.context([], { threadId: "thread-2" })),
    /unexpected question/,
  );
});

Deno.test("gate.run() asks once for a patch of files that were all approved", async () => {
  await using b = await bench();
  const ws = `${b.folder}/ws`;
  const context = b.context([{ type: "approve_for_session" }]);
  await b.run({ type: "patch", paths: ["/etc/x", "/etc/y"], cwd: ws }, context);
  await b.run({ type: "patch", paths: ["/etc/y"], cwd: ws }, context);
  assert.equal(context.asked.length, 1);
  await assert.rejects(
    b.run({ type: "patch", paths: ["/etc/y", "/etc/z"], cwd: ws }, context),
    /unexpected question/,
  );
});

Deno.test("gate.run() saves a prefix as a rule that holds from then on", async () => {
  await using b = await bench({ rules: "# mine" });
  const ws = `${b.folder}/ws`;
  const context = b.context([{
    type: "approve_prefix",
    prefix: ["echo", "hi"],
  }]);
  await b.run(escalated(ws, "echo hi"), context);
  assert.equal(
    await Deno.readTextFile(`${b.folder}/home/rules/default.rules`),
    '# mine\nprefix_rule(pattern=["echo", "hi"], decision="allow")\n',
  );
  await b.run(escalated(ws, "echo hi there"), context);
  await b.run("echo hi you", b.context([], { approval: "untrusted" }));
  assert.deepEqual(b.sandbox.requests.map(({ sandboxed }) => sandboxed), [
    false,
    false,
    false,
  ]);
  assert.equal(context.asked.length, 1);
});

Deno.test("gate.run() approves for the session when a rule cannot be saved, and never saves a wide one", async () => {
  await using b = await bench();
  const ws = `${b.folder}/ws`;
  await Deno.remove(`${b.folder}/home/rules`, { recursive: true });
  await Deno.writeTextFile(`${b.folder}/home/rules`, "in the way");
  const context = b.context([{
    type: "approve_prefix",
    prefix: ["echo", "hi"],
  }]);
  assert.equal(outputOf(await b.run(escalated(ws), context)), "hi\n");
  assert.equal(outputOf(await b.run(escalated(ws), context)), "hi\n");
  assert.match(
    context.warnings.join(),
    /"echo hi" is approved until this session ends/,
  );
  const wide = b.context([{ type: "approve_prefix", prefix: ["bash"] }]);
  await b.run(escalated(ws, "echo ho"), wide);
  assert.match(wide.warnings.join(), /"bash" would allow everything/);
  assert.deepEqual(b.rules.current().rules, []);
});

Deno.test("gate.run() offers a run outside after a denial only where the policy asks", async () => {
  await using b = await bench({ denies: true });
  for (const approval of ["never", "on-request"] as const) {
    const context = b.context([], { approval });
    const result = await b.run("echo no; exit 1", context);
    assert.equal(result.type === "ran" && result.result.denied, true);
  }
  assert.equal(b.sandbox.requests.length, 2);
  const yes = b.context([{ type: "approve_for_session" }], {
    approval: "on-failure",
  });
  await b.run("echo no; exit 1", yes);
  await b.run("echo no; exit 1", yes);
  assert.equal(yes.asked.length, 1);
  assert.match(yes.asked[0]?.reason ?? "", /seems to have stopped it \("no"\)/);
  assert.deepEqual(
    b.sandbox.requests.slice(2).map(({ sandboxed }) => sandboxed),
    [true, false, true, false],
  );
  const no = b.context([{ type: "approve" }, { type: "deny" }], {
    approval: "untrusted",
  });
  const result = await b.run("echo other; exit 1", no);
  assert.equal(result.type === "ran" && result.result.denied, true);
  assert.equal(outputOf(result), "other\n");
});

Deno.test("gate.run() puts parallel questions one by one, and an answer may settle the next", async () => {
  await using b = await bench();
  const ws = `${b.folder}/ws`;
  const context = b.context([{ type: "approve_for_session" }, {
    type: "approve_prefix",
    prefix: ["printf", "x"],
  }]);
  const results = await Promise.all(
    [
      escalated(ws),
      escalated(ws),
      escalated(ws, "printf x"),
      escalated(ws, "printf x y"),
    ].map((action) => b.run(action, context)),
  );
  assert.deepEqual(results.map(outputOf), ["hi\n", "hi\n", "x", "x"]);
  assert.equal(context.asked.length, 2);
});

Deno.test("gate.run() lets a missing sandbox and an interrupted question through", async () => {
  await using b = await bench();
  const missing = createGate({
    host,
    sandbox: {
      ...b.sandbox,
      run: () => Promise.reject(new SandboxUnavailable("none")),
    },
    rules: b.rules,
    environment: {
      policy: {
        inherit: "none",
        ignore_default_excludes: true,
        exclude: [],
        set: {},
        include_only: [],
      },
      secretNames: [],
    },
  });
  const action: Action = {
    type: "command",
    argv: ["true"],
    cwd: "/",
    escalated: false,
  };
  await assert.rejects(
    missing.run({
      action,
      argv: ["true"],
      cwd: "/",
      timeoutMs: 1_000,
      detail: "",
    }, b.context()),
    SandboxUnavailable,
  );
  const context = {
    ...b.context(),
    ask: () => Promise.reject(new DOMException("stop", "AbortError")),
  };
  await assert.rejects(
    b.gate.run({
      action: escalated("/"),
      argv: ["true"],
      cwd: "/",
      timeoutMs: 1_000,
      detail: "",
    }, context),
    { name: "AbortError" },
  );
  // The next question is not held up by the one that failed.
  const next = b.context([{ type: "approve" }]);
  assert.equal(
    outputOf(await b.run(escalated(`${b.folder}/ws`), next)),
    "hi\n",
  );
});

Deno.test("gate.run() tells an outer sandbox's network state to commands", async () => {
  await using b = await bench();
  await b.run(
    "true",
    b.context([], {
      sandbox: { mode: "external-sandbox", networkAccess: false },
    }),
  );
  await b.run(
    "true",
    b.context([], { sandbox: { mode: "danger-full-access" } }),
  );
  assert.deepEqual(
    b.sandbox.requests.map((
      { sandboxed, env },
    ) => [sandboxed, env["CODEX_SANDBOX_NETWORK_DISABLED"]]),
    [[false, "1"], [false, undefined]],
  );
});

Deno.test("a rule with network keeps the sandbox, from the answer on", async () => {
  await using b = await bench();
  const ws = `${b.folder}/ws`;
  const context = b.context([{
    type: "approve_prefix",
    prefix: ["expr"],
    also: [["seq", "2"]],
    sandbox: ["network"],
  }]);
  await b.run(escalated(ws, "expr 1 + 1 && seq 2"), context);
  await b.run(escalated(ws, "expr 2 + 2 2>&1 | tail -1"), context);
  await b.run("seq 2; echo done", context);
  assert.equal(context.asked.length, 1);
  for (const { sandboxed, policy, env } of b.sandbox.requests) {
    assert.equal(sandboxed, true);
    assert.equal(
      policy.mode === "workspace-write" && policy.networkAccess,
      true,
    );
    assert.equal(env["CODEX_SANDBOX_NETWORK_DISABLED"], undefined);
  }
  assert.equal(
    await Deno.readTextFile(`${b.folder}/home/rules/default.grants`),
    'prefix_rule(pattern=["expr"], decision="allow", sandbox=["network"])\n' +
      'prefix_rule(pattern=["seq", "2"], decision="allow", sandbox=["network"])\n',
  );
  // Other programs read `.rules` and know no such rule.
  await assert.rejects(Deno.stat(`${b.folder}/home/rules/default.rules`));
  await b.run("expr 3 + 3; cat /etc/hostname > /dev/null", context);
  assert.equal(b.sandbox.requests.length, 4);
});

Deno.test("a rule for a folder opens that folder and nothing else", async () => {
  await using b = await bench({
    rules: 'prefix_rule(pattern=["make"], sandbox=["/srv/cache"])\n',
  });
  await b.run("make -n 2>/dev/null; true", b.context());
  const [request] = b.sandbox.requests;
  assert.equal(request?.sandboxed, true);
  assert.deepEqual(
    request?.policy.mode === "workspace-write" && [
      request.policy.writableRoots,
      request.policy.networkAccess,
    ],
    [["/srv/cache"], false],
  );
});

Deno.test("a command that asked to leave, ran by a rule inside and was stopped asks once more", async () => {
  await using b = await bench({
    denies: true,
    rules: 'prefix_rule(pattern=["expr"], sandbox=["network"])\n',
  });
  const context = b.context([{ type: "approve" }]);
  await b.run(escalated(`${b.folder}/ws`, "expr 1"), context);
  assert.equal(context.asked.length, 1);
  assert.deepEqual(b.sandbox.requests.map(({ sandboxed }) => sandboxed), [
    true,
    false,
  ]);
});

Deno.test("after a denial the question offers what the command seems to miss", async () => {
  const cases: [string, readonly unknown[]][] = [
    ["curl: (6) Could not resolve host: x", [["network"], undefined]],
    ["touch: cannot touch '/srv/data/out/x.txt': Read-only file system", [
      ["/srv/data/out"],
      undefined,
    ]],
    ["npm error EROFS mkdir '/home/you/.npm/_cacache/tmp'", [
      ["/home/you/.npm"],
      undefined,
    ]],
    ["cannot create '/home/you/.ssh/authorized_keys': Permission denied", [
      undefined,
    ]],
    ["cannot create '/etc/cron.d/job.sh': Permission denied", [undefined]],
    ["error: 3 tests failed", [undefined]],
  ];
  for (const [output, expected] of cases) {
    await using b = await bench({ denies: true });
    const context = b.context([{ type: "deny" }], { approval: "on-failure" });
    const file = `${b.folder}/ws/said`;
    await Deno.writeTextFile(file, output);
    await b.run("paste said", context);
    const [question] = context.asked;
    assert.deepEqual(
      question?.rules?.map(({ sandbox }) => sandbox),
      expected,
      output,
    );
  }
});
