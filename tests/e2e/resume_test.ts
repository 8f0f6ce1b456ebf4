/** Sessions over several processes: resume, fork, the newest one, and none. */
import assert from "node:assert/strict";
import { call, say, think } from "../support/mock_script.ts";
import { errorOf, itemsOf, stage } from "./support.ts";

Deno.test("exec resume sends what was sent before, byte for byte, and more", async () => {
  await using s = await stage({
    script: [
      [think("Hm."), call("shell", { command: ["echo", "one"] })],
      say("First."),
      say("Second."),
      say("Third."),
    ],
  });
  const first = await s.json("begin");
  const id = String(first.events[0]?.["thread_id"]);
  const second = await s.json("go on", { command: ["resume", id] });
  assert.equal(second.events[0]?.["thread_id"], id);
  assert.equal(second.events[0]?.["resumed"], true);
  // The start of an id is enough, and so is the newest.
  const third = await s.json("and on", { command: ["resume", "--last"] });
  assert.equal(third.events[0]?.["thread_id"], id);
  assert.equal(itemsOf(third, "agent_message")[0]?.["text"], "Third.");
  // The prefix itself is checked over all requests when the stage comes down.
  const sizes = s.model.requests.map((request) => request.input.length);
  assert.deepEqual(sizes, [...sizes].sort((a, b) => a - b));
  const keys = s.model.requests.map((one) => one.body["prompt_cache_key"]);
  assert.deepEqual(new Set(keys), new Set([id]));
});

Deno.test("exec resume takes the prompt from stdin, and flags before its word", async () => {
  // Another model may have other tools, so its first request is a new beginning.
  await using s = await stage({
    script: () => say("ok"),
    laws: { breaks: [1] },
  });
  const first = await s.json("begin");
  const id = String(first.events[0]?.["thread_id"]);
  const run = await s.run([
    "exec",
    "--experimental-json",
    "--model",
    "other-model",
    "--skip-git-repo-check",
    "--sandbox",
    "danger-full-access",
    "resume",
    id,
  ], { stdin: { text: "more" } });
  assert.equal(run.code, 0, run.stdout + run.stderr);
  assert.equal(run.events[0]?.["thread_id"], id);
  assert.equal(s.model.request(1).body["model"], "other-model");
});

Deno.test("exec fork starts a thread of its own with the old history", async () => {
  await using s = await stage({ script: () => say("ok") });
  const first = await s.json("first words");
  const id = String(first.events[0]?.["thread_id"]);
  await s.json("second words", { command: ["resume", id] });
  const whole = await s.json("forked", { command: ["fork", id] });
  const part = await s.json("forked", {
    command: ["fork", id],
    args: ["--at", "2"],
  });
  assert.notEqual(whole.events[0]?.["thread_id"], id);
  assert.match(s.model.request(2).text, /first words.*second words.*forked/s);
  assert.match(s.model.request(3).text, /first words.*forked/s);
  assert.doesNotMatch(s.model.request(3).text, /second words/);
  // The original is as it was.
  await s.json("third words", { command: ["resume", id] });
  assert.doesNotMatch(s.model.request(4).text, /forked/);
  assert.notEqual(part.events[0]?.["thread_id"], id);
});

Deno.test("exec resume of a session that is not there starts none", async () => {
  await using s = await stage({ script: [] });
  for (const command of [["resume", "no-such-name"], ["resume", "--last"]]) {
    const run = await s.json("go on", { command });
    assert.equal(run.code, 9);
    assert.equal(errorOf(run)["kind"], "session");
  }
  assert.equal(s.model.requests.length, 0);
});

Deno.test("exec resume --last looks at this folder, --all at every one", async () => {
  await using s = await stage({
    script: () => say("ok"),
    files: { "other/keep": "" },
  });
  const first = await s.json("begin");
  const other = `${s.home.work}/other`;
  const here = await s.json("x", {
    command: ["resume", "--last"],
    cwd: other,
  });
  assert.equal(here.code, 9);
  assert.match(String(errorOf(here)["message"]), /in other folders/);
  const all = await s.json("x", {
    command: ["resume", "--last", "--all"],
    cwd: other,
  });
  assert.equal(all.events[0]?.["thread_id"], first.events[0]?.["thread_id"]);
});

Deno.test("exec resume goes on after the process was killed in a command", async () => {
  await using s = await stage({
    script: [
      call("shell", { command: ["sleep", "60"] }, { callId: "cut" }),
      say("It went on."),
    ],
  });
  await using agent = s.start("begin");
  const started = await agent.untilEvent("thread.started");
  await agent.untilEvent("item.started");
  agent.kill("SIGKILL");
  await agent.finished;
  const run = await s.json("what happened", {
    command: ["resume", String(started["thread_id"])],
  });
  assert.equal(run.code, 0, run.stderr);
  assert.match(
    String(s.model.request(1).outputOf("cut")),
    /outcome is unknown/,
  );
});

Deno.test("exec --ephemeral leaves no session behind", async () => {
  await using s = await stage({ script: [say("ok")] });
  await s.json("secret", { args: ["--ephemeral"] });
  const run = await s.json("again", { command: ["resume", "--last"] });
  assert.equal(run.code, 9);
});
