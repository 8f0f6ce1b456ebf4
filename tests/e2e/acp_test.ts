/** `rondo acp` before the built program and behind the library of its editors: turns and questions. */
import assert from "node:assert/strict";
import { methods } from "@agentclientprotocol/sdk";
import { AcpClient } from "../support/acp_client.ts";
import {
  call,
  customCall,
  fail,
  hang,
  incomplete,
  say,
  think,
  wait,
} from "../support/mock_model.ts";
import { stage } from "./support.ts";

const ESCALATED = {
  sandbox_permissions: "require_escalated",
  justification: "it has to be there",
};
const READ_ONLY = {
  top: 'sandbox_mode = "read-only"\napproval_policy = "on-request"',
};
const ADD_FILE = "*** Begin Patch\n*** Add File: a.txt\n+one\n*** End Patch\n";

Deno.test("acp tells a turn from its beginning to its end", async () => {
  await using s = await stage({
    script: [[think("hm"), say("hello there")]],
  });
  await using editor = await AcpClient.open({ home: s.home });
  const sessionId = await editor.session();
  const { stopReason } = await editor.prompt(sessionId, "hi");
  assert.equal(stopReason, "end_turn");
  assert.equal(editor.text, "hello there");
  const [thought] = editor.all("agent_thought_chunk");
  assert.deepEqual(thought?.content, { type: "text", text: "hm" });
  const [usage] = editor.all("usage_update");
  assert.ok((usage?.used ?? 0) > 0 && (usage?.size ?? 0) > 0);
  const [commands] = editor.all("available_commands_update");
  assert.deepEqual(
    commands?.availableCommands.map(({ name }) => name),
    ["plan", "review", "init", "compact", "status"],
  );
  assert.equal(editor.all("session_info_update")[0]?.title, "hi");
});

Deno.test("acp asks before a command leaves the sandbox, about the call that was shown", async () => {
  await using s = await stage({
    script: [
      [call("shell", { command: ["touch", "made"], ...ESCALATED })],
      [say("made it")],
    ],
    config: READ_ONLY,
  });
  await using editor = await AcpClient.open({
    home: s.home,
    choose: () => "allow",
  });
  await editor.prompt(await editor.session(), "make it");
  const [asked] = editor.permissions;
  const [shown] = editor.all("tool_call");
  assert.equal(asked?.toolCall.toolCallId, shown?.toolCallId);
  assert.equal(shown?.kind, "execute");
  assert.deepEqual(
    [...new Set(asked?.options.map(({ kind }) => kind))],
    ["allow_once", "allow_always", "reject_once"],
  );
  assert.ok((await Deno.stat(`${s.home.work}/made`)).isFile);
  const done = editor.all("tool_call_update").at(-1);
  assert.equal(done?.status, "completed");
});

Deno.test("acp takes a no for a no, a stop for the end of the turn, and a yes for a session for the next time", async () => {
  const make = (name: string): ReturnType<typeof call> =>
    call("shell", { command: ["touch", name], ...ESCALATED });
  await using s = await stage({
    script: [
      [make("one")],
      [say("well")],
      [make("two")],
      [make("three")],
      [make("three")],
      [say("done")],
    ],
    config: READ_ONLY,
  });
  const answers = ["reject", "stop", "allow_session"];
  await using editor = await AcpClient.open({
    home: s.home,
    choose: () => answers.shift(),
  });
  const sessionId = await editor.session();
  assert.equal((await editor.prompt(sessionId, "a")).stopReason, "end_turn");
  assert.equal((await editor.prompt(sessionId, "b")).stopReason, "cancelled");
  assert.equal((await editor.prompt(sessionId, "c")).stopReason, "end_turn");
  assert.equal(editor.permissions.length, 3);
  for (const name of ["one", "two"]) {
    await assert.rejects(Deno.stat(`${s.home.work}/${name}`));
  }
  assert.ok((await Deno.stat(`${s.home.work}/three`)).isFile);
});

