/** Sessions of `rondo acp`: what they may do, how they go on, what an editor hands in, how they end. */
import assert from "node:assert/strict";
import { methods } from "@agentclientprotocol/sdk";
import { AcpClient } from "../support/acp_client.ts";
import { serveMcpHttp } from "../support/mcp_http.ts";
import { mcpServerArgs } from "../support/mcp_server.ts";
import { call, customCall, hang, say } from "../support/mock_model.ts";
import { assertNoneLeft, newMarker, type Stage, stage } from "./support.ts";

const { session } = methods.agent;

const READ_ONLY_TOOL = { annotations: { readOnlyHint: true } };

function touch(name: string): ReturnType<typeof call> {
  return call("shell", { command: ["touch", name] });
}

async function exists(s: Stage, name: string): Promise<boolean> {
  return await Deno.stat(`${s.home.work}/${name}`).then(
    () => true,
    () => false,
  );
}

function sandboxed(mode: string): { readonly top: string } {
  return { top: `sandbox_mode = "${mode}"\napproval_policy = "never"` };
}

Deno.test("acp changes the real policy with the mode, and back", async () => {
  await using s = await stage({
    script: [
      [touch("a")],
      [say("no")],
      [touch("b")],
      [say("no")],
      [touch("c")],
      [say("yes")],
    ],
    config: sandboxed("workspace-write"),
  });
  await using editor = await AcpClient.open({ home: s.home });
  const sessionId = await editor.session();
  for (const modeId of ["read-only", "plan", "workspace"]) {
    await editor.agent.request(session.setMode, { sessionId, modeId });
    await editor.prompt(sessionId, modeId);
  }
  assert.deepEqual(
    [await exists(s, "a"), await exists(s, "b"), await exists(s, "c")],
    [false, false, true],
  );
  assert.equal(editor.permissions.length, 0);
  assert.deepEqual(
    editor.all("current_mode_update").map((one) => one.currentModeId),
    ["read-only", "plan", "workspace"],
  );
});

Deno.test("acp gives a session no more than is configured without the person's yes", async () => {
  await using s = await stage({
    script: [[touch("a")], [say("no")], [touch("b")], [say("yes")]],
    config: sandboxed("read-only"),
  });
  const answers = ["reject", "allow"];
  await using editor = await AcpClient.open({
    home: s.home,
    choose: () => answers.shift(),
  });
  const sessionId = await editor.session();
  const full = { sessionId, modeId: "full" };
  await assert.rejects(
    editor.agent.request(session.setMode, full),
    /nobody allowed it/,
  );
  await editor.prompt(sessionId, "a");
  await editor.agent.request(session.setConfigOption, {
    sessionId,
    configId: "mode",
    value: "full",
  });
  await editor.prompt(sessionId, "b");
  assert.deepEqual([await exists(s, "a"), await exists(s, "b")], [false, true]);
  assert.deepEqual(
    editor.permissions.map(({ toolCall }) => toolCall.kind),
    ["switch_mode", "switch_mode"],
  );
});

Deno.test("acp asks the model that was chosen, with the effort that was chosen", async () => {
  await using s = await stage({ script: [[say("a")]] });
  await using editor = await AcpClient.open({ home: s.home });
  const { sessionId, configOptions } = await editor.agent.request(session.new, {
    cwd: s.home.work,
    mcpServers: [],
  });
  const ids = configOptions?.map(({ id }) => id);
  assert.deepEqual(ids?.slice(0, 2), ["mode", "model"]);
  const set = (configId: string, value: string) =>
    editor.agent.request(session.setConfigOption, {
      sessionId,
      configId,
      value,
    });
  await assert.rejects(set("model", "no-such-model"), /must be one of/);
  const option = configOptions?.find(({ id }) => id === "effort");
  assert.ok(option?.type === "select", "the model of the tests reasons");
  const { configOptions: after } = await set("effort", "high");
  assert.deepEqual(
    after.flatMap((one) => one.type === "select" ? one.currentValue : [])
      .at(-1),
    "high",
  );
  await editor.prompt(sessionId, "go");
  assert.match(s.model.request(0).text, /"effort":"high"/);
});

