/** Servers behind a URL: every request is answered, whatever becomes of its connection. */
import assert from "node:assert/strict";
import { LIMITS } from "../../../../core/protocol/limits.ts";
import type { Tool, ToolOutput } from "../../../../core/protocol/tool.ts";
import { serveMcpHttp } from "../../../support/mcp_http.ts";
import { behindUrl, host, testServers } from "../support.ts";
import { call, recordingContext, settings } from "../../support.ts";

const FREE = settings({ sandbox: { mode: "danger-full-access" } });
const TOOLS = ["echo", "huge", "progress", "cut", "broken", "fault"]
  .map((name) => ({ name }));

async function run(tool: Tool, args: unknown = {}): Promise<ToolOutput> {
  return await tool.run(call(args), recordingContext(FREE));
}

for (const mode of ["json", "sse"] as const) {
  Deno.test(`A server behind a URL is used with answers as ${mode}, and told goodbye`, async () => {
    await using server = serveMcpHttp({ tools: TOOLS, mode });
    {
      await using t = testServers([behindUrl("u", server.url)]);
      const echo = await t.tool("echo");
      assert.deepEqual(await run(echo, { text: "hi" }), {
        content: "hi",
        success: true,
      });
      assert.deepEqual(t.warnings, []);
    }
    assert.deepEqual(server.messages, [
      "initialize",
      "notifications/initialized",
      "tools/list",
      "tools/call",
      "DELETE",
    ]);
    const last = server.headers.at(-1);
    assert.equal(last?.get("mcp-session-id"), "session-1");
    assert.equal(last?.get("mcp-protocol-version"), "2025-06-18");
  });
}

Deno.test("A server behind a URL gets its headers and its token", async () => {
  await using server = serveMcpHttp({ tools: TOOLS, tokens: () => ["tok"] });
  const spec = behindUrl("u", server.url);
  await using t = testServers([{
    ...spec,
    transport: {
      type: "http",
      url: server.url,
      headers: { "X-Own": "1" },
      envHeaders: { "X-Env": "FROM_ENV" },
      bearerTokenEnvVar: "TOKEN",
    },
  }], {
    host: {
      ...host,
      env: (name) =>
        ({ TOKEN: "tok", FROM_ENV: "2" } as Record<string, string>)[name],
    },
  });
  await t.tool("echo");
  assert.equal(server.headers[0]?.get("x-own"), "1");
  assert.equal(server.headers[0]?.get("x-env"), "2");
});

Deno.test("A server behind a URL that wants a login or a token says so", async () => {
  await using server = serveMcpHttp({ tools: TOOLS, tokens: () => ["tok"] });
  const withToken = behindUrl("token", server.url);
  await using t = testServers([
    behindUrl("login", server.url),
    {
      ...withToken,
      transport: {
        type: "http",
        url: server.url,
        headers: {},
        envHeaders: {},
        bearerTokenEnvVar: "NO_SUCH_TOKEN",
      },
    },
  ]);
  assert.deepEqual(await t.tools(), []);
  assert.match(
    t.warnings[0] ?? "",
    /^Cannot use the MCP server login: it asks for a login: rondo mcp login login/,
  );
  assert.equal(
    t.warnings[1],
    "Cannot use the MCP server token: it needs NO_SUCH_TOKEN, missing from the environment",
  );
});

Deno.test("A server behind a URL where nothing listens is one warning", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  await using t = testServers([behindUrl("u", `http://127.0.0.1:${port}/mcp`)]);
  assert.deepEqual(await t.tools(), []);
  assert.equal(t.warnings.length, 1);
  assert.match(t.warnings[0] ?? "", /refused/i);
});

Deno.test("A stream that ends or breaks before the answer is a failed call at once", async () => {
  await using server = serveMcpHttp({ tools: TOOLS });
  await using t = testServers([behindUrl("u", server.url)]);
  const cut = await run(await t.tool("cut"));
  assert.match(String(cut.content), /it ended without an answer/);
  const broken = await run(await t.tool("broken"));
  assert.equal(broken.success, false);
  assert.match(
    String(broken.content),
    /^Cannot call mcp__u__broken: the server u failed: /,
  );
  const fault = await run(await t.tool("fault"));
  assert.match(String(fault.content), /a fault/);
  const echo = await run(await t.tool("echo"), { text: "still here" });
  assert.equal(echo.content, "still here");
});

Deno.test("Progress comes over a stream, before the answer", async () => {
  await using server = serveMcpHttp({ tools: TOOLS });
  await using t = testServers([behindUrl("u", server.url)]);
  const context = recordingContext(FREE);
  const output = await (await t.tool("progress")).run(call({}), context);
  assert.equal(output.content, "done");
  assert.deepEqual(context.deltas, ["1\n", "2\n"]);
});

Deno.test("A session that the server has forgotten is begun anew, and the call made", async () => {
  await using server = serveMcpHttp({ tools: TOOLS });
  await using t = testServers([behindUrl("u", server.url)]);
  const echo = await t.tool("echo");
  server.forget();
  const output = await run(echo, { text: "again" });
  assert.deepEqual(output, { content: "again", success: true });
  assert.equal(
    server.messages.filter((one) => one === "initialize").length,
    2,
  );
});

for (const mode of ["json", "sse"] as const) {
  Deno.test(`An answer that is too long is not read into memory (${mode})`, async () => {
    await using server = serveMcpHttp({ tools: TOOLS, mode });
    await using t = testServers([behindUrl("u", server.url)]);
    const huge = await t.tool("huge");
    const bytes = LIMITS.mcpMessageBytes;
    const output = await run(huge, { bytes });
    assert.equal(output.success, false);
    assert.match(
      String(output.content),
      /its message has more than the \d+ bytes/,
    );
    const small = await run(huge, { bytes: 1_000 });
    assert.equal(String(small.content).length, 1_000);
  });
}

Deno.test("The list of tools is the same bytes in fifty starts, in whatever order servers answer", async () => {
  const tool = (name: string, server: string): Record<string, unknown> => ({
    name,
    description: `${name} of ${server}`,
    inputSchema: {
      type: "object",
      properties: { z: {}, a: { type: "string" } },
    },
  });
  const delayMs = (): number => Math.random() * 8;
  await using one = serveMcpHttp({
    tools: ["b.c", "b_c", "a"].map((name) => tool(name, "one")),
    delayMs,
  });
  await using two = serveMcpHttp({
    tools: ["z", "y".repeat(90)].map((name) => tool(name, "two")),
    delayMs,
    mode: "sse",
  });
  await using three = serveMcpHttp({ tools: [tool("m", "three")], delayMs });
  const lists = new Set<string>();
  for (let start = 0; start < 50; start++) {
    const servers = [
      behindUrl("one", one.url),
      behindUrl("two", two.url),
      behindUrl("three", three.url),
    ].sort(() => Math.random() - 0.5);
    await using t = testServers(servers);
    const tools = await t.tools();
    lists.add(JSON.stringify(tools.map(({ spec }) => spec)));
  }
  assert.equal(lists.size, 1);
  assert.equal(JSON.parse([...lists][0] ?? "[]").length, 6);
});
