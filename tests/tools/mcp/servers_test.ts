/** Servers that are programs: started together, offered together, ended together. */
import assert from "node:assert/strict";
import { UserError } from "../../../core/protocol/error.ts";
import { asObject } from "../../../core/util/json/json.ts";
import {
  behindUrl,
  host,
  isRunning,
  readLog,
  readPids,
  scripted,
  testServers,
  until,
} from "./support.ts";
import { call, recordingContext, settings } from "../support.ts";

const FREE = settings({ sandbox: { mode: "danger-full-access" } });
const ECHO = { name: "echo", description: "Says it again" };

async function tempFile(): Promise<string> {
  return `${await Deno.makeTempDir()}/file`;
}

Deno.test("McpHub offers the tools of all servers, sorted by name, resource tools first", async () => {
  await using t = testServers([
    scripted("zoo", { tools: [{ name: "b" }, { name: "a" }], pageSize: 1 }),
    scripted("ant", { tools: [ECHO], resources: [{ uri: "x://1" }] }),
  ]);
  const tools = await t.tools();
  assert.deepEqual(tools.map((tool) => tool.name), [
    "list_mcp_resources",
    "list_mcp_resource_templates",
    "read_mcp_resource",
    "mcp__ant__echo",
    "mcp__zoo__a",
    "mcp__zoo__b",
  ]);
  assert.deepEqual(tools[3]?.spec, {
    type: "function",
    name: "mcp__ant__echo",
    description: "Says it again",
    strict: false,
    parameters: { type: "object", properties: {} },
  });
  assert.deepEqual(t.warnings, []);
});

Deno.test("McpHub lets in the tools the configuration names, and lets them run in parallel if told so", async () => {
  const tools = [{ name: "a" }, { name: "b" }, { name: "c" }];
  await using t = testServers([
    scripted("s", { tools }, {
      enabledTools: ["a", "b"],
      disabledTools: ["b"],
      parallel: true,
    }),
    scripted("off", { tools }, { enabled: false }),
  ]);
  const offered = await t.tools();
  assert.deepEqual(offered.map((tool) => [tool.name, tool.parallel]), [
    ["mcp__s__a", true],
  ]);
  assert.deepEqual(t.mcpServers.servers(), [
    { name: "off", state: "off", tools: [] },
    { name: "s", state: "ready, scripted 1.0.0", tools: ["a"] },
  ]);
});

Deno.test("McpHub says once which server failed, with its exit code and its last words", async () => {
  await using t = testServers([
    scripted("good", { tools: [ECHO] }),
    scripted("bad", { fault: { at: "initialize", kind: "exit" } }),
    {
      ...scripted("gone", {}),
      transport: {
        type: "stdio",
        command: "/no/such/program",
        args: [],
        env: {},
        envVars: [],
      },
    },
  ]);
  assert.deepEqual((await t.tools()).map((tool) => tool.name), [
    "mcp__good__echo",
  ]);
  await t.tools();
  assert.equal(t.warnings.length, 2);
  assert.equal(
    t.warnings[0],
    "Cannot use the MCP server bad: the connection was closed; it ended with code 3; " +
      "on stderr it wrote: fatal: the scripted fault",
  );
  assert.match(
    t.warnings[1] ?? "",
    /^Cannot use the MCP server gone: .*No such file/,
  );
});

Deno.test("McpHub ends the turn when a required server failed", async () => {
  await using t = testServers([
    scripted("must", {
      tools: [ECHO],
      fault: { at: "tools/list", kind: "error" },
    }, { required: true }),
  ]);
  await assert.rejects(t.tools(), (error) => {
    assert.ok(error instanceof UserError);
    assert.equal(
      error.message,
      "Cannot use the MCP server must: the scripted fault; it is required",
    );
    return true;
  });
});

Deno.test("McpHub waits for a server no longer than it may take", async () => {
  await using t = testServers([
    scripted("slow", { fault: { at: "initialize", kind: "silence" } }, {
      startupMs: 300,
    }),
  ]);
  assert.deepEqual(await t.tools(), []);
  assert.match(t.warnings[0] ?? "", /it did not answer within 0.3 s/);
});

