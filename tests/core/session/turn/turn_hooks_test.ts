/** Hooks in whole turns: what they refuse, add, answer and prolong. */
import assert from "node:assert/strict";
import {
  type HookEvent,
  type HookEventName,
  type Hooks,
  type HookVerdict,
  NO_VERDICT,
} from "../../../../core/protocol/hooks.ts";
import { LIMITS } from "../../../../core/protocol/limits.ts";
import {
  type TestThread,
  testThread,
  testTool,
} from "../../../support/harness.ts";
import { call, hang, say } from "../../../support/mock_script.ts";

type Answer = Partial<HookVerdict> | undefined;

/** Hooks as functions; the events they were told of are kept. */
function scriptedHooks(
  answers: {
    readonly [N in HookEventName]?: (
      event: Extract<HookEvent, { name: N }>,
    ) => Answer;
  },
): Hooks & { readonly events: HookEvent[] } {
  const events: HookEvent[] = [];
  return {
    events,
    has: (name) => answers[name] !== undefined,
    run: (event) => {
      events.push(event);
      const answer = answers[event.name] as (event: HookEvent) => Answer;
      return Promise.resolve({ ...NO_VERDICT, ...answer(event) });
    },
  };
}

const ran: string[] = [];
const echo = testTool("echo", (one) => {
  ran.push(one.callId);
  return Promise.resolve({ content: `echo ${one.input}`, success: true });
});

function texts(t: TestThread, request: number): string {
  return JSON.stringify(t.model.request(request).input);
}

function warnings(t: TestThread): readonly string[] {
  return t.events.flatMap((event) =>
    event.type === "warning" ? [event.message] : []
  );
}

Deno.test("SessionStart and UserPromptSubmit add what the model is to know, the first one once", async () => {
  const hooks = scriptedHooks({
    SessionStart: () => ({ context: ["branch is main"] }),
    UserPromptSubmit: ({ prompt }) => ({ context: [`said ${prompt}`] }),
  });
  await using t = testThread({ deps: { hooks }, script: [say("a"), say("b")] });
  await t.turn("one");
  await t.turn("two");
  const input = texts(t, 1);
  assert.equal(input.split("branch is main").length, 2);
  assert.match(input, /<hook_context>\\nsaid one\\n<\/hook_context>/);
  assert.ok(input.indexOf("branch is main") < input.indexOf("said one"));
  assert.ok(input.indexOf('"one"') < input.indexOf("said one"));
  assert.deepEqual(hooks.events.map(({ name }) => name), [
    "UserPromptSubmit",
    "SessionStart",
    "UserPromptSubmit",
  ]);
});

Deno.test("UserPromptSubmit refuses a message: nothing is sent, nothing is kept", async () => {
  const hooks = scriptedHooks({
    UserPromptSubmit: ({ prompt }) =>
      prompt === "bad" ? { block: "not here" } : undefined,
  });
  await using t = testThread({ deps: { hooks }, script: [say("fine")] });
  assert.deepEqual(await t.turn("bad"), {
    type: "failed",
    error: { kind: "denied", message: "A hook refused the message: not here" },
  });
  assert.equal(t.model.requests.length, 0);
  await t.turn("good");
  assert.doesNotMatch(texts(t, 0), /bad/);
});

Deno.test("UserPromptSubmit drops a refused message in the middle of a turn, and the turn goes on", async () => {
  const hooks = scriptedHooks({
    UserPromptSubmit: ({ prompt }) =>
      prompt === "bad" ? { block: "not here" } : undefined,
  });
  const steer = testTool("steer", () => {
    for (const text of ["bad", "good"]) {
      t.thread.submit({ type: "user.input", parts: [{ type: "text", text }] });
    }
    return Promise.resolve({ content: "ok", success: true });
  });
  await using t = testThread({
    deps: { hooks },
    tools: [steer],
    script: [call("steer", {}), say("end")],
  });
  assert.equal((await t.turn("go")).type, "done");
  assert.match(texts(t, 1), /"good"/);
  assert.doesNotMatch(texts(t, 1), /"bad"/);
  assert.deepEqual(warnings(t), ["A hook refused the message: not here"]);
});

