/** Hooks as programs: what they read, when they are meant, what their answers are. */
import assert from "node:assert/strict";
import { denoHost } from "../../../../core/host/host.ts";
import type {
  HookEvent,
  HookPlace,
  HookVerdict,
} from "../../../../core/protocol/hooks.ts";
import { NO_HOOKS } from "../../../../core/protocol/hooks.ts";
import type { CallView } from "../../../../core/protocol/item.ts";
import { LIMITS } from "../../../../core/protocol/limits.ts";
import {
  buildHookInput,
  matchesEvent,
} from "../../../../core/session/hooks/input.ts";
import {
  joinVerdicts,
  parseHookOutput,
} from "../../../../core/session/hooks/output.ts";
import {
  createHooks,
  type HookHandler,
} from "../../../../core/session/hooks/hooks.ts";
import { createNotify } from "../../../../core/session/hooks/notify.ts";
import { TEST_SETTINGS } from "../../../support/settings.ts";

const host = denoHost();

function shell(command: unknown, more: object = {}): CallView {
  return {
    type: "call",
    form: "function",
    callId: "c1",
    name: "shell",
    input: JSON.stringify({ command, ...more }),
  };
}

const PATCH: CallView = {
  type: "call",
  form: "custom",
  callId: "c2",
  name: "apply_patch",
  input: "*** Begin Patch\n*** End Patch\n",
};

function place(cwd: string, signal = new AbortController().signal): HookPlace {
  return {
    threadId: "t1",
    turnId: "u1",
    logPath: "/log.jsonl",
    settings: { ...TEST_SETTINGS, cwd },
    signal,
  };
}

function pre(call: CallView): HookEvent {
  return { name: "PreToolUse", call };
}

async function run(
  command: string | readonly string[],
  event: HookEvent = pre(shell(["ls"])),
  more: Partial<HookHandler> & { readonly signal?: AbortSignal } = {},
): Promise<HookVerdict> {
  const commands = typeof command === "string" ? [command] : command;
  const hooks = createHooks(host, {
    handlers: commands.map((one) => ({
      event: event.name,
      command: one,
      timeoutMs: 10_000,
      ...more,
    })),
    env: { PATH: Deno.env.get("PATH") ?? "" },
  });
  return await hooks.run(event, place("/tmp", more.signal));
}

Deno.test("buildHookInput() says where and what, in the fields that hooks read", () => {
  const call = shell(["bash", "-lc", "ls | wc"], { workdir: "sub" });
  assert.deepEqual(buildHookInput(pre(call), place("/w")), {
    session_id: "t1",
    turn_id: "u1",
    transcript_path: "/log.jsonl",
    cwd: "/w",
    hook_event_name: "PreToolUse",
    model: "test-model",
    permission_mode: "bypassPermissions",
    tool_name: "Bash",
    tool_input: { command: "ls | wc", workdir: "sub" },
    tool_use_id: "c1",
  });
});

Deno.test("buildHookInput() shows commands as they would be typed, patches as they are", () => {
  const inputOf = (call: CallView) =>
    buildHookInput(pre(call), place("/w"))["tool_input"];
  assert.deepEqual(inputOf(shell(["echo", "a b"])), { command: "echo 'a b'" });
  assert.deepEqual(inputOf(PATCH), { command: PATCH.input });
  const asFunction = { ...PATCH, input: JSON.stringify({ input: "text" }) };
  assert.deepEqual(inputOf(asFunction), { command: "text" });
  const broken = { ...shell([]), name: "other", input: "{broken" };
  assert.deepEqual(inputOf(broken), { input: "{broken" });
});

Deno.test("buildHookInput() has the fields of each event, and no log where nothing is recorded", () => {
  const fieldsOf = (event: HookEvent) => {
    const input = buildHookInput(event, { ...place("/w"), logPath: "" });
    assert.equal(input["transcript_path"], null);
    const {
      session_id: _1,
      turn_id: _2,
      transcript_path: _3,
      cwd: _4,
      hook_event_name: _5,
      model: _6,
      permission_mode: _7,
      ...rest
    } = input;
    return rest;
  };
  assert.deepEqual(fieldsOf({ name: "SessionStart", source: "resume" }), {
    source: "resume",
  });
  assert.deepEqual(fieldsOf({ name: "UserPromptSubmit", prompt: "hi" }), {
    prompt: "hi",
  });
  assert.deepEqual(
    fieldsOf({ name: "Stop", isActive: true, lastMessage: "done" }),
    { stop_hook_active: true, last_assistant_message: "done" },
  );
  assert.deepEqual(fieldsOf({ name: "PreCompact", trigger: "auto" }), {
    trigger: "auto",
    custom_instructions: "",
  });
  assert.deepEqual(
    fieldsOf({ name: "PostCompact", trigger: "manual", summary: "s" }),
    { trigger: "manual", compact_summary: "s" },
  );
  assert.deepEqual(fieldsOf({ name: "SessionEnd", reason: "exit" }), {
    reason: "exit",
  });
  assert.equal(
    fieldsOf({
      name: "PostToolUse",
      call: shell(["ls"]),
      response: "out",
    })["tool_response"],
    "out",
  );
});

