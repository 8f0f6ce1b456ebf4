/** Plan mode and reviews: the sandbox lets nothing be written, whoever has allowed it before. */
import assert from "node:assert/strict";
import {
  call,
  type MockRequest,
  type Part,
  say,
} from "../support/mock_model.ts";
import { mcpServerArgs } from "../support/mcp_server.ts";
import { type RunOptions, type Stage, stage } from "./support.ts";

/** Everything that a person may have allowed: none of it counts in a mode. */
const RULES = [
  'prefix_rule(pattern=["touch"], decision="allow")',
  'prefix_rule(pattern=["sh"], decision="allow")',
].join("\n");
const GRANTS =
  'prefix_rule(pattern=["mkdir"], decision="allow", sandbox=["network", "WORK"])\n';
const HOOKS = JSON.stringify({
  hooks: {
    PermissionRequest: [{
      hooks: [{
        type: "command",
        command:
          `echo '{"hookSpecificOutput":{"hookEventName":"PermissionRequest","decision":{"behavior":"allow"}}}'`,
      }],
    }],
  },
});
const APPROVE = `exec:echo '{"decision":"approve_for_session"}'`;

function patch(path: string): string {
  return `*** Begin Patch\n*** Add File: ${path}\n+owned\n*** End Patch`;
}

function bash(script: string, more: Record<string, string> = {}): Part {
  return call("shell", { command: ["bash", "-c", script], ...more });
}

const ESCALATED = {
  sandbox_permissions: "require_escalated",
  justification: "May I?",
};

/** Ways to write a file below `$OUT`, each by another door. */
const TRIES: readonly Part[] = [
  bash("echo owned > owned_shell"),
  bash('echo owned > "$OUT/owned"'),
  bash("echo owned > /tmp/rondo_owned; test ! -e /tmp/rondo_owned"),
  bash("echo owned > /dev/shm/rondo_owned; test ! -e /dev/shm/rondo_owned"),
  bash("echo owned > owned_escalated", ESCALATED),
  bash("touch owned_rule"),
  bash("mkdir owned_grant"),
  call("shell", { command: ["touch", "owned_rule_plain"] }),
  call("shell", { command: ["sh", "-c", "echo owned > owned_sh_rule"] }),
  bash("git add -A && git -c user.name=a -c user.email=a@b commit -m owned"),
  bash(`apply_patch <<'EOF'\n${patch("owned_heredoc")}\nEOF`),
  call("apply_patch", { input: patch("owned_patch") }),
  call("apply_patch", { input: patch("../owned_outside") }),
  call("exec_command", { cmd: "echo owned > owned_exec" }),
  call("exec_command", { cmd: "echo owned > owned_tty", tty: true }),
  call("exec_command", { cmd: "echo owned > owned_out", ...ESCALATED }),
  call("mcp__files__write", { path: "owned_mcp" }),
  call("mcp__files__note", {}),
  call("mcp__files__look", {}),
  say("1. Move it."),
];

interface Prepared extends Stage {
  /** Names of the tools that the server was asked for. */
  calls(): Promise<readonly string[]>;
}

async function prepared(script: readonly Part[]): Promise<Prepared> {
  const calls = await Deno.makeTempFile({ prefix: "rondo-calls-" });
  const server = mcpServerArgs({
    logFile: calls,
    tools: [
      { name: "write" },
      {
        name: "note",
        annotations: {
          readOnlyHint: false,
          destructiveHint: false,
          openWorldHint: false,
        },
      },
      { name: "look", annotations: { readOnlyHint: true } },
    ],
  });
  const s = await stage({
    script: [...script],
    config: {
      bottom: [
        "[sandbox_workspace_write]",
        "git_commits = true",
        "[mcp_servers.files]",
        `command = ${JSON.stringify(Deno.execPath())}`,
        `args = ${JSON.stringify(server)}`,
        'env_vars = ["DENO_DIR"]',
        'default_tools_approval_mode = "approve"',
      ].join("\n"),
    },
  });
  const { codexHome, work, root } = s.home;
  await Deno.mkdir(`${codexHome}/rules`);
  await Deno.mkdir(`${root}/out`);
  await Deno.writeTextFile(`${codexHome}/rules/default.rules`, RULES);
  await Deno.writeTextFile(
    `${codexHome}/rules/default.grants`,
    GRANTS.replace("WORK", work),
  );
  await Deno.writeTextFile(`${codexHome}/hooks.json`, HOOKS);
  await new Deno.Command("git", { args: ["init", "-q", work] }).output();
  return {
    ...s,
    calls: async () => {
      const lines = (await Deno.readTextFile(calls)).trim().split("\n");
      return lines.map((line) => JSON.parse(line))
        .filter(({ method }) => method === "tools/call")
        .map(({ params }) => params.name);
    },
    [Symbol.asyncDispose]: async () => {
      await Deno.remove(calls);
      await s[Symbol.asyncDispose]();
    },
  };
}