Deno.test("McpHub stops waiting when the turn is interrupted", async () => {
  await using t = testServers([
    scripted("slow", { fault: { at: "initialize", kind: "silence" } }),
  ]);
  const abort = new AbortController();
  const tools = t.mcpServers.tools({
    threadId: "thread-1",
    warn: () => {},
    signal: abort.signal,
  });
  abort.abort(new Error("stop"));
  await assert.rejects(tools, /stop/);
});

Deno.test("McpHub hands a server a small environment and runs it where it is told to", async () => {
  const tools = [{ name: "env" }, { name: "where" }];
  const base = scripted("s", { tools });
  await using t = testServers([{
    ...base,
    transport: {
      ...base.transport,
      type: "stdio",
      command: Deno.execPath(),
      args: base.transport.type === "stdio" ? base.transport.args : [],
      env: { OWN: "1" },
      envVars: ["DENO_DIR"],
      cwd: "sub",
    },
  }], {
    cwd: await tempFolderWith("sub"),
    host: {
      ...host,
      env: (name) => name === "SECRET_KEY" ? "s" : host.env(name),
    },
  });
  const env = await t.tool("env");
  const output = await env.run(call({}), recordingContext(FREE));
  const names = Object.keys(JSON.parse(String(output.content)));
  assert.ok(names.includes("OWN") && names.includes("PATH"));
  assert.ok(!names.includes("SECRET_KEY"));
  const where = await t.tool("where");
  const place = await where.run(call({}), recordingContext(FREE));
  assert.match(String(place.content), /\/sub$/);
});

async function tempFolderWith(name: string): Promise<string> {
  const folder = await Deno.makeTempDir();
  await Deno.mkdir(`${folder}/${name}`);
  return folder;
}

Deno.test("McpHub.close() leaves no process behind, not even of a server that heeds nothing", async () => {
  const pidFile = await tempFile();
  const t = testServers([
    scripted("polite", { tools: [ECHO], pidFile }),
    scripted("stubborn", {
      tools: [ECHO],
      pidFile,
      isStubborn: true,
      child: "group",
    }),
  ]);
  await t.tools();
  const pids = readPids(pidFile);
  assert.equal(pids.length, 3);
  assert.ok(pids.every(isRunning));
  await t.mcpServers.close();
  assert.deepEqual(pids.filter(isRunning), []);
});

Deno.test("McpHub.close() ends servers that are still starting", async () => {
  const pidFile = await tempFile();
  const t = testServers([
    scripted("slow", {
      fault: { at: "initialize", kind: "silence" },
      pidFile,
    }),
  ]);
  t.mcpServers.start();
  await until(() => readPids(pidFile).length === 1);
  await t.mcpServers.close();
  assert.deepEqual(readPids(pidFile).filter(isRunning), []);
  const context = recordingContext(FREE);
  assert.deepEqual(
    await t.mcpServers.tools({ threadId: "x", warn: context.warn }),
    [],
  );
});

Deno.test("A tool's call shows itself and hands the answer on", async () => {
  await using t = testServers([scripted("s", { tools: [ECHO] })]);
  const context = recordingContext(FREE);
  const output = await (await t.tool("echo")).run(
    call({ text: "hi" }),
    context,
  );
  assert.deepEqual(output, { content: "hi", success: true });
  assert.deepEqual([...context.activities.values()], [{
    type: "mcp_call",
    server: "s",
    tool: "echo",
    arguments: { text: "hi" },
    result: {
      content: [{ type: "text", text: "hi" }],
      structuredContent: null,
    },
    error: null,
    status: "completed",
    stage: "completed",
  }]);
});

Deno.test("A tool's call tells errors of the tool from errors of the server", async () => {
  await using t = testServers([
    scripted("s", { tools: [{ name: "boom" }, { name: "soft_error" }] }),
  ]);
  const hard = recordingContext(FREE);
  const first = await (await t.tool("boom")).run(call({}), hard);
  assert.deepEqual(first, {
    content: "Cannot call mcp__s__boom: the server s failed: it broke",
    success: false,
  });
  const activity = [...hard.activities.values()][0];
  assert.ok(activity?.type === "mcp_call");
  assert.deepEqual(activity.error, { message: "it broke" });
  const soft = recordingContext(FREE);
  const second = await (await t.tool("soft_error")).run(call({}), soft);
  assert.deepEqual(second, { content: "not today", success: false });
  const shown = [...soft.activities.values()][0];
  assert.ok(shown?.type === "mcp_call");
  assert.equal(shown.status, "failed");
  assert.equal(shown.error, null);
});