Deno.test("matchesEvent() takes names, alternatives and expressions", () => {
  const bash = pre(shell(["ls"]));
  const cases: readonly (readonly [string | undefined, HookEvent, boolean])[] =
    [
      [undefined, bash, true],
      ["", bash, true],
      ["*", bash, true],
      ["Bash", bash, true],
      ["Bas", bash, false],
      ["Edit|Bash", bash, true],
      ["^B.*", bash, true],
      ["mcp__.*", bash, false],
      ["Edit", pre(PATCH), true],
      ["Write|Read", pre(PATCH), true],
      ["apply_patch", pre(PATCH), true],
      ["(", bash, false],
      ["resume", { name: "SessionStart", source: "startup" }, false],
      ["startup|resume", { name: "SessionStart", source: "startup" }, true],
      ["manual", { name: "PreCompact", trigger: "auto" }, false],
      ["anything", { name: "Stop", isActive: false, lastMessage: "" }, true],
    ];
  for (const [matcher, event, expected] of cases) {
    assert.equal(
      matchesEvent(matcher, event),
      expected,
      `${matcher} ${event.name}`,
    );
  }
});

Deno.test("a hook reads the event as one line of JSON, in the folder of the thread", async () => {
  const folder = await Deno.makeTempDir();
  const hooks = createHooks(host, {
    handlers: [{
      event: "Stop",
      command: "cat > seen.json; echo $MARK >> seen.json",
      timeoutMs: 10_000,
    }],
    env: { PATH: Deno.env.get("PATH") ?? "", MARK: "mine" },
  });
  const event = { name: "Stop", isActive: false, lastMessage: "bye" } as const;
  assert.deepEqual(await hooks.run(event, place(folder)), {
    context: [],
    messages: [],
  });
  const [line, mark, end] = (await Deno.readTextFile(`${folder}/seen.json`))
    .split("\n");
  assert.deepEqual(
    JSON.parse(line ?? ""),
    buildHookInput(event, place(folder)),
  );
  assert.deepEqual([mark, end], ["mine", ""]);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("exit code 2 blocks with stderr as the reason; other failures only tell the person", async () => {
  assert.equal((await run("echo not that >&2; exit 2")).block, "not that");
  assert.match((await run("exit 2")).block ?? "", /without a reason/);
  const failed = await run("echo oops >&2; exit 3");
  assert.equal(failed.block, undefined);
  assert.deepEqual(failed.messages, [
    "Hook PreToolUse (echo oops >&2; exit 3) ended with 3: oops",
  ]);
});

Deno.test("a hook that does not end is ended with its children, and blocks nothing", async () => {
  const verdict = await run("sleep 300 & sleep 300", undefined, {
    timeoutMs: 50,
  });
  assert.equal(verdict.block, undefined);
  assert.match(verdict.messages[0] ?? "", /did not finish in time/);
});

Deno.test("a hook that leaves its output open behind it is not waited for", async () => {
  const note = await Deno.makeTempFile();
  const verdict = await run(
    `sleep 300 & echo $! > ${note}; echo no >&2; exit 2`,
  );
  assert.equal(verdict.block, "no");
  // Left behind on purpose: ended by its own number.
  Deno.kill(Number(await Deno.readTextFile(note)), "SIGKILL");
  await Deno.remove(note);
});

Deno.test("run() rejects with the reason when it is aborted, and ends the hooks", async () => {
  const abort = new AbortController();
  const running = run("echo $$; sleep 300", undefined, {
    signal: abort.signal,
  });
  abort.abort(new Error("enough"));
  await assert.rejects(running, /enough/);
});

Deno.test("hooks run side by side, each command once, and the first no counts", async () => {
  const folder = await Deno.makeTempDir();
  // Each waits for the other: one after the other they would never end.
  const meet = (mine: string, other: string, end: string): string =>
    `touch ${folder}/${mine}; until [ -e ${folder}/${other} ]; do sleep 0.01; done; ${end}`;
  const verdict = await run([
    meet("a", "b", "echo first >&2; exit 2"),
    meet("b", "a", "echo second >&2; exit 2"),
    `echo x >> ${folder}/count`,
    `echo x >> ${folder}/count`,
  ]);
  assert.equal(verdict.block, "first");
  assert.equal(await Deno.readTextFile(`${folder}/count`), "x\n");
  await Deno.remove(folder, { recursive: true });
});

Deno.test("createHooks() knows who listens to what, and runs nothing that is not meant", async () => {
  const hooks = createHooks(host, {
    handlers: [{
      event: "PreToolUse",
      matcher: "Edit",
      command: "exit 2",
      timeoutMs: 1_000,
    }],
    env: {},
  });
  assert.equal(hooks.has("PreToolUse"), true);
  assert.equal(hooks.has("Stop"), false);
  assert.equal(
    (await hooks.run(pre(shell(["ls"])), place("/tmp"))).block,
    undefined,
  );
  assert.equal(NO_HOOKS.has("PreToolUse"), false);
});

function answer(
  name: HookEvent["name"],
  stdout: unknown,
  exitCode = 0,
): HookVerdict {
  const text = typeof stdout === "string" ? stdout : JSON.stringify(stdout);
  return parseHookOutput(name, "cmd", { exitCode, stdout: text, stderr: "" });
}

Deno.test("parseHookOutput() reads both ways of saying no to a call", () => {
  assert.equal(
    answer("PreToolUse", { decision: "block", reason: "r" }).block,
    "r",
  );
  const specific = {
    permissionDecision: "deny",
    permissionDecisionReason: "p",
  };
  assert.equal(
    answer("PreToolUse", { hookSpecificOutput: specific }).block,
    "p",
  );
  for (const word of ["allow", "ask"]) {
    const said = { hookSpecificOutput: { permissionDecision: word } };
    assert.equal(answer("PreToolUse", said).block, undefined);
  }
});

Deno.test("parseHookOutput() takes context as JSON, and as plain text where that is for the model", () => {
  const said = { hookSpecificOutput: { additionalContext: " know this " } };
  assert.deepEqual(answer("PostToolUse", said).context, ["know this"]);
  assert.deepEqual(answer("UserPromptSubmit", "plain\n").context, ["plain"]);
  assert.deepEqual(answer("SessionStart", "plain").context, ["plain"]);
  assert.deepEqual(answer("PreToolUse", "plain").context, []);
  const long = "x".repeat(LIMITS.hookContextBytes + 1);
  assert.equal(
    answer("SessionStart", long).context[0]?.length,
    LIMITS.hookContextBytes,
  );
});

Deno.test("parseHookOutput() reads stops, words for the person, and broken answers", () => {
  const stopped = answer("Stop", { continue: false, stopReason: "enough" });
  assert.equal(stopped.stop, "enough");
  assert.deepEqual(answer("Stop", { systemMessage: "hello" }).messages, [
    "hello",
  ]);
  assert.match(answer("Stop", "{broken").messages[0] ?? "", /not valid/);
  assert.match(answer("Stop", { decision: 7 }).messages[0] ?? "", /not valid/);
});

Deno.test("parseHookOutput() reads the answer to a question", () => {
  const decided = (decision: unknown) =>
    answer("PermissionRequest", { hookSpecificOutput: { decision } }).decision;
  assert.deepEqual(decided({ behavior: "allow" }), { type: "approve" });
  assert.deepEqual(decided({ behavior: "deny", message: "no" }), {
    type: "deny",
    message: "no",
  });
  assert.deepEqual(decided({ behavior: "deny", interrupt: true }), {
    type: "abort",
  });
  assert.equal(decided(undefined), undefined);
  assert.equal(decided({ behavior: "maybe" }), undefined);
  const blocked = parseHookOutput("PermissionRequest", "cmd", {
    exitCode: 2,
    stdout: "",
    stderr: "never\n",
  });
  assert.deepEqual(blocked.decision, { type: "deny", message: "never" });
  assert.equal(blocked.block, undefined);
});

Deno.test("joinVerdicts() lets a refusal win over an approval, whatever their order", () => {
  const yes = {
    context: ["a"],
    messages: [],
    decision: { type: "approve" },
  } as const;
  const no = {
    context: ["b"],
    messages: ["m"],
    decision: { type: "deny" },
  } as const;
  for (const pair of [[yes, no], [no, yes]]) {
    assert.deepEqual(joinVerdicts(pair).decision, { type: "deny" });
  }
  assert.deepEqual(joinVerdicts([yes, no]).context, ["a", "b"]);
  assert.deepEqual(joinVerdicts([]), { context: [], messages: [] });
});

Deno.test("createNotify() starts the program with the notice as its last argument", async () => {
  const folder = await Deno.makeTempDir();
  const fifo = `${folder}/out`;
  await new Deno.Command("mkfifo", { args: [fifo] }).output();
  const warnings: string[] = [];
  const notify = createNotify(host, {
    argv: ["/bin/sh", "-c", `printf %s "$1" > ${fifo}`, "sh"],
    env: {},
    client: "rondo_exec",
    warn: (message) => void warnings.push(message),
  });
  const notice = {
    threadId: "t",
    turnId: "u",
    cwd: folder,
    inputs: ["hi"],
    lastMessage: "bye",
  };
  await notify(notice);
  assert.deepEqual(JSON.parse(await Deno.readTextFile(fifo)), {
    type: "agent-turn-complete",
    "thread-id": "t",
    "turn-id": "u",
    cwd: folder,
    client: "rondo_exec",
    "input-messages": ["hi"],
    "last-assistant-message": "bye",
  });
  await createNotify(host, {
    argv: ["/nonexistent/program"],
    env: {},
    client: "c",
    warn: (message) => void warnings.push(message),
  })(notice);
  assert.match(warnings.join(), /^Cannot start notify \/nonexistent\/program/);
  await Deno.remove(folder, { recursive: true });
});
