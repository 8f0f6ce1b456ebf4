/** The app server without threads: what it refuses, and in which words of JSON-RPC. */
import assert from "node:assert/strict";
import type { ClientStream } from "../../../../core/frontends/app_server/connection.ts";
import { runAppServer } from "../../../../core/frontends/app_server/server.ts";
import type {
  AppServerServices,
  ThreadServices,
} from "../../../../core/frontends/app_server/services.ts";
import { UserError } from "../../../../core/protocol/error.ts";
import type { JsonObject } from "../../../../core/util/json/json.ts";

const HELLO = {
  id: 1,
  method: "initialize",
  params: { clientInfo: { name: "test", version: "1" } },
};

function never(): never {
  throw new UserError("session", "No threads here");
}

const NO_THREADS: ThreadServices = {
  start: never,
  resume: never,
  fork: never,
  list: never,
  find: never,
  turns: never,
  rename: never,
  archive: never,
  unarchive: never,
  remove: never,
};

/** What the server says to these lines. */
async function talk(
  lines: readonly (string | JsonObject)[],
  others: AppServerServices["others"] = new Map(),
): Promise<JsonObject[]> {
  const text = lines.map((line) =>
    `${typeof line === "string" ? line : JSON.stringify(line)}\n`
  ).join("");
  const chunks = [new TextEncoder().encode(text)];
  const said: string[] = [];
  const stream: ClientStream = {
    input: { read: () => Promise.resolve(chunks.shift() ?? null) },
    output: {
      write: (line) => said.push(line) > 0,
      pendingBytes: 0,
      flush: () => Promise.resolve(true),
    },
    close: () => {},
  };
  async function* clients(): AsyncGenerator<ClientStream> {
    yield await Promise.resolve(stream);
  }
  const code = await runAppServer({
    services: { threads: NO_THREADS, codexHome: "/home/.codex", others },
    host: {
      os: "linux",
      newId: () => "id",
      now: () => new Date(0),
      sleep: (_ms, signal) =>
        new Promise((_resolve, reject) => {
          signal?.addEventListener("abort", () => reject(signal.reason));
        }),
    },
    terminal: { onSignal: () => () => {} },
    clients: clients(),
  });
  assert.equal(code, 0);
  return said.map((line) => JSON.parse(line));
}

function codes(answers: readonly JsonObject[]): unknown[] {
  return answers.map(({ id, error }) => [
    id,
    (error as JsonObject | undefined)?.["code"],
  ]);
}

Deno.test("a line that is no JSON, or nested without end, is answered and the next one taken", async () => {
  const answers = await talk(["no json", "[".repeat(5_000), "[1]", HELLO]);
  assert.deepEqual(codes(answers), [
    [null, -32_700],
    [null, -32_700],
    [null, -32_600],
    [1, undefined],
  ]);
});

Deno.test("nothing is done before initialize, nor is it done twice", async () => {
  const list = { id: 7, method: "thread/list" };
  const answers = await talk([list, HELLO, { ...HELLO, id: 2 }]);
  assert.deepEqual(codes(answers), [
    [7, -32_600],
    [1, undefined],
    [2, -32_600],
  ]);
});

Deno.test("an unknown method, wrong parameters and a refusal have codes of their own", async () => {
  const answers = await talk([
    HELLO,
    { id: 2, method: "thread/fly" },
    { id: 3, method: "thread/read", params: { threadId: 5 } },
    { id: 4, method: "thread/read", params: { threadId: "x" } },
    { id: 5, method: "thread/fork", params: "no object" },
  ]);
  assert.deepEqual(codes(answers.slice(1)).sort(), [
    [2, -32_601],
    [3, -32_602],
    [4, -32_600],
    [5, -32_602],
  ]);
});

Deno.test("a client is not told what it does not want, and answers to nothing are passed over", async () => {
  const others: AppServerServices["others"] = new Map([
    ["test/tell", (_params, { notify }) => {
      notify("some/thing", {});
      notify("other/thing", {});
      return Promise.resolve({ done: true });
    }],
  ]);
  const hello = {
    ...HELLO,
    params: {
      ...HELLO.params,
      capabilities: { optOutNotificationMethods: ["some/thing"] },
    },
  };
  const answers = await talk([
    hello,
    { id: 99, result: {} },
    { id: 98, error: { code: 1, message: "no" } },
    { id: 2, method: "test/tell" },
  ], others);
  assert.deepEqual(answers.slice(1), [
    { method: "other/thing", params: {} },
    { id: 2, result: { done: true } },
  ]);
});