Deno.test("A tool's call with arguments that do not fit is the model's to mend", async () => {
  await using t = testServers([scripted("s", { tools: [ECHO] })]);
  const echo = await t.tool("echo");
  const context = recordingContext(FREE);
  await assert.rejects(
    echo.run(call("{"), context),
    /the arguments are not JSON/,
  );
  await assert.rejects(echo.run(call("[1]"), context), /must be a JSON object/);
  assert.equal((await echo.run(call(""), context)).content, "undefined");
});

Deno.test("A tool's call is asked about, refused, or remembered for the session", async () => {
  await using t = testServers([
    scripted("s", { tools: [ECHO, { name: "where" }] }, {
      approval: { fallback: "auto", tools: {} },
    }),
  ]);
  const echo = await t.tool("echo");
  const asking = recordingContext(settings(), {
    answers: [
      { type: "deny", message: "not now" },
      { type: "approve" },
      { type: "approve_for_session" },
    ],
  });
  const denied = await echo.run(call({ text: "a" }), asking);
  assert.deepEqual(denied, {
    content: "The user rejected this call, nothing was run, and said: not now",
    success: false,
  });
  const shown = [...asking.activities.values()][0];
  assert.ok(shown?.type === "mcp_call" && shown.status === "declined");
  for (let turn = 0; turn < 4; turn++) {
    const output = await echo.run(call({ text: "b" }), asking);
    assert.equal(output.content, "b");
  }
  assert.equal(asking.asked.length, 3);
  assert.deepEqual(asking.asked[0], {
    kind: "mcp",
    title: "s/echo",
    detail: '{\n  "text": "a"\n}',
    cwd: "/",
    reason: "The server does not say what this tool may change",
    forbids: "",
    sessionScope: "every call of echo of the server s",
  });
  const other = recordingContext(settings(), {
    threadId: "thread-2",
    answers: [{ type: "approve" }],
  });
  await echo.run(call({ text: "c" }), other);
  assert.equal(other.asked.length, 1);
  const never = recordingContext(settings({ approval: "never" }));
  const refused = await echo.run(call({ text: "d" }), never);
  assert.equal(refused.success, false);
  assert.match(String(refused.content), /nobody can approve it here/);
});

Deno.test("A tool's call shows progress, which begins its time anew", async () => {
  await using t = testServers([
    scripted("s", { tools: [{ name: "wait" }] }, { toolMs: 400 }),
  ]);
  const context = recordingContext(FREE);
  const wait = await t.tool("wait");
  const output = await wait.run(call({ ms: 200, steps: 4 }), context);
  assert.deepEqual(output, { content: "waited", success: true });
  assert.deepEqual(context.deltas, [
    "1/4 step 1\n",
    "2/4 step 2\n",
    "3/4 step 3\n",
    "4/4 step 4\n",
  ]);
  const late = await wait.run(call({ ms: 60_000 }), recordingContext(FREE));
  assert.match(String(late.content), /it did not answer within 0.4 s/);
});

Deno.test("A tool's call that is interrupted ends at once, and the server is told", async () => {
  const logFile = await tempFile();
  await using t = testServers([
    scripted("s", { tools: [{ name: "wait" }], logFile }),
  ]);
  const abort = new AbortController();
  const context = recordingContext(FREE, { signal: abort.signal });
  const running = (await t.tool("wait")).run(
    call({ ms: 3_600_000 }),
    context,
  );
  await until(() =>
    readLog(logFile).some((one) => one["method"] === "tools/call")
  );
  abort.abort(new DOMException("interrupted", "AbortError"));
  await assert.rejects(running, /interrupted/);
  await until(() =>
    readLog(logFile).some((one) => one["method"] === "notifications/cancelled")
  );
  const shown = [...context.activities.values()][0];
  assert.ok(shown?.type === "mcp_call");
  assert.deepEqual(shown.error, { message: "Stopped by the user" });
});