Deno.test("acp shows a patch as diffs with their places, before it asks for it", async () => {
  const change =
    "*** Begin Patch\n*** Update File: b.txt\n@@\n-two\n+zwei\n*** Delete File: c.txt\n*** End Patch\n";
  await using s = await stage({
    script: [
      [customCall("apply_patch", ADD_FILE)],
      [customCall("apply_patch", change)],
      [say("done")],
    ],
    config: READ_ONLY,
    files: { "b.txt": "one\ntwo\nthree\n", "c.txt": "gone\n" },
  });
  await using editor = await AcpClient.open({
    home: s.home,
    choose: () => "allow",
  });
  await editor.prompt(await editor.session(), "patch");
  const { work } = s.home;
  const [added, changed] = editor.permissions.map(({ toolCall }) => toolCall);
  assert.deepEqual(added?.content?.[0], {
    type: "diff",
    path: `${work}/a.txt`,
    newText: "one\n",
  });
  assert.deepEqual(changed?.content?.slice(0, 2), [
    {
      type: "diff",
      path: `${work}/b.txt`,
      oldText: "one\ntwo\nthree\n",
      newText: "one\nzwei\nthree\n",
    },
    { type: "diff", path: `${work}/c.txt`, oldText: "gone\n", newText: "" },
  ]);
  assert.deepEqual(changed?.locations?.[0], {
    path: `${work}/b.txt`,
    line: 1,
  });
  assert.equal(await Deno.readTextFile(`${work}/b.txt`), "one\nzwei\nthree\n");
});

Deno.test("acp lends a client that shows terminals the output of commands as it comes", async () => {
  await using s = await stage({
    script: [[call("shell", { command: ["echo", "out"] })], [say("done")]],
  });
  await using editor = await AcpClient.open({
    home: s.home,
    args: ["--sandbox", "danger-full-access"],
    can: { _meta: { terminal_output: true } },
  });
  await editor.prompt(await editor.session(), "go");
  const [shown] = editor.all("tool_call");
  const terminalId = shown?.toolCallId ?? "";
  assert.deepEqual(shown?.content, [{ type: "terminal", terminalId }]);
  const metas = editor.all("tool_call_update").map(({ _meta }) => _meta);
  assert.deepEqual(metas, [
    { terminal_output: { terminal_id: terminalId, data: "out\n" } },
    {
      terminal_exit: { terminal_id: terminalId, exit_code: 0, signal: null },
    },
  ]);
});

Deno.test("acp tells the plan as it changes", async () => {
  const plan = [{ step: "s", status: "in_progress" }];
  await using s = await stage({
    script: [[call("update_plan", { plan })], [say("planned")]],
  });
  await using editor = await AcpClient.open({ home: s.home });
  await editor.prompt(await editor.session(), "plan");
  assert.deepEqual(editor.all("plan")[0]?.entries, [
    { content: "s", status: "in_progress", priority: "medium" },
  ]);
});

Deno.test("acp joins a prompt to the turn that runs, and both end with it", async () => {
  const gate = Promise.withResolvers<void>();
  await using s = await stage({
    script: [[wait(gate.promise), say("one")], [say("two")]],
  });
  await using editor = await AcpClient.open({ home: s.home });
  const sessionId = await editor.session();
  const first = editor.prompt(sessionId, "a");
  await s.model.received(1);
  const second = editor.prompt(sessionId, "b");
  // A request is answered after what came before it was taken.
  await editor.agent.request(methods.agent.session.list, {});
  gate.resolve();
  assert.deepEqual(await Promise.all([first, second]), [
    { stopReason: "end_turn" },
    { stopReason: "end_turn" },
  ]);
  assert.equal(s.model.requests.length, 2);
  assert.match(s.model.request(1).text, /"text":"b"/);
});

Deno.test("acp answers a cancel with the stop reason for it, and goes on with the session", async () => {
  await using s = await stage({ script: [[hang()], [say("next")]] });
  await using editor = await AcpClient.open({ home: s.home });
  const sessionId = await editor.session();
  const ended = editor.prompt(sessionId, "x");
  await s.model.received(1);
  await editor.cancel(sessionId);
  assert.equal((await ended).stopReason, "cancelled");
  assert.equal((await editor.prompt(sessionId, "y")).stopReason, "end_turn");
});

