/** Servers that speak HTTP badly, answer without an end, or send the program elsewhere. */
import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { say } from "../support/mock_model.ts";
import {
  openStage,
  type Promised,
  runJson,
  type Situation,
} from "./situation.ts";

const KIND = "servers that speak badly";
/** Bytes after which an endless body is over all the same: nobody may need them. */
const ENDLESS_BYTES = 4e9;
// Whatever is wrong, the run has not succeeded, and nobody stopped it.
const MODEL_FAILED = [1, 3, 4, 5];

type Chunk = string | Uint8Array<ArrayBuffer>;

/** What the server writes after a request; `rest` again and again, until the client leaves. */
interface Reply extends Promised {
  readonly head: Chunk;
  readonly rest?: Chunk;
  /** Leaves the connection open, silent. */
  readonly isOpen?: boolean;
  /** Closes before it has read anything. */
  readonly isDeaf?: boolean;
}

const SSE = "content-type: text/event-stream";
const DONE = [
  'data: {"type":"response.output_item.done","output_index":0,"item":{"type":"message","id":"m","role":"assistant","content":[{"type":"output_text","text":"hi"}]}}\n\n',
  'data: {"type":"response.completed","response":{"id":"r","status":"completed"}}\n\n',
].join("");

const REPLIES: Readonly<Record<string, Reply>> = {
  "nothing, and closes": { head: "" },
  "closes before it reads": { head: "", isDeaf: true },
  "silence": { head: "", isOpen: true },
  "half a status line": { head: "HTTP/1.1 20", isOpen: true },
  ...Object.fromEntries(
    [200, 400, 401, 429, 500].map((status) => [
      `half a body, then silence, status ${status}`,
      {
        head: `HTTP/1.1 ${status} Odd\r\ncontent-length: 99\r\n\r\n{`,
        isOpen: true,
      },
    ]),
  ),
  "no HTTP": { head: "SSH-2.0-OpenSSH_9.2\r\n" },
  "a TLS alert": { head: new Uint8Array([21, 3, 3, 0, 2, 2, 70]) },
  "HTTP/0.9": { head: "hello" },
  "HTTP/2 without being asked": {
    head: "HTTP/2.0 200 OK\r\n\r\n",
  },
  "headers without an end": {
    head: "HTTP/1.1 200 OK\r\n",
    rest: `x-a: ${"b".repeat(1000)}\r\n`,
  },
  "one header without an end": {
    head: "HTTP/1.1 200 OK\r\nx: ",
    rest: "b".repeat(1000),
  },
  "a status of 999": { head: answer("999 Odd", "") },
  "a status of 000": { head: answer("000 Odd", "") },
  "early hints without an end": {
    head: "",
    rest: "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n",
  },
  ...Object.fromEntries(
    [201, 204, 205, 206, 304, 402, 405, 407, 410, 418, 425, 451, 501, 511, 599]
      .map((status) => [
        `a status of ${status} and no body`,
        { head: answer(`${status} Odd`, "") },
      ]),
  ),
  ...Object.fromEntries(
    [200, 400, 401, 404, 429, 500].map((status) => [
      `a body without an end, status ${status}`,
      {
        head: `HTTP/1.1 ${status} Odd\r\ncontent-type: text/html\r\n\r\n<html>`,
        rest: "<p>still here</p>".repeat(1000),
      },
    ]),
  ),
  ...Object.fromEntries(
    [400, 500].map((status) => [
      `a body of bytes, status ${status}`,
      {
        head: answer(
          `${status} Odd`,
          `\xff\0\u001b]0;title\u0007\u009b31m${"\0".repeat(5000)}`,
        ),
      },
    ]),
  ),
  "an event line without an end": {
    head: `HTTP/1.1 200 OK\r\n${SSE}\r\n\r\ndata: `,
    rest: "x".repeat(65_536),
  },
  "an event of endless data lines": {
    head: `HTTP/1.1 200 OK\r\n${SSE}\r\n\r\n`,
    rest: `data: ${"x".repeat(1000)}\n`.repeat(60),
  },
  "an error that compresses well": {
    head: zipped("400 Odd", bomb(0)),
  },
  "a stream that compresses well": {
    head: zipped("200 OK", bomb(10)),
  },
  "an error said to be compressed": {
    head: zipped("400 Odd", "no gzip at all"),
  },
  "a stream said to be compressed": { head: zipped("200 OK", DONE) },
  "a coding nobody knows": {
    head:
      `HTTP/1.1 200 OK\r\n${SSE}\r\ncontent-encoding: nonsense\r\n\r\n${DONE}`,
    codes: [0, ...MODEL_FAILED],
  },
  "a length too long": {
    head: sse(`content-length: ${DONE.length + 1000}`),
    codes: [0, 5],
  },
  "a length too short": { head: sse("content-length: 20") },
  "a length below zero": { head: sse("content-length: -1") },
  "a length of words": { head: sse("content-length: many") },
  "two lengths": { head: sse("content-length: 1\r\ncontent-length: 2") },
  "chunks of no size": {
    head:
      `HTTP/1.1 200 OK\r\n${SSE}\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n${DONE}`,
  },
  "a chunk of 2^63": {
    head:
      `HTTP/1.1 200 OK\r\n${SSE}\r\ntransfer-encoding: chunked\r\n\r\n7fffffffffffffff\r\n`,
    rest: ": still here\n\n".repeat(100),
  },
  "words without an end": {
    head: `HTTP/1.1 418 ${"x".repeat(9_000)}\r\nx-request-id: ${
      "y".repeat(9_000)
    }\r\ncf-ray: ${"z".repeat(9_000)}\r\ncontent-length: 0\r\n\r\n`,
  },
  "a code without an end": {
    head: answer(
      "400 Odd",
      JSON.stringify({ error: { code: "c".repeat(60_000), message: "no" } }),
    ),
  },
  "no content type": {
    head: `HTTP/1.1 200 OK\r\n\r\n${DONE}`,
    codes: [0, ...MODEL_FAILED],
  },
  "a web page": {
    head: answer("200 OK", "<html><body>Sign in to the network</body></html>"),
  },
  "JSON, whole": {
    head: answer("200 OK", '{"id":"r","object":"response","output":[]}'),
    codes: [0],
  },
  "a byte order mark": {
    head: `HTTP/1.1 200 OK\r\n${SSE}\r\n\r\n\ufeff${DONE}`,
    codes: [0],
  },
  "carriage returns alone": {
    head: `HTTP/1.1 200 OK\r\n${SSE}\r\n\r\n${DONE.replaceAll("\n", "\r")}`,
    codes: [0],
  },
  "bytes that are no text": {
    head: new Uint8Array([
      ...new TextEncoder().encode(`HTTP/1.1 200 OK\r\n${SSE}\r\n\r\ndata: `),
      ...[0xff, 0xfe, 0xc0, 0x80, 10, 10],
      ...new TextEncoder().encode(DONE),
    ]),
    codes: [0, 5],
  },
  "a header of control characters": {
    head:
      `HTTP/1.1 200 OK\r\n${SSE}\r\nx-request-id: \u001b[2J\u0007\r\n\r\n${DONE}`,
    codes: [0, ...MODEL_FAILED],
  },
  ...Object.fromEntries(
    [
      "/v1/responses",
      "//",
      "",
      "file:///etc/passwd",
      "http://[",
      "javascript:1",
      "http://127.0.0.1:1/",
      `/${"x".repeat(100_000)}`,
    ]
      .flatMap((target) =>
        [301, 302, 303, 307, 308].map((status) => [
          `a ${status} to ${target.slice(0, 20) || "nowhere"}`,
          { head: answer(`${status} Odd`, "", `location: ${target}`) },
        ])
      ),
  ),
  ...Object.fromEntries(
    [
      "-5",
      "0",
      "NaN",
      "1e9",
      "99999999999999999999",
      "soon",
      "Thu, 01 Jan 1970 00:00:00 GMT",
      "Fri, 31 Dec 9999 23:59:59 GMT",
      "1.5, 2",
      "\u00e9",
      " ",
    ]
      .flatMap((value) =>
        [429, 503].map((status) => [
          `${status} and Retry-After: ${value}`,
          {
            head: answer(
              `${status} Odd`,
              '{"error":{"message":"the words of the server"}}',
              `retry-after: ${value}`,
            ),
            says: /the words of the server/,
          },
        ])
      ),
  ),
};

