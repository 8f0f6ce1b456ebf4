/** The gate that requests of many processes share: places, one wait, one end. */
import assert from "node:assert/strict";
import { denoHost } from "../../../core/host/host.ts";
import { createModelClient } from "../../../core/model/client.ts";
import {
  closeRequestGate,
  createRequestGate,
  openRequestGate,
  type RequestGate,
} from "../../../core/model/request_gate.ts";
import { ModelError } from "../../../core/protocol/error.ts";
import type { Host } from "../../../core/protocol/host.ts";
import { fail, mockModel, say } from "../../support/mock_model.ts";
import { testEndpoint, testTransport } from "../../support/settings.ts";

const LIVE = new AbortController().signal;

async function gateFolder(): Promise<AsyncDisposable & { path: string }> {
  const path = await Deno.makeTempDir({ prefix: "rondo-gate-" });
  return {
    path: `${path}/gate`,
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

async function openGate(host: Host, folder: string): Promise<RequestGate> {
  const gate = await openRequestGate(host, folder);
  assert.ok(gate !== undefined);
  return gate;
}

/** A clock of its own that only sleeping moves. */
function sleepyHost(): { readonly host: Host; readonly slept: number[] } {
  const slept: number[] = [];
  let nowMs = Date.parse("2026-01-01");
  const host = {
    ...denoHost(),
    now: () => new Date(nowMs),
    sleep: (ms: number) => {
      slept.push(ms);
      nowMs += ms;
      return Promise.resolve();
    },
  };
  return { host, slept };
}

Deno.test("with one place the second request waits until the first has ended", async () => {
  await using folder = await gateFolder();
  const host = denoHost();
  await createRequestGate(host, folder.path, 1);
  const [one, other] = [
    await openGate(host, folder.path),
    await openGate(host, folder.path),
  ];
  const order: string[] = [];
  const place = await one.enter(LIVE);
  const waiting = other.enter(LIVE).then((next) => {
    order.push("second in");
    return next;
  });
  const third = new AbortController();
  const aborted = other.enter(third.signal);
  third.abort(new Error("never mind"));
  await assert.rejects(aborted, /never mind/);
  order.push("first out");
  place[Symbol.dispose]();
  (await waiting)[Symbol.dispose]();
  assert.deepEqual(order, ["first out", "second in"]);
});

Deno.test("the wait that a server asks of one request is waited by all", async () => {
  await using folder = await gateFolder();
  const { host, slept } = sleepyHost();
  await createRequestGate(host, folder.path, undefined);
  const one = await openGate(host, folder.path);
  const other = await openGate(host, folder.path);
  await one.slowDown(2_500);
  await one.slowDown(10);
  (await other.enter(LIVE))[Symbol.dispose]();
  assert.deepEqual(slept, [1_000, 1_000, 500]);
});

Deno.test("a clock that is put back makes nobody wait longer than was asked for", async () => {
  await using folder = await gateFolder();
  const { host, slept } = sleepyHost();
  await createRequestGate(host, folder.path, undefined);
  await (await openGate(host, folder.path)).slowDown(2_000);
  const now = (): Date => new Date(host.now().getTime() - 3_600_000);
  const late = await openGate({ ...host, now }, folder.path);
  (await late.enter(LIVE))[Symbol.dispose]();
  assert.deepEqual(slept, []);
});

Deno.test("a closed gate lets no request in and says why", async () => {
  await using folder = await gateFolder();
  const host = denoHost();
  await createRequestGate(host, folder.path, 2);
  const gate = await openGate(host, folder.path);
  await closeRequestGate(host, folder.path, "all is spent");
  await assert.rejects(
    gate.enter(LIVE),
    (error) =>
      error instanceof ModelError && error.kind === "limit" &&
      error.message === "all is spent",
  );
});

Deno.test("a client holds its place while the answer streams, and a 429 slows the others down", async () => {
  await using folder = await gateFolder();
  const host = denoHost();
  await using model = mockModel({
    laws: false,
    script: [fail(429, "slow", { "retry-after-ms": "40" }), say("done")],
  });
  await createRequestGate(host, folder.path, 1);
  const gate = await openGate(host, folder.path);
  const waits: number[] = [];
  const client = createModelClient({
    ...testTransport(
      host,
      testEndpoint(model.url, { requestRetries: 1 }),
      "key-1",
    ),
    gate: {
      ...gate,
      slowDown: (ms) => {
        waits.push(ms);
        return gate.slowDown(ms);
      },
    },
  });
  const place = `${folder.path}/place-0`;
  const request = {
    body: '{"model":"m","input":[]}',
    threadId: "t",
    signal: LIVE,
  };
  for await (const _ of client.stream(request)) {
    assert.equal(await host.files.tryLock(place), undefined);
  }
  using free = await host.files.tryLock(place);
  assert.ok(free !== undefined);
  assert.deepEqual(waits, [40]);
});

Deno.test("a wait that one run gives up is waited by the others, as long as they would themselves", async () => {
  const host = denoHost();
  const busy = { type: "error", code: "rate_limit_exceeded", message: "busy" };
  for (
    const answer of [
      fail(429, "slow", { "retry-after": "3600" }),
      fail(503, JSON.stringify({ error: busy }), { "retry-after": "7200" }),
    ]
  ) {
    await using model = mockModel({ laws: false, script: [answer] });
    const endpoint = testEndpoint(model.url, { waitMaxMs: 2_000 });
    const waits: number[] = [];
    const client = createModelClient({
      ...testTransport(host, endpoint, "key-1"),
      gate: {
        enter: () => Promise.resolve({ [Symbol.dispose]: () => {} }),
        slowDown: (ms) => Promise.resolve(void waits.push(ms)),
      },
    });
    const request = {
      body: '{"model":"m","input":[]}',
      threadId: "t",
      signal: LIVE,
    };
    await assert.rejects(
      () => Array.fromAsync(client.stream(request)),
      /the server asks to wait/,
    );
    assert.deepEqual(waits, [2_000]);
  }
});

Deno.test("a run whose gate has gone asks as one that never had any", async () => {
  assert.equal(
    await openRequestGate(denoHost(), "/nowhere/at/all"),
    undefined,
  );
});