Deno.test("acp lists sessions, loads one with its history, and resumes one without", async () => {
  await using s = await stage({
    script: [
      [touch("made")],
      [say("first answer")],
      [say("second answer")],
      [say("third answer")],
    ],
    config: sandboxed("danger-full-access"),
  });
  const { work } = s.home;
  let id = "";
  {
    await using editor = await AcpClient.open({ home: s.home });
    id = await editor.session();
    await editor.prompt(id, "first question");
  }
  await using editor = await AcpClient.open({ home: s.home });
  const listed = await editor.agent.request(session.list, { cwd: work });
  assert.deepEqual(
    listed.sessions.map(({ sessionId, cwd, title }) => [sessionId, cwd, title]),
    [[id, work, "first question"]],
  );
  const none = await editor.agent.request(session.list, { cwd: "/usr" });
  assert.deepEqual(none.sessions, []);
  const wanted = { sessionId: id, cwd: work, mcpServers: [] };
  await editor.agent.request(session.load, wanted);
  assert.deepEqual(
    editor.updates.map(({ update }) => update.sessionUpdate).slice(0, 3),
    ["user_message_chunk", "tool_call", "agent_message_chunk"],
  );
  assert.equal(editor.text, "first answer");
  await editor.prompt(id, "more");
  assert.equal(editor.text, "first answersecond answer");
  await editor.agent.request(session.close, { sessionId: id });
  await assert.rejects(editor.prompt(id, "gone"), /not found/i);
  editor.updates.splice(0);
  await editor.agent.request(session.resume, wanted);
  await editor.prompt(id, "again");
  assert.equal(editor.text, "third answer");
  assert.match(s.model.request(3).text, /first question/);
});

Deno.test("acp takes images, embedded files and links with a prompt", async () => {
  await using s = await stage({
    script: [[say("seen")]],
    files: { "b.txt": "on the disk\n" },
  });
  const { work } = s.home;
  const pixel =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
  await using editor = await AcpClient.open({
    home: s.home,
    can: { fs: { readTextFile: true } },
    buffers: new Map([[`${work}/b.txt`, "in the editor\n"]]),
  });
  const id = await editor.session();
  await editor.prompt(id, [
    { type: "text", text: "look" },
    { type: "image", data: pixel, mimeType: "image/png" },
    {
      type: "resource",
      resource: { uri: `file://${work}/a.txt`, text: "embedded" },
    },
    { type: "resource_link", name: "b", uri: `file://${work}/b.txt` },
    { type: "resource_link", name: "c", uri: `file://${work}/c%20d.txt` },
    { type: "resource_link", name: "web", uri: "https://example.com/x" },
  ]);
  const [said] = s.model.request(0).input.slice(-1);
  const content = said?.["content"] as { type: string; text?: string }[];
  assert.deepEqual(
    content.filter(({ type }) => type === "input_text").map(({ text }) => text)
      .filter((text) => !/^<\/?image/.test(text ?? "")),
    [
      "look",
      `<file path="${work}/a.txt">\nembedded\n</file>`,
      `<file path="${work}/b.txt">\nin the editor\n</file>`,
      `${work}/c d.txt`,
      "[web](https://example.com/x)",
    ],
  );
  assert.ok(content.some(({ type }) => type === "input_image"));
  await assert.rejects(
    editor.prompt(id, [{ type: "audio", data: "", mimeType: "audio/wav" }]),
    /takes no audio/,
  );
});

Deno.test("acp reads and patches what stands in the editor and is not saved yet", async () => {
  const patch =
    "*** Begin Patch\n*** Update File: a.txt\n@@\n-unsaved\n+changed\n*** Update File: b.txt\n@@\n-two\n+zwei\n*** End Patch\n";
  await using s = await stage({
    script: [
      [call("read_file", { path: "a.txt" })],
      [customCall("apply_patch", patch)],
      [say("done")],
    ],
    config: sandboxed("workspace-write"),
    files: { "a.txt": "saved\n", "b.txt": "one\ntwo\n" },
  });
  const { work } = s.home;
  const buffers = new Map([
    [`${work}/a.txt`, "first\nunsaved\n"],
    [`${work}/b.txt`, "one\ntwo\n"],
  ]);
  await using editor = await AcpClient.open({
    home: s.home,
    can: { fs: { readTextFile: true, writeTextFile: true } },
    buffers,
  });
  await editor.prompt(await editor.session(), "go");
  const [read] = s.model.request(1).input.slice(-1);
  assert.equal(read?.["output"], "first\nunsaved\n");
  assert.equal(await Deno.readTextFile(`${work}/a.txt`), "first\nchanged\n");
  assert.equal(await Deno.readTextFile(`${work}/b.txt`), "one\nzwei\n");
  assert.equal(buffers.get(`${work}/a.txt`), "first\nchanged\n");
  // What is saved is the disk's: an editor loads it anew on its own.
  assert.deepEqual(editor.written, [`${work}/a.txt`]);
});