function answer(status: string, body: string, header = "x: y"): string {
  const length = new TextEncoder().encode(body).length;
  return `HTTP/1.1 ${status}\r\n${header}\r\ncontent-length: ${length}\r\n\r\n${body}`;
}

function sse(header: string): string {
  return `HTTP/1.1 200 OK\r\n${SSE}\r\n${header}\r\n\r\n${DONE}`;
}

function bomb(byte: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(gzipSync(new Uint8Array(300e6).fill(byte)));
}

function zipped(status: string, body: Chunk): Uint8Array<ArrayBuffer> {
  const bytes = typeof body === "string"
    ? new TextEncoder().encode(body)
    : body;
  const head = new TextEncoder().encode(
    `HTTP/1.1 ${status}\r\n${SSE}\r\ncontent-encoding: gzip\r\ncontent-length: ${bytes.length}\r\n\r\n`,
  );
  const all = new Uint8Array(head.length + bytes.length);
  all.set(head);
  all.set(bytes, head.length);
  return all;
}

const QUICK = new Set([
  "headers without an end",
  "a body without an end, status 400",
  "an event line without an end",
  "an error that compresses well",
  "a 307 to //",
  "429 and Retry-After: 1e9",
]);

/** Who asks the server, and how a run ends whose server is like that. */
const ASKERS: Readonly<
  Record<string, (reply: Reply, url: string) => Asked>
