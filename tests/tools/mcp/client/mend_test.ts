/** What servers send that is not quite the protocol. */
import assert from "node:assert/strict";
import { limitFetch } from "../../../../tools/mcp/client/http_limit.ts";
import { mendMessage } from "../../../../tools/mcp/client/mend.ts";

Deno.test("mendMessage() leaves out nulls that stand for nothing, and keeps those of data", () => {
  const result = { _meta: null, structuredContent: { a: null }, content: [] };
  assert.deepEqual(
    mendMessage({ jsonrpc: "2.0", id: 1, result, error: null }),
    {
      jsonrpc: "2.0",
      id: 1,
      result: { structuredContent: { a: null }, content: [] },
    },
  );
  const params = { _meta: null, progress: 1, total: null };
  assert.deepEqual(mendMessage({ id: null, method: "m", params }), {
    jsonrpc: "2.0",
    method: "m",
    params: { progress: 1 },
  });
});

Deno.test("mendMessage() speaks every version of the protocol", () => {
  const hello = (protocolVersion: string) =>
    mendMessage({
      id: 0,
      result: {
        protocolVersion,
        capabilities: { tools: null, resources: {} },
        serverInfo: { name: "s", version: "1", title: null },
        instructions: null,
      },
    })["result"];
  const rest = {
    capabilities: { resources: {} },
    serverInfo: { name: "s", version: "1" },
  };
  assert.deepEqual(hello("2031-01-01"), {
    ...rest,
    protocolVersion: "2025-11-25",
  });
  assert.deepEqual(hello("2024-11-05"), {
    ...rest,
    protocolVersion: "2024-11-05",
  });
});

Deno.test("mendMessage() turns an answer that nobody can read into an error", () => {
  const why = (message: Record<string, string | number | null>) =>
    (mendMessage({ id: 1, ...message })["error"] as { message: string })
      .message;
  assert.match(why({}), /neither result nor error/);
  assert.match(why({ result: null }), /is no object/);
  assert.match(why({ result: "text" }), /is no object/);
  assert.deepEqual(mendMessage({ id: 1, error: { code: "E", data: null } }), {
    jsonrpc: "2.0",
    id: 1,
    error: { code: -32_000, message: '{"code":"E","data":null}' },
  });
});

Deno.test("limitFetch() mends bodies and events, in whatever pieces they come", async () => {
  const answer = '{"id":7,"result":{"_meta":null,"content":[]}}';
  const mended = '{"jsonrpc":"2.0","id":7,"result":{"content":[]}}';
  assert.equal(await body([answer], "application/json"), mended);
  const events = `: hello\r\nid: 4\r\ndata: ${answer}\r\n\r\n`;
  const wanted = `: hello\nid: 4\ndata: ${mended}\n\n`;
  assert.equal(await body([events], "text/event-stream"), wanted);
  assert.equal(await body([...events], "text/event-stream"), wanted);
  for (const type of ["application/json", "text/event-stream"]) {
    const broken = type === "application/json" ? "{" : "data: {\n\n";
    assert.match(await body([broken], type), /"id":7,"error".*is not JSON/);
  }
});

async function body(pieces: readonly string[], type: string): Promise<string> {
  const encoder = new TextEncoder();
  const fetchOnce = limitFetch({
    fetch: () =>
      Promise.resolve(
        new Response(
          ReadableStream.from(pieces.map((piece) => encoder.encode(piece))),
          { headers: { "content-type": type } },
        ),
      ),
    messageBytesMax: 1_000,
    onAnswerEnd: () => {},
  });
  const response = await fetchOnce("http://127.0.0.1/mcp", {
    method: "POST",
    body: JSON.stringify({ jsonrpc: "2.0", id: 7, method: "tools/call" }),
  });
  return await response.text();
}