Deno.test("acp lets no editor write what the policy keeps from being changed", async () => {
  const patch =
    "*** Begin Patch\n*** Update File: a.txt\n@@\n-unsaved\n+changed\n*** End Patch\n";
  await using s = await stage({
    script: [[customCall("apply_patch", patch)], [say("done")]],
    config: sandboxed("read-only"),
    files: { "a.txt": "saved\n" },
  });
  const path = `${s.home.work}/a.txt`;
  await using editor = await AcpClient.open({
    home: s.home,
    can: { fs: { readTextFile: true, writeTextFile: true } },
    buffers: new Map([[path, "unsaved\n"]]),
  });
  await editor.prompt(await editor.session(), "go");
  assert.equal(editor.all("tool_call_update")[0]?.status, "failed");
  assert.deepEqual(editor.written, []);
  assert.equal(await Deno.readTextFile(path), "saved\n");
});

Deno.test("acp asks the editor for no file where the policy hides any", async () => {
  await using s = await stage({
    script: [
      [call("read_file", { path: "secret.txt" })],
      [call("read_file", { path: "a.txt" })],
      [say("done")],
    ],
    config: {
      ...sandboxed("read-only"),
      bottom: '[sandbox_workspace_write]\ndeny_read = ["**/secret.txt"]',
    },
    files: { "a.txt": "saved\n", "secret.txt": "key\n" },
  });
  const { work } = s.home;
  await using editor = await AcpClient.open({
    home: s.home,
    can: { fs: { readTextFile: true } },
    buffers: new Map([
      [`${work}/a.txt`, "unsaved\n"],
      [`${work}/secret.txt`, "key and more\n"],
    ]),
  });
  await editor.prompt(await editor.session(), [{
    type: "resource_link",
    name: "secret",
    uri: `file://${work}/secret.txt`,
  }]);
  assert.ok(!s.model.request(0).text.includes("key and more"));
  const outputs = [1, 2].map((at) =>
    s.model.request(at).input.at(-1)?.["output"]
  );
  assert.match(String(outputs[0]), /Cannot read .*secret\.txt/);
  assert.equal(outputs[1], "saved\n");
});

Deno.test("acp offers no file tool where the editor gives no files", async () => {
  await using s = await stage({ script: [[say("a")]] });
  await using editor = await AcpClient.open({ home: s.home });
  await editor.prompt(await editor.session(), "go");
  assert.ok(!s.model.request(0).text.includes("read_file"));
});

Deno.test("acp has slash commands: a review that changes nothing, a plan, a status, a compaction", async () => {
  const review = JSON.stringify({
    findings: [{
      title: "Off by one",
      body: "It counts too far.",
      confidence_score: 0.9,
      priority: 1,
      code_location: {
        absolute_file_path: "/x.ts",
        line_range: { start: 3, end: 4 },
      },
    }],
    overall_correctness: "patch is incorrect",
    overall_explanation: "one defect",
    overall_confidence_score: 0.9,
  });
  await using s = await stage({
    laws: false,
    script: [
      [touch("made")],
      [say(review)],
      [say("the plan")],
      [say("a summary")],
    ],
    config: sandboxed("danger-full-access"),
  });
  await using editor = await AcpClient.open({ home: s.home });
  const id = await editor.session();
  await editor.prompt(id, "/review");
  assert.match(editor.text, /1 finding\n[^]*Off by one/);
  assert.equal(await exists(s, "made"), false);
  await editor.prompt(id, "/status");
  assert.match(editor.text, /- mode: full/);
  await editor.prompt(id, "/plan the work");
  assert.equal(
    editor.all("current_mode_update").at(-1)?.currentModeId,
    "plan",
  );
  assert.match(s.model.request(2).text, /the work/);
  const { stopReason } = await editor.prompt(id, "/compact");
  assert.equal(stopReason, "end_turn");
  await assert.rejects(editor.prompt(id, "/review base"), /must be \/review/);
  assert.equal(s.model.requests.length, 4);
});

Deno.test("acp leaves nothing running when the editor vanishes", async () => {
  const marker = newMarker();
  await using s = await stage({
    laws: false,
    script: () => [
      call("shell", { command: ["sh", "-c", `sleep 300; : ${marker}`] }),
    ],
    config: sandboxed("danger-full-access"),
  });
  const editor = await AcpClient.open({ home: s.home });
  const id = await editor.session();
  const ended = editor.prompt(id, "go").catch(() => {});
  await editor.find((one) => one.sessionUpdate === "tool_call");
  await editor.close();
  await ended;
  await assertNoneLeft(marker);
});

