/** The actor: what a thread does with each op, one thing at a time. */
import assert from "node:assert/strict";
import { SessionError } from "../../../../core/protocol/error.ts";
import type { Event } from "../../../../core/protocol/event.ts";
import { testThread, testTool } from "../../../support/harness.ts";
import { call, hang, say } from "../../../support/mock_script.ts";
import { TEST_MODEL } from "../../../support/settings.ts";

Deno.test("ThreadActor tells first what it is, and every reader what comes after", async () => {
  await using t = testThread({ script: [say("ok")] });
  await t.turn("hi");
  assert.equal(t.events[0]?.type, "thread.started");
  t.events.forEach((event, seq) => {
    assert.equal(event.seq, seq);
    assert.equal(event.threadId, "thread-1");
  });
  const late = t.thread.events();
  t.model.add(say("again"));
  await t.turn("more");
  t.thread.submit({ type: "shutdown" });
  const seen: Event[] = [];
  for await (const event of late) seen.push(event);
  assert.equal(seen[0]?.type, "turn.started");
  assert.equal(seen.at(-1)?.type, "thread.closed");
});

Deno.test("a change of settings holds from the next turn on", async () => {
  await using t = testThread({
    script: () => say("ok"),
    laws: { breaks: [1] },
  });
  await t.turn("one");
  const model = { ...TEST_MODEL, slug: "other" };
  t.thread.submit({ type: "settings.change", patch: { model } });
  await t.turn("two");
  assert.equal(t.model.request(1).body["model"], "other");
  assert.match(t.model.request(1).text, /model is other/);
});

Deno.test("a change that managed policy refuses leaves the settings as they were", async () => {
  await using t = testThread({
    script: () => say("ok"),
    deps: {
      refuseSettings: ({ approval }) =>
        approval === "never" ? "not allowed (policy.toml)" : undefined,
    },
  });
  await t.turn("one");
  const before = t.thread.settings;
  t.thread.submit({ type: "settings.change", patch: { approval: "never" } });
  const said = await t.seen((event) => event.type === "warning");
  assert.match(JSON.stringify(said), /stay as they were: .*policy\.toml/);
  assert.deepEqual(t.thread.settings, before);
});

Deno.test("turns that are asked for together run one after the other", async () => {
  const running: string[] = [];
  const tool = testTool("mark", (one) => {
    running.push(one.callId);
    return Promise.resolve({ content: "ok", success: true });
  });
  await using t = testThread({
    tools: [tool],
    script: [call("mark", {}, { callId: "a" }), say("first"), say("second")],
  });
  t.thread.submit({ type: "user.shell", ...shellNote("ls") });
  await t.turn("go");
  await t.turn("on");
  assert.deepEqual(running, ["a"]);
  // The note went in before the turn that was asked for after it.
  assert.match(t.model.request(0).text, /user_shell_command.*ls/s);
});

Deno.test("rollback takes turns out of the prompt and announces it", async () => {
  await using t = testThread({
    script: () => say("ok"),
    laws: { breaks: [2] },
  });
  await t.turn("first words");
  await t.turn("second words");
  t.thread.submit({ type: "rollback", turns: 1 });
  await t.turn("other words");
  const { text } = t.model.request(2);
  assert.match(text, /first words/);
  assert.doesNotMatch(text, /second words/);
  const request = t.events.findLast((one) => one.type === "request.completed");
  assert.ok(request?.type === "request.completed");
  assert.equal(request.cache?.prefixBroken, false);
  assert.ok(t.facts.some((fact) => fact.type === "rolled_back"));
});

Deno.test("what is asked for the moment a turn ends is done in the order it was asked for", async () => {
  await using t = testThread({
    script: () => say("ok"),
    laws: { breaks: [2] },
  });
  await t.turn("first words");
  const events = t.thread.events();
  t.thread.submit({
    type: "user.input",
    parts: [{ type: "text", text: "second words" }],
  });
  for await (const event of events) {
    if (event.type === "turn.completed") break;
  }
  t.thread.submit({ type: "rollback", turns: 1 });
  await t.turn("other words");
  const { text } = t.model.request(2);
  assert.match(text, /first words.*other words/s);
  assert.doesNotMatch(text, /second words/);
});

Deno.test("rollback of more turns than there are leaves the beginning", async () => {
  await using t = testThread({
    script: () => say("ok"),
    laws: { breaks: [1] },
  });
  await t.turn("only words");
  t.thread.submit({ type: "rollback", turns: 9 });
  await t.turn("fresh words");
  assert.doesNotMatch(t.model.request(1).text, /only words/);
  assert.equal(t.model.request(1).text.split('"env"').length - 1, 1);
});

Deno.test("an answer that aborts ends the turn with the question", async () => {
  const tool = testTool("ask", async (_call, context) => {
    const decision = await context.ask({
      kind: "command",
      title: "x",
      detail: "x",
      cwd: "/",
      reason: "r",
      forbids: "",
      sessionScope: "x",
    });
    return { content: decision.type, success: true };
  });
  await using t = testThread({ tools: [tool], script: [call("ask", {})] });
  const ended = t.turn("go");
  const asked = await t.seen((event) => event.type === "approval.requested");
  assert.ok(asked.type === "approval.requested");
  t.thread.submit({
    type: "approval.decide",
    approvalId: asked.approvalId,
    decision: { type: "abort" },
  });
  assert.deepEqual(await ended, { type: "interrupted" });
});

Deno.test("interrupt of a thread at rest does nothing", async () => {
  await using t = testThread({ script: [say("ok")] });
  t.thread.submit({ type: "interrupt" });
  assert.deepEqual(await t.turn("go"), { type: "done", message: "ok" });
});

Deno.test("shutdown ends what runs, closes the log, and takes nothing more", async () => {
  await using t = testThread({ script: [hang({ before: true })] });
  const ended = t.turn("go");
  await t.model.received(1);
  t.thread.submit({ type: "shutdown" });
  assert.deepEqual(await ended, { type: "interrupted" });
  await t.thread.closed;
  const count = t.facts.length;
  t.thread.submit({ type: "user.input", parts: [{ type: "text", text: "x" }] });
  assert.equal(t.facts.length, count);
});

Deno.test("a log that cannot be written fails the turn and says why", async () => {
  let isFull = false;
  await using t = testThread({
    script: () => say("ok"),
    onFact: () => {
      if (isFull) throw new SessionError("Cannot write: the disk is full");
    },
  });
  await t.turn("one");
  isFull = true;
  const outcome = await t.turn("two");
  assert.ok(outcome.type === "failed");
  assert.equal(outcome.error.kind, "session");
  assert.match(outcome.error.message, /disk is full/);
  isFull = false;
});

function shellNote(
  command: string,
): { command: string; output: string; exitCode: number; durationMs: number } {
  return { command, output: "listing", exitCode: 0, durationMs: 1 };
}