Deno.test("PreToolUse refuses a call: it does not run, model and person are told", async () => {
  ran.length = 0;
  const hooks = scriptedHooks({
    PreToolUse: (event) =>
      event.call.callId === "a"
        ? { block: "not that", context: ["use the other"] }
        : undefined,
  });
  await using t = testThread({
    deps: { hooks },
    tools: [echo],
    script: [
      [call("echo", {}, { callId: "a" }), call("echo", {}, { callId: "b" })],
      say("end"),
    ],
  });
  await t.turn("go");
  assert.deepEqual(ran, ["b"]);
  assert.equal(
    t.model.request(1).outputOf("a"),
    "A hook refused the call: not that",
  );
  assert.match(texts(t, 1), /use the other/);
  const failed = t.events.find((event) =>
    event.type === "activity.completed" && event.activity.type === "tool_call"
  );
  assert.ok(failed !== undefined);
  const intents = t.facts.filter((fact) => fact.type === "call_started");
  assert.deepEqual(intents.map((fact) => fact.callId), ["b"]);
});

Deno.test("PostToolUse adds to the output; what the call did stays", async () => {
  const hooks = scriptedHooks({
    PostToolUse: ({ response }) => ({ block: `bad style in ${response}` }),
  });
  await using t = testThread({
    deps: { hooks },
    tools: [echo],
    script: [call("echo", { n: 1 }, { callId: "a" }), say("end")],
  });
  await t.turn("go");
  assert.equal(
    t.model.request(1).outputOf("a"),
    'echo {"n":1}\n\nA hook says: bad style in echo {"n":1}',
  );
});

Deno.test("a tool hook ends the turn with the message so far", async () => {
  const hooks = scriptedHooks({ PostToolUse: () => ({ stop: "enough" }) });
  await using t = testThread({
    deps: { hooks },
    tools: [echo],
    script: [[say("so far"), call("echo", {})]],
  });
  assert.deepEqual(await t.turn("go"), { type: "done", message: "so far" });
  assert.deepEqual(warnings(t), ["A hook ended the turn: enough"]);
});

Deno.test("PermissionRequest answers in place of the person, and asks where it has no answer", async () => {
  const hooks = scriptedHooks({
    PermissionRequest: ({ request }) =>
      request.title === "ask them"
        ? undefined
        : { decision: { type: "approve" } },
  });
  const ask = testTool("ask", async (one, context) => {
    const decision = await context.ask({
      kind: "command",
      title: one.input === '{"who":1}' ? "ask them" : "ask nobody",
      detail: "",
      cwd: "/",
      reason: "",
      forbids: "",
      sessionScope: "",
    });
    return { content: decision.type, success: true };
  });
  await using t = testThread({
    deps: { hooks },
    tools: [ask],
    script: [
      [
        call("ask", {}, { callId: "a" }),
        call("ask", { who: 1 }, { callId: "b" }),
      ],
      say("end"),
    ],
  });
  const turn = t.turn("go");
  const asked = await t.seen((event) => event.type === "approval.requested");
  assert.ok(asked.type === "approval.requested");
  assert.equal(asked.request.title, "ask them");
  t.thread.submit({
    type: "approval.decide",
    approvalId: asked.approvalId,
    decision: { type: "deny" },
  });
  await turn;
  assert.equal(t.model.request(1).outputOf("a"), "approve");
  assert.equal(t.model.request(1).outputOf("b"), "deny");
  assert.deepEqual(warnings(t), ["A hook allowed: ask nobody"]);
});