> = {
  "a model": (reply, url) => ({
    settings: provider(url),
    promised: { codes: MODEL_FAILED, ...reply },
  }),
  "a model of the chat wire": (reply, url) => ({
    settings: [...provider(url), "-c", 'model_providers.mock.wire_api="chat"'],
    promised: {
      codes: [0, ...MODEL_FAILED],
      ...(reply.says && { says: reply.says }),
    },
  }),
  // The work goes on without its tools.
  "an MCP server": (_reply, url) => ({
    settings: ["-c", `mcp_servers.m={url="${url}",startup_timeout_sec=2}`],
    promised: { codes: [0] },
    isWarned: true,
  }),
};

interface Asked {
  readonly settings: readonly string[];
  readonly promised: Promised;
  /** One line says that the server cannot be used. */
  readonly isWarned?: true;
}

function provider(url: string): string[] {
  return [
    `base_url="${url}"`,
    "stream_idle_timeout_ms=700",
    "request_max_retries=1",
    "stream_max_retries=1",
  ].flatMap((one) => ["-c", `model_providers.mock.${one}`]);
}

/** Every such server, asked by everything that asks servers. */
export function badServers(): Situation[] {
  return Object.entries(ASKERS).flatMap(([asker, ask]) =>
    Object.entries(REPLIES).map(([name, reply]) => ({
      kind: KIND,
      name: `${asker}: ${name}`,
      isQuick: QUICK.has(name) && asker === "a model",
      run: () => tryServer(reply, ask),
    }))
  );
}

async function tryServer(
  reply: Reply,
  ask: (reply: Reply, url: string) => Asked,
): Promise<void> {
  await using server = serveRaw(reply);
  await using stage = await openStage({ script: () => say("done") });
  const url = `http://127.0.0.1:${server.port}/v1`;
  const { settings, promised, isWarned } = ask(reply, url);
  const run = await runJson(stage, [...settings, "--timeout", "30s"], promised);
  const warnings = run.events.filter(({ type, message }) =>
    type === "warning" && /MCP server m/.test(String(message))
  );
  if (isWarned) assert.equal(warnings.length, 1);
  for (const { type, message } of run.events) {
    const isShort = String(message).length < 4_000;
    assert.ok(
      !/error|warning/.test(String(type)) || isShort,
      "an error nobody can read",
    );
  }
  // A wrong answer is no reason to ask without an end.
  assert.ok(server.requests() <= 12, `${server.requests()} requests`);
}

interface RawServer extends AsyncDisposable {
  readonly port: number;
  requests(): number;
}

function serveRaw(reply: Reply): RawServer {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open = new Set<Deno.TcpConn>();
  let requests = 0;
  const accepting = (async () => {
    for await (const conn of listener) {
      requests += 1;
      open.add(conn);
      // The client is free to leave.
      void play(conn, reply).catch(() => {}).finally(() => {
        open.delete(conn);
        close(conn);
      });
    }
  })();
  return {
    port: listener.addr.port,
    requests: () => requests,
    [Symbol.asyncDispose]: async (): Promise<void> => {
      listener.close();
      await accepting;
      for (const conn of open) close(conn);
    },
  };
}

async function play(conn: Deno.TcpConn, reply: Reply): Promise<void> {
  if (reply.isDeaf) return;
  await conn.read(new Uint8Array(65_536));
  await write(conn, reply.head);
  if (reply.rest !== undefined) {
    const chunk = encode(reply.rest);
    for (let sent = 0; sent < ENDLESS_BYTES; sent += chunk.length) {
      await write(conn, chunk);
    }
  }
  if (reply.isOpen || reply.rest !== undefined) await closed(conn);
  else await conn.closeWrite();
}

async function closed(conn: Deno.TcpConn): Promise<void> {
  while (await conn.read(new Uint8Array(65_536)) !== null);
}

function encode(chunk: Chunk): Uint8Array<ArrayBuffer> {
  return typeof chunk === "string" ? new TextEncoder().encode(chunk) : chunk;
}

async function write(conn: Deno.TcpConn, chunk: Chunk): Promise<void> {
  const bytes = encode(chunk);
  for (let at = 0; at < bytes.length;) {
    at += await conn.write(bytes.subarray(at));
  }
}

function close(conn: Deno.TcpConn): void {
  try {
    conn.close();
  } catch {
    // It was closed before.
  }
}