Deno.test("A server that dies in a call is a failed call, and is there again for the next", async () => {
  const pidFile = await tempFile();
  await using t = testServers([
    scripted("s", {
      tools: [ECHO],
      pidFile,
      fault: { at: "tools/call", kind: "exit", nth: 2 },
    }),
  ]);
  const echo = await t.tool("echo");
  const run = async (): Promise<string> => {
    const output = await echo.run(call({ text: "x" }), recordingContext(FREE));
    return String(output.content);
  };
  assert.equal(await run(), "x");
  assert.equal(
    await run(),
    "Cannot call mcp__s__echo: the server s failed: the connection was closed; " +
      "it ended with code 3; on stderr it wrote: fatal: the scripted fault",
  );
  assert.equal(await run(), "x");
  assert.equal(readPids(pidFile).length, 2);
  assert.equal(t.warnings.length, 0);
});

Deno.test("McpHub tells once that tools have changed, and offers them in the next generation", async () => {
  await using t = testServers([
    scripted("s", { tools: [ECHO], changeMs: 50 }),
  ]);
  const first = await t.tools();
  await until(() => t.warnings.length > 0);
  assert.match(
    t.warnings[0] ?? "",
    /^The MCP server s has changed its tools; /,
  );
  // The tools of a generation stay what they were.
  const output = await first[0]?.run(
    call({ text: "y" }),
    recordingContext(FREE),
  );
  assert.equal(output?.content, "y");
  await new Promise((wake) => setTimeout(wake, 300));
  assert.equal(t.warnings.length, 1);
  const second = await t.tools();
  assert.equal(second.length, 2);
  assert.match(second[1]?.name ?? "", /^mcp__s__new_\d+$/);
  assert.equal(JSON.stringify(second[0]?.spec), JSON.stringify(first[0]?.spec));
});

Deno.test("McpHub.refresh() starts again what failed and lists all anew", async () => {
  const folder = await Deno.makeTempDir();
  const flag = `${folder}/there`;
  await using t = testServers([{
    ...scripted("s", {}),
    transport: {
      type: "stdio",
      command: "/bin/sh",
      args: [
        "-c",
        'test -e "$0" || exit 4; exec "$@"',
        flag,
        Deno.execPath(),
        ...argsOf(scripted("x", { tools: [ECHO] })),
      ],
      env: {},
      envVars: ["DENO_DIR"],
    },
  }]);
  assert.deepEqual(await t.tools(), []);
  assert.deepEqual(await t.tools(), []);
  assert.match(
    t.mcpServers.servers()[0]?.state ?? "",
    /^failed: .*ended with code 4/,
  );
  await Deno.writeTextFile(flag, "");
  assert.deepEqual(await t.mcpServers.refresh(), [
    { name: "s", state: "ready, scripted 1.0.0", tools: ["echo"] },
  ]);
  assert.equal((await t.tools()).length, 1);
});

function argsOf(
  { transport }: ReturnType<typeof scripted>,
): readonly string[] {
  return transport.type === "stdio" ? transport.args : [];
}

Deno.test("McpHub.prompts() lists what all servers offer, and prompt() fetches one", async () => {
  await using t = testServers([
    scripted("s", {
      prompts: [
        {
          name: "review",
          description: "Looks it over",
          arguments: [{ name: "file", required: true }, { name: "depth" }],
        },
        { name: "bare" },
        { no: "name" },
      ],
    }),
    scripted("none", { tools: [ECHO] }),
  ]);
  assert.deepEqual(await t.mcpServers.prompts(), [
    { server: "s", name: "bare", description: "", parameters: [] },
    {
      server: "s",
      name: "review",
      description: "Looks it over",
      parameters: ["file", "depth"],
    },
  ]);
  assert.equal(
    await t.mcpServers.prompt("s", "review", { file: "a.ts" }),
    'review: {"file":"a.ts"}',
  );
  await assert.rejects(
    t.mcpServers.prompt("x", "y", {}),
    /Cannot find the MCP server "x"/,
  );
});