Deno.test("Stop sends the model on and says that it did, until it lets go", async () => {
  const hooks = scriptedHooks({
    Stop: ({ isActive }) => isActive ? undefined : { block: "run the tests" },
  });
  await using t = testThread({
    deps: { hooks },
    script: [say("done?"), say("done!")],
  });
  assert.deepEqual(await t.turn("go"), { type: "done", message: "done!" });
  assert.match(texts(t, 1), /<hook_context>\\nrun the tests/);
  assert.deepEqual(
    hooks.events.map((event) => event.name === "Stop" && event.lastMessage),
    [
      "done?",
      "done!",
    ],
  );
});

Deno.test("Stop hooks that never let go are let go of", async () => {
  const hooks = scriptedHooks({ Stop: () => ({ block: "more" }) });
  await using t = testThread({ deps: { hooks }, script: () => say("done") });
  assert.equal((await t.turn("go")).type, "done");
  assert.equal(t.model.requests.length, LIMITS.hookStopsMax + 1);
  assert.match(warnings(t).at(-1) ?? "", /wants it to continue/);
});

Deno.test("Stop is not asked of a turn that was interrupted", async () => {
  const hooks = scriptedHooks({ Stop: () => ({ block: "more" }) });
  await using t = testThread({ deps: { hooks }, script: [hang()] });
  const turn = t.turn("go");
  await t.model.received(1);
  t.thread.submit({ type: "interrupt" });
  assert.deepEqual(await turn, { type: "interrupted" });
  assert.deepEqual(hooks.events, []);
});

Deno.test("PreCompact refuses a compaction; PostCompact is told of one, SessionStart begins anew", async () => {
  let refuses = true;
  const hooks = scriptedHooks({
    SessionStart: ({ source }) => ({ context: [`begins: ${source}`] }),
    PreCompact: () => refuses ? { block: "not now" } : undefined,
    PostCompact: () => undefined,
  });
  await using t = testThread({
    deps: { hooks },
    script: [say("a"), say("the summary"), say("b")],
    laws: { except: ["prefix"] },
  });
  await t.turn("one");
  t.thread.submit({ type: "compact" });
  await t.seen((event) => event.type === "warning");
  assert.deepEqual(warnings(t), ["A hook refused the compaction: not now"]);
  refuses = false;
  t.thread.submit({ type: "compact" });
  await t.seen((event) => event.type === "context.compacted");
  await t.turn("two");
  assert.match(texts(t, 2), /begins: compact/);
  const sent = hooks.events.find((event) => event.name === "PostCompact");
  assert.deepEqual(sent, {
    name: "PostCompact",
    trigger: "manual",
    summary: "the summary",
  });
});

Deno.test("SessionEnd is told of a session that began, and of no other", async () => {
  const hooks = scriptedHooks({
    SessionStart: () => undefined,
    SessionEnd: () => undefined,
  });
  {
    await using _silent = testThread({ deps: { hooks }, script: [] });
  }
  assert.deepEqual(hooks.events, []);
  {
    await using t = testThread({ deps: { hooks }, script: [say("a")] });
    await t.turn("one");
  }
  assert.deepEqual(hooks.events.map(({ name }) => name), [
    "SessionStart",
    "SessionEnd",
  ]);
});

Deno.test("notify is told of turns that are done, and of no others", async () => {
  const sent: unknown[] = [];
  await using t = testThread({
    deps: {
      notify: (notice) => {
        sent.push(notice);
        return Promise.resolve();
      },
    },
    script: [say("bye"), hang()],
  });
  await t.turn("hi");
  const turn = t.turn("again");
  await t.model.received(2);
  t.thread.submit({ type: "interrupt" });
  await turn;
  const started = t.events.find((event) => event.type === "turn.started");
  assert.ok(started?.type === "turn.started");
  assert.deepEqual(sent, [{
    threadId: "thread-1",
    turnId: started.turnId,
    cwd: "/srv/project",
    inputs: ["hi"],
    lastMessage: "bye",
  }]);
});