function options(s: Stage, more: RunOptions = {}): RunOptions {
  return {
    ...more,
    env: { OUT: `${s.home.root}/out` },
    args: [
      ...["-a", "on-request", "--approvals", APPROVE],
      ...["--add-dir", `${s.home.root}/out`],
      ...(more.args ?? []),
    ],
  };
}

async function assertNothingWritten({ home }: Stage): Promise<void> {
  const names: string[] = [];
  for (const folder of [home.work, `${home.root}/out`, home.root]) {
    for await (const { name } of Deno.readDir(folder)) names.push(name);
  }
  assert.deepEqual(names.filter((name) => name.includes("owned")), []);
  const log = await new Deno.Command("git", {
    args: ["-C", home.work, "log", "--oneline", "--all"],
  }).output();
  assert.equal(new TextDecoder().decode(log.stdout), "");
}

function outputs({ input }: MockRequest): readonly string[] {
  return input.filter((item) => /_call_output$/.test(String(item["type"])))
    .map((item) => JSON.stringify(item["output"]));
}

Deno.test("without plan mode the same calls do write: rules, hooks and answers allow them", async () => {
  await using s = await prepared(TRIES);
  await s.json("go", options(s, { sandbox: "workspace-write" }));
  const names: string[] = [];
  for (const folder of [s.home.work, `${s.home.root}/out`, s.home.root]) {
    for await (const { name } of Deno.readDir(folder)) names.push(name);
  }
  assert.deepEqual(names.filter((name) => name.includes("owned")).sort(), [
    "owned",
    "owned_escalated",
    "owned_exec",
    "owned_grant",
    "owned_heredoc",
    "owned_out",
    "owned_outside",
    "owned_patch",
    "owned_rule",
    "owned_rule_plain",
    "owned_sh_rule",
    "owned_shell",
    "owned_tty",
  ]);
  assert.deepEqual((await s.calls()).toSorted(), ["look", "note", "write"]);
});

for (const sandbox of ["danger-full-access", "workspace-write"] as const) {
  Deno.test(`exec --plan writes nothing under ${sandbox}, whatever rules, hooks and answers allow`, async () => {
    await using s = await prepared(TRIES);
    const run = await s.json(
      "go",
      options(s, { sandbox, args: ["--plan", "-o", "plan.md"] }),
    );
    assert.equal(run.code, 0, run.stdout);
    await assertNothingWritten(s);
    const [first] = run.events;
    assert.equal(first?.["mode"], "plan");
    assert.equal(
      (first?.["sandbox"] as Record<string, unknown>)["mode"],
      "read-only",
    );
    const started = run.events.find(({ type }) => type === "turn.started");
    assert.equal(started?.["mode"], "plan");
    assert.equal(
      run.events.some(({ type }) => type === "approval.requested"),
      false,
      "nobody is asked",
    );
    assert.equal(
      await Deno.readTextFile(`${s.home.work}/plan.md`),
      "1. Move it.",
    );
    const said = outputs(s.model.request(TRIES.length - 1));
    assert.equal(said.length, TRIES.length - 1);
    const refused = [4, 10, 11, 12, 15, 16, 17];
    for (const at of refused) assert.match(said[at] ?? "", /plan mode/);
    assert.doesNotMatch(said.at(-1) ?? "", /plan mode/, "reading goes on");
    assert.deepEqual(await s.calls(), ["look"]);
  });
}

Deno.test("exec review writes nothing, whatever rules, hooks and answers allow", async () => {
  await using s = await prepared(TRIES);
  const run = await s.json("look at it", options(s, { command: ["review"] }));
  await assertNothingWritten(s);
  assert.equal(run.events[0]?.["mode"], "review");
  const said = outputs(s.model.request(TRIES.length - 1));
  assert.match(said[11] ?? "", /a review changes nothing/);
});

Deno.test("a plan is kept over a resume, and carried out once it is accepted", async () => {
  await using s = await prepared([
    say("1. Make it."),
    bash("echo owned > owned_too_early"),
    say("1. Make it now."),
    bash("echo done > made"),
    say("made"),
  ]);
  const where = { sandbox: "workspace-write" };
  await s.json("make it", { ...where, args: ["--plan"] });
  const resumed = { ...where, command: ["resume", "--last"] };
  const again = await s.json("sooner", resumed);
  assert.equal(again.events[0]?.["mode"], "plan");
  await assertNothingWritten(s);
  const work = await s.json("", { ...resumed, args: ["--accept-plan"] });
  assert.equal(work.code, 0, work.stdout);
  assert.equal(work.events[0]?.["mode"], undefined);
  assert.equal(await Deno.readTextFile(`${s.home.work}/made`), "done\n");
  // The plan as it was accepted, and before it a message that says what holds now.
  const [permissions, accepted] = s.model.request(3).input.slice(-2);
  assert.match(JSON.stringify(permissions), /workspace-write/);
  assert.match(JSON.stringify(accepted), /<plan>\\n1\. Make it now\.\\n/);
  const twice = await s.human("", { ...resumed, args: ["--accept-plan"] });
  assert.equal(twice.code, 2);
  assert.match(
    twice.stderr,
    /Cannot accept a plan: the session is not in plan/,
  );
});