Deno.test("The resource tools list over all servers or one, page by page, and read", async () => {
  const resources = [{ uri: "x://1", name: "one" }, {
    uri: "x://2",
    name: "two",
  }];
  await using t = testServers([
    scripted("a", { resources, pageSize: 1 }),
    scripted("b", { resources: [{ uri: "b://1", name: "b" }] }),
  ]);
  const run = async (tool: string, args: unknown): Promise<unknown> => {
    const output = await (await t.tool(tool)).run(
      call(args, { name: tool }),
      recordingContext(FREE),
    );
    assert.equal(output.success, true, String(output.content));
    return output.content;
  };
  const list = async (args: unknown): Promise<unknown> =>
    JSON.parse(String(await run("list_mcp_resources", args)));
  assert.deepEqual(await list({}), {
    resources: [
      { server: "a", uri: "x://1", name: "one" },
      { server: "a", uri: "x://2", name: "two" },
      { server: "b", uri: "b://1", name: "b" },
    ],
  });
  const page = asObject(await list({ server: "a" }));
  assert.deepEqual(page?.["resources"], [resources[0]]);
  assert.deepEqual(await list({ server: "a", cursor: page?.["nextCursor"] }), {
    server: "a",
    resources: [resources[1]],
  });
  assert.equal(
    await run("read_mcp_resource", { server: "b", uri: "b://1" }),
    "text of b://1",
  );
  const templates = String(
    await run("list_mcp_resource_templates", { server: "b" }),
  );
  assert.ok(templates.includes("x://{id}"));
});

Deno.test("The resource tools say what is wrong with a call", async () => {
  await using t = testServers([scripted("a", { resources: [] })]);
  const list = await t.tool("list_mcp_resources");
  const read = await t.tool("read_mcp_resource");
  const context = recordingContext(FREE);
  const unknown = await list.run(call({ server: "x" }), context);
  assert.equal(
    unknown.content,
    'Cannot run list_mcp_resources: Cannot find the MCP server "x": must be one of a',
  );
  const lost = await list.run(call({ cursor: "1" }), context);
  assert.match(String(lost.content), /"cursor" needs a "server"/);
  await assert.rejects(
    read.run(call({ uri: 1 }, { name: "read_mcp_resource" }), context),
    /: "server" must be a string; "uri" must be a string$/,
  );
});

Deno.test("A server's question reaches the person in the middle of its call", async () => {
  const schema = {
    type: "object",
    properties: { sure: { type: "boolean", default: true } },
    required: ["sure"],
  };
  await using t = testServers([
    scripted("s", { tools: [{ name: "ask" }] }, { toolMs: 2_000 }),
  ]);
  const ask = await t.tool("ask");
  const yes = recordingContext(settings(), { answers: [{ type: "approve" }] });
  const output = await ask.run(
    call({ message: "Really?", requestedSchema: schema }),
    yes,
  );
  assert.deepEqual(JSON.parse(String(output.content)), {
    action: "accept",
    content: { sure: true },
  });
  assert.equal(yes.asked[0]?.title, "s asks: Really?");
  assert.match(yes.asked[0]?.detail ?? "", /It will get: \{"sure":true\}/);
  const never = recordingContext(settings({ approval: "never" }));
  const declined = await ask.run(
    call({ message: "Really?", requestedSchema: schema }),
    never,
  );
  assert.deepEqual(JSON.parse(String(declined.content)), { action: "decline" });
  assert.match(never.warnings[0] ?? "", /nobody can answer here/);
});

Deno.test("A server's question that needs values goes to the frontend's hook, without haste", async () => {
  const requestedSchema = {
    type: "object",
    properties: { name: { type: "string" } },
    required: ["name"],
  };
  await using t = testServers(
    [scripted("s", { tools: [{ name: "ask" }] }, { toolMs: 300 })],
    {
      elicit: async (form) => {
        assert.deepEqual(form, {
          from: "The MCP server s",
          message: "Who?",
          fields: [{
            name: "name",
            title: "name",
            description: "",
            isRequired: true,
            kind: { type: "text" },
          }],
        });
        // Longer than the call may take: a person who thinks is no server that hangs.
        await new Promise((wake) => setTimeout(wake, 600));
        return { action: "accept", content: { name: "Ada" } };
      },
    },
  );
  const output = await (await t.tool("ask")).run(
    call({ message: "Who?", requestedSchema }),
    recordingContext(settings()),
  );
  assert.deepEqual(JSON.parse(String(output.content)), {
    action: "accept",
    content: { name: "Ada" },
  });
});

