/** The agent of ACP without threads: what it refuses, in which words, and how much it holds. */
import assert from "node:assert/strict";
import { runAcp } from "../../../../core/frontends/acp/server.ts";
import type { AcpServices } from "../../../../core/frontends/acp/services.ts";
import { UserError } from "../../../../core/protocol/error.ts";
import { LIMITS } from "../../../../core/protocol/limits.ts";
import type { JsonObject } from "../../../../core/util/json/json.ts";
import { testHost } from "../support.ts";

const HELLO = {
  jsonrpc: "2.0",
  id: 1,
  method: "initialize",
  params: { protocolVersion: 1 },
};

function request(id: unknown, method: string, params: unknown): JsonObject {
  return { jsonrpc: "2.0", id, method, params } as JsonObject;
}

function never(): never {
  throw new UserError("session", "No threads here");
}

const NO_THREADS: AcpServices = {
  start: never,
  has: () => Promise.resolve(false),
  resume: never,
  list: never,
  turns: never,
  models: never,
  login: () => Promise.resolve({ text: "", isReady: true, canStore: false }),
};

interface Reader {
  readonly pendingBytes: () => number;
  /** `left` tells how many lines nobody has asked for. */
  readonly flush: (left: () => number) => Promise<boolean>;
}

const QUICK: Reader = {
  pendingBytes: () => 0,
  flush: () => Promise.resolve(true),
};

/** A host on which a moment takes no time: what can come, comes without a pause. */
function eagerHost(): ReturnType<typeof testHost> {
  const real = testHost();
  return testHost({
    sleep: (ms, signal) =>
      ms === 0 ? Promise.resolve() : real.sleep(ms, signal),
  });
}

/** What the agent says to these lines. */
async function talk(
  lines: readonly (string | JsonObject)[],
  { services = NO_THREADS, reader = QUICK, host = testHost() }: {
    readonly services?: AcpServices;
    readonly host?: ReturnType<typeof testHost>;
    readonly reader?: Reader;
  } = {},
): Promise<JsonObject[]> {
  const chunks = lines.map((line) =>
    new TextEncoder().encode(
      `${typeof line === "string" ? line : JSON.stringify(line)}\n`,
    )
  );
  const said: string[] = [];
  const code = await runAcp({
    services,
    host,
    terminal: {
      onSignal: () => () => {},
      stdin: {
        isTty: false,
        setRaw: () => false,
        read: () => Promise.resolve(chunks.shift() ?? null),
      },
      stdout: {
        isTty: false,
        columns: 80,
        isGone: false,
        write: (line) => said.push(line) > 0,
        get pendingBytes(): number {
          return reader.pendingBytes();
        },
        flush: () => reader.flush(() => chunks.length),
      },
    },
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

Deno.test("acp answers what is no message in the words of JSON-RPC, and takes the next line", async () => {
  const answers = await talk([
    "no json",
    "[".repeat(5_000),
    "[1]",
    "17",
    { id: 5 },
    { id: 6, method: "initialize" },
    { jsonrpc: "2.0", id: 99, result: {} },
    HELLO,
  ]);
  assert.deepEqual(codes(answers), [
    [null, -32_700],
    [null, -32_700],
    [null, -32_600],
    [null, -32_600],
    [null, -32_600],
    [null, -32_600],
    [1, undefined],
  ]);
});

Deno.test("acp does nothing before initialize", async () => {
  const list = request(7, "session/list", {});
  assert.deepEqual(codes(await talk([list, HELLO])), [
    [7, -32_600],
    [1, undefined],
  ]);
});

Deno.test("acp has codes for an unknown method, wrong parameters, a missing session and a refusal", async () => {
  const answers = await talk([
    HELLO,
    request(2, "session/fly", {}),
    request(3, "session/new", { cwd: 5 }),
    request(4, "session/prompt", { sessionId: "x", prompt: [] }),
    request(5, "session/list", {}),
    request(6, "session/new", { cwd: "here", mcpServers: [] }),
    request(8, "session/load", { sessionId: "x", cwd: "/", mcpServers: [] }),
    request(7, "authenticate", { methodId: "magic" }),
  ]);
  assert.deepEqual(codes(answers.slice(1)).sort(), [
    [2, -32_601],
    [3, -32_602],
    [4, -32_002],
    [5, -32_600],
    [6, -32_602],
    [7, -32_602],
    [8, -32_002],
  ]);
});

Deno.test("acp reads no further request while as many as it works on are open", async () => {
  let open = 0;
  let most = 0;
  const services: AcpServices = {
    ...NO_THREADS,
    list: async () => {
      most = Math.max(most, ++open);
      // All that comes without waiting has come by then: each line takes some ten of these.
      for (let tick = 0; tick < 20_000; tick++) await undefined;
      open--;
      return [];
    },
  };
  const count = LIMITS.appServerRequests * 2;
  const lists = Array.from(
    { length: count },
    (_, at) => request(at + 2, "session/list", {}),
  );
  const answers = await talk([HELLO, ...lists], {
    services,
    host: eagerHost(),
  });
  assert.equal(answers.length, count + 1);
  assert.equal(most, LIMITS.appServerRequests);
});

Deno.test("acp reads nothing more of a client that reads nothing", async () => {
  const lines = Array.from(
    { length: 1_000 },
    (_, at) =>
      request(at + 2, "session/prompt", { sessionId: "x", prompt: [] }),
  );
  let written = 0;
  let isFull = true;
  const answers = await talk([HELLO, ...lines], {
    host: eagerHost(),
    reader: {
      pendingBytes: () =>
        isFull && written++ > 10 ? LIMITS.outputPendingBytes + 1 : 0,
      flush: async (left) => {
        // All that comes without waiting has come by then.
        for (let tick = 0; tick < 50_000; tick++) await undefined;
        assert.ok(left() > 500, `${left()} lines are left`);
        isFull = false;
        return true;
      },
    },
  });
  // The last one may come too late: the client has left.
  assert.ok(answers.length >= lines.length, `${answers.length} answers`);
});

Deno.test("acp waits for a client that reads slowly, and leaves one that reads no more", async () => {
  let waits = 0;
  const slow = await talk([HELLO, request(2, "session/list", {})], {
    reader: {
      pendingBytes: () => LIMITS.outputPendingBytes + 1,
      flush: () => Promise.resolve(++waits > 0),
    },
  });
  assert.equal(slow.length, 2);
  assert.ok(waits >= 2, `${waits} waits`);
  let looks = 0;
  const gone = await talk([HELLO, request(2, "session/list", {})], {
    reader: {
      pendingBytes: () => looks++ === 0 ? 0 : LIMITS.outputPendingBytes + 1,
      flush: () => Promise.resolve(false),
    },
  });
  assert.equal(gone.length, 1);
});