Deno.test("a dialog enters plan mode for the next turn and leaves it", async () => {
  await using s = await prepared([
    say("hello"),
    bash("echo owned > owned_dialog"),
    say("a plan"),
    bash("echo done > made"),
    say("made"),
  ]);
  const agent = s.start("", {
    sandbox: "workspace-write",
    args: ["--input", "jsonl"],
    stdin: "open",
  });
  const send = (line: Record<string, string>): Promise<void> =>
    agent.write(`${JSON.stringify(line)}\n`);
  await send({ type: "user.input", text: "hi" });
  await agent.untilEvent("turn.completed");
  await send({ type: "mode.set", mode: "plan" });
  assert.equal((await agent.untilEvent("mode.changed"))["mode"], "plan");
  await send({ type: "user.input", text: "plan it" });
  await agent.untilEvent("turn.completed");
  await assertNothingWritten(s);
  await send({ type: "mode.set", mode: "default" });
  assert.equal((await agent.untilEvent("mode.changed"))["mode"], "default");
  await send({ type: "user.input", text: "do it" });
  await agent.untilEvent("turn.completed");
  await agent.closeStdin();
  assert.equal((await agent.finished).code, 0);
  assert.equal(await Deno.readTextFile(`${s.home.work}/made`), "done\n");
});

Deno.test("a session started with more rights is not interrupted in plan mode: it may act on that", async () => {
  const interrupt = (request: MockRequest): Part =>
    call("write_stdin", {
      session_id: Number(
        /session ID (\d+)/.exec(JSON.stringify(request.input))?.[1],
      ),
      chars: "\u0003",
    });
  const script =
    "trap 'echo owned > owned_signal' INT; while :; do sleep 0.05; done";
  await using s = await stage({
    script: [
      call("exec_command", { cmd: script, yield_time_ms: 250 }),
      say("it runs"),
      interrupt,
      say("a plan"),
      interrupt,
      bash("until [ -e owned_signal ]; do sleep 0.05; done"),
      say("done"),
    ],
  });
  const agent = s.start("", {
    sandbox: "workspace-write",
    args: ["--input", "jsonl", "-m", "gpt-5.5"],
    stdin: "open",
  });
  const send = (line: Record<string, string>): Promise<void> =>
    agent.write(`${JSON.stringify(line)}\n`);
  await send({ type: "user.input", text: "start one" });
  await agent.untilEvent("turn.completed");
  await send({ type: "mode.set", mode: "plan" });
  await send({ type: "user.input", text: "plan it" });
  await agent.untilEvent("turn.completed");
  await assert.rejects(Deno.stat(`${s.home.work}/owned_signal`));
  assert.match(
    outputs(s.model.request(3))[1] ?? "",
    /Session \d+ was started with more rights.*plan mode/,
  );
  // Afterwards it is as ever, and what was not to happen does.
  await send({ type: "mode.set", mode: "default" });
  await send({ type: "user.input", text: "stop it" });
  await agent.untilEvent("turn.completed");
  await agent.closeStdin();
  await agent.finished;
  assert.equal(
    await Deno.readTextFile(`${s.home.work}/owned_signal`),
    "owned\n",
  );
});

Deno.test("a session started with more rights cannot be typed into in plan mode", async () => {
  const sessionOf = ({ input }: MockRequest): number =>
    Number(/session ID (\d+)/.exec(JSON.stringify(input))?.[1]);
  const type = (chars: string) => (request: MockRequest): Part =>
    call("write_stdin", { session_id: sessionOf(request), chars });
  await using s = await stage({
    script: [
      call("exec_command", { cmd: "sh", tty: true, yield_time_ms: 250 }),
      say("a shell"),
      type("echo owned > owned_typed\n"),
      type(""),
      say("a plan"),
    ],
  });
  const agent = s.start("", {
    sandbox: "workspace-write",
    args: ["--input", "jsonl", "-m", "gpt-5.5"],
    stdin: "open",
  });
  const send = (line: Record<string, string>): Promise<void> =>
    agent.write(`${JSON.stringify(line)}\n`);
  await send({ type: "user.input", text: "start one" });
  await agent.untilEvent("turn.completed");
  await send({ type: "mode.set", mode: "plan" });
  assert.match(
    String((await agent.untilEvent("warning"))["message"]),
    /Session \d+ \(sh\) goes on with the rights .* commands\.kill ends it/,
  );
  await send({ type: "user.input", text: "plan it" });
  await agent.untilEvent("turn.completed");
  await agent.closeStdin();
  await agent.finished;
  await assert.rejects(Deno.stat(`${s.home.work}/owned_typed`));
  const [, refused = "", read = ""] = outputs(s.model.request(4));
  assert.match(refused, /Session \d+ was started with more rights.*plan mode/);
  assert.match(read, /Process running with session ID/);
});