Deno.test("acp ends the session of a closed editor in the middle of an answer, and its log is whole", async () => {
  await using s = await stage({
    laws: false,
    script: [[hang()], [say("again")]],
  });
  const editor = await AcpClient.open({ home: s.home });
  const id = await editor.session();
  const ended = editor.prompt(id, "the question").catch(() => {});
  await s.model.received(1);
  await editor.close();
  await ended;
  await using other = await AcpClient.open({ home: s.home });
  await other.agent.request(session.resume, {
    sessionId: id,
    cwd: s.home.work,
    mcpServers: [],
  });
  assert.equal((await other.prompt(id, "more")).stopReason, "end_turn");
  assert.match(s.model.request(1).text, /the question/);
});

Deno.test("acp starts the servers of MCP that an editor hands in, beside the person's own", async () => {
  const marker = newMarker();
  await using http = serveMcpHttp({
    tools: [{ name: "echo", annotations: { readOnlyHint: true } }],
  });
  await using s = await stage({
    script: [
      [call("mcp__near_one__echo", { text: "yo" })],
      [call("mcp__web__echo", { text: "yo" })],
      [say("done")],
    ],
    config: {
      top: 'sandbox_mode = "read-only"\napproval_policy = "never"',
      bottom: '[mcp_servers.own]\ncommand = "false"\nenabled = false',
    },
  });
  const script = {
    tools: [{ name: "echo", annotations: { readOnlyHint: true } }],
    stderrText: marker,
  };
  const stdio = {
    command: Deno.execPath(),
    args: [...mcpServerArgs(script)],
    env: [{ name: "DENO_DIR", value: Deno.env.get("DENO_DIR") ?? "" }],
  };
  const editor = await AcpClient.open({ home: s.home });
  try {
    const id = await editor.session({
      mcpServers: [
        { name: "near one", ...stdio },
        { name: "own", ...stdio },
        {
          type: "http",
          name: "web",
          url: http.url,
          headers: [{ name: "x-key", value: "k" }],
        },
      ],
    });
    await editor.prompt(id, "go");
    const calls = editor.all("tool_call_update");
    assert.deepEqual(
      calls.map(({ title, status }) => [title, status]),
      [["near_one: echo", "completed"], ["web: echo", "completed"]],
    );
    assert.ok(http.headers.every((one) => one.get("x-key") === "k"));
    const said = editor.all("agent_thought_chunk").map(({ content }) =>
      content.type === "text" ? content.text : ""
    );
    assert.match(said.join(""), /MCP server own of the editor is left out/);
    await assert.rejects(
      editor.session({
        mcpServers: [{ type: "sse", name: "s", url: "u", headers: [] }],
      }),
      /must be stdio or http/,
    );
  } finally {
    await editor[Symbol.asyncDispose]();
  }
  await assertNoneLeft(marker);
});

Deno.test("acp puts what a server wants to know to the person, and a client without forms gives nothing", async () => {
  const tools = [{ name: "ask", ...READ_ONLY_TOOL }];
  const table = [
    "[mcp_servers.tiny]",
    `command = ${JSON.stringify(Deno.execPath())}`,
    `args = ${JSON.stringify(mcpServerArgs({ tools }))}`,
    'env_vars = ["DENO_DIR"]',
  ].join("\n");
  const form = {
    message: "Who are you?",
    requestedSchema: {
      type: "object",
      properties: { name: { type: "string", title: "Name" } },
      required: ["name"],
    },
  };
  for (const can of [{}, { elicitation: { form: {} } }]) {
    await using s = await stage({
      script: [[call("mcp__tiny__ask", form)], [say("done")]],
      config: {
        top: 'sandbox_mode = "read-only"\napproval_policy = "on-request"',
        bottom: table,
      },
    });
    await using editor = await AcpClient.open({ home: s.home, can });
    await editor.prompt(await editor.session(), "go");
    const [answer] = s.model.request(1).input.slice(-1);
    assert.match(
      JSON.stringify(answer?.["output"]),
      can.elicitation ? /accept.*Ada/ : /cancel/,
    );
  }
});

Deno.test("acp ends with the signal that ends it, and what it has started ends too", async () => {
  const marker = newMarker();
  await using s = await stage({
    laws: false,
    script: () => [
      call("shell", { command: ["sh", "-c", `sleep 300; : ${marker}`] }),
    ],
    config: sandboxed("danger-full-access"),
  });
  const editor = await AcpClient.open({ home: s.home });
  const ended = editor.prompt(await editor.session(), "go").catch(() => {});
  await editor.find((one) => one.sessionUpdate === "tool_call");
  Deno.kill(editor.pid, "SIGTERM");
  assert.equal((await editor.status).code, 143);
  await editor.close();
  await ended;
  await assertNoneLeft(marker);
});