Deno.test("acp cancels a prompt whose turn has not begun", async () => {
  await using s = await stage({ laws: false, script: () => [hang()] });
  await using editor = await AcpClient.open({ home: s.home });
  const sessionId = await editor.session();
  const ended = editor.prompt(sessionId, "x");
  await editor.cancel(sessionId);
  assert.equal((await ended).stopReason, "cancelled");
});

Deno.test("acp cancels with a turn what was to join it, and no turn follows", async () => {
  await using s = await stage({ laws: false, script: () => [hang()] });
  await using editor = await AcpClient.open({ home: s.home });
  const sessionId = await editor.session();
  const first = editor.prompt(sessionId, "a");
  await s.model.received(1);
  const second = editor.prompt(sessionId, "b");
  await editor.cancel(sessionId);
  assert.deepEqual(await Promise.all([first, second]), [
    { stopReason: "cancelled" },
    { stopReason: "cancelled" },
  ]);
});

Deno.test("acp cancels a turn that waits for an answer, and takes the question back", async () => {
  await using s = await stage({
    script: [[call("shell", { command: ["touch", "made"], ...ESCALATED })]],
    config: READ_ONLY,
  });
  await using editor = await AcpClient.open({ home: s.home });
  const sessionId = await editor.session();
  const ended = editor.prompt(sessionId, "make it");
  await editor.asked(1);
  await editor.cancel(sessionId);
  assert.equal((await ended).stopReason, "cancelled");
  // What has come is all read then.
  await editor.close();
  assert.ok(editor.checker.kinds.has("$/cancel_request"));
  await assert.rejects(Deno.stat(`${s.home.work}/made`));
});

Deno.test("acp says how a turn failed, and what was cut off", async () => {
  await using s = await stage({
    script: [
      fail(400, { message: "no such thing" }),
      [say("cut"), incomplete("max_output_tokens")],
    ],
  });
  await using editor = await AcpClient.open({ home: s.home });
  const sessionId = await editor.session();
  await assert.rejects(editor.prompt(sessionId, "a"), /no such thing/);
  const { stopReason } = await editor.prompt(sessionId, "b");
  assert.equal(stopReason, "max_tokens");
});

Deno.test("acp logs in by a terminal of an editor that has one, and uses the key from then on", async () => {
  await using s = await stage({ script: [[say("hello")]] });
  const env = { MOCK_KEY: "" };
  const args = [
    ...["-c", "model_provider=openai"],
    ...["-c", `openai_base_url="${s.model.url}"`],
  ];
  const plain = await AcpClient.open({ home: s.home, env, args });
  await plain.close();
  assert.equal(plain.hello.authMethods?.length, 1);
  await using editor = await AcpClient.open({
    home: s.home,
    env,
    args,
    can: { auth: { terminal: true } },
  });
  await assert.rejects(editor.session(), /not logged in/);
  const method = editor.hello.authMethods?.find((one) => "args" in one);
  assert.ok(method !== undefined && "args" in method);
  const login = await s.run(["acp", ...args, ...method.args ?? []], {
    stdin: { text: "sk-test-1234567890\n" },
  });
  assert.equal(login.code, 0, login.stderr);
  await editor.agent.request(methods.agent.authenticate, {
    methodId: "api-key",
  });
  await editor.prompt(await editor.session(), "hi");
  assert.equal(
    s.model.request(0).headers.get("authorization"),
    "Bearer sk-test-1234567890",
  );
});

Deno.test("acp asks for a key before a session where there is none", async () => {
  await using s = await stage({ script: [] });
  await using editor = await AcpClient.open({
    home: s.home,
    env: { MOCK_KEY: "" },
  });
  for (
    const run of [
      editor.session(),
      editor.agent.request(methods.agent.authenticate, { methodId: "api-key" }),
    ]
  ) {
    await assert.rejects(run, (error: { code?: number; message: string }) => {
      assert.equal(error.code, -32_000);
      assert.match(error.message, /MOCK_KEY is missing or empty/);
      return true;
    });
  }
});