Deno.test("A server's question that needs values is declined where nobody can give them", async () => {
  await using t = testServers([scripted("s", { tools: [{ name: "ask" }] })]);
  const context = recordingContext(settings());
  const output = await (await t.tool("ask")).run(
    call({
      message: "Who?",
      requestedSchema: {
        type: "object",
        properties: { name: { type: "string" } },
        required: ["name"],
      },
    }),
    context,
  );
  assert.deepEqual(JSON.parse(String(output.content)), { action: "decline" });
  assert.deepEqual(context.warnings, [
    'The MCP server s asked for values: "Who?"; none were given',
  ]);
});

Deno.test("A call that wants a page opened first is made again once the person has", async () => {
  const asked: (string | undefined)[] = [];
  let action: "accept" | "decline" = "accept";
  await using t = testServers(
    [scripted("s", { tools: [{ name: "page_first" }] })],
    {
      elicit: ({ url, message }) => {
        asked.push(url);
        assert.match(
          message,
          /^Log in\nFinish on the page, then accept: the call/,
        );
        return Promise.resolve({ action });
      },
    },
  );
  const tool = await t.tool("page_first");
  const elicitations = ["https://a.example/1", "https://a.example/2"].map(
    (url) => ({ mode: "url", message: "Log in", url, elicitationId: url }),
  );
  const output = await tool.run(
    call({ elicitations }),
    recordingContext(settings()),
  );
  assert.equal(output.content, "at last");
  assert.deepEqual(asked, ["https://a.example/1", "https://a.example/2"]);
  action = "decline";
  const refused = await tool.run(
    call({ elicitations, times: 9 }),
    recordingContext(settings()),
  );
  assert.match(String(refused.content), /failed: open the page$/);
  assert.equal(asked.length, 3);
  // A second refusal is the end: nobody is asked in circles.
  action = "accept";
  await tool.run(
    call({ elicitations, times: 9 }),
    recordingContext(settings()),
  );
  assert.equal(asked.length, 5);
});

Deno.test("McpHub says what is wrong with a URL before anything is sent", async () => {
  await using t = testServers([behindUrl("u", "ftp://x")]);
  assert.deepEqual(await t.tools(), []);
  assert.deepEqual(t.warnings, [
    'Cannot use the MCP server u: its url is "ftp://x", must begin with http:// or https://',
  ]);
});

Deno.test("McpHub leaves out a tool whose parameters are too large, and says so", async () => {
  const description = "x".repeat(70_000);
  await using t = testServers([
    scripted("s", {
      tools: [ECHO, {
        name: "big",
        inputSchema: { properties: { a: { description } } },
      }],
    }),
  ]);
  assert.deepEqual((await t.tools()).map((one) => one.name), ["mcp__s__echo"]);
  assert.match(t.warnings[0] ?? "", /^Leaving out mcp__s__big: /);
});

Deno.test("A long answer is cut, and kept whole in a file for its owner", async () => {
  const folder = await Deno.makeTempDir();
  await using t = testServers([scripted("s", { tools: [{ name: "long" }] })], {
    spoolFolder: folder,
  });
  const output = await (await t.tool("long")).run(
    call({ lines: 2_000 }),
    recordingContext(settings({
      sandbox: { mode: "danger-full-access" },
      tokens: 200,
    })),
  );
  const path = /in (\S+\.txt)\./.exec(String(output.content))?.[1] ?? "";
  assert.ok(path.startsWith(`${folder}/thread-1/`));
  const whole = await Deno.readTextFile(path);
  assert.equal(whole, "line of text\n".repeat(2_000));
  assert.equal((await Deno.stat(path)).mode! & 0o777, 0o600);
});
