/** The client against a real server: streams, retries, credentials, silence, abort. */
import assert from "node:assert/strict";
import { createModelClient } from "../../../core/model/client.ts";
import type { ResponseEvent } from "../../../core/model/response_event.ts";
import type { RetryNotice } from "../../../core/model/attempts.ts";
import type {
  ModelRequest,
  TransportOptions,
} from "../../../core/model/transport.ts";
import { ModelError } from "../../../core/protocol/error.ts";
import type { Host } from "../../../core/protocol/host.ts";
import { LIMITS } from "../../../core/protocol/limits.ts";
import type { ProviderEndpoint } from "../../../core/protocol/provider.ts";
import { denoHost } from "../../../core/host/host.ts";
import {
  call,
  compactionItem,
  cut,
  end,
  endTurn,
  errorBody,
  fail,
  failed,
  garbage,
  hang,
  incomplete,
  mockModel,
  raw,
  refuse,
  refusingUrl,
  say,
  think,
  unknownItem,
  usage,
  webSearch,
} from "../../support/mock_model.ts";
import { chunk, sse } from "../../support/chat_script.ts";
import { testEndpoint, testTransport } from "../../support/settings.ts";

/** A host whose waits are noted and over at once. */
function quickHost(waits: number[] = []): Host {
  return {
    ...denoHost({ mainUrl: import.meta.url }),
    random: () => 0.5,
    sleep: (ms, signal) => {
      // The watchdog's and the drain's own waits are real.
      if (ms > 10_000 || ms === 100 || ms === 0) {
        return denoHost().sleep(ms, signal);
      }
      waits.push(ms);
      return Promise.resolve();
    },
  };
}

const IDLE_MS = 20_000;

function provider(
  baseUrl: string,
  more: Partial<ProviderEndpoint> = {},
): ProviderEndpoint {
  return testEndpoint(baseUrl, {
    requestRetries: 4,
    streamRetries: 5,
    streamIdleMs: IDLE_MS,
    supportsCompact: true,
    ...more,
  });
}

function clientOptions(
  baseUrl: string,
  more: Partial<TransportOptions> & {
    readonly provider?: ProviderEndpoint;
  } = {},
): TransportOptions {
  return {
    ...testTransport(quickHost(), provider(baseUrl), "key-1"),
    program: { name: "rondo", version: "1.2.3" },
    ...more,
  };
}

function request(more: Partial<ModelRequest> = {}): ModelRequest {
  return {
    body: JSON.stringify({
      model: "m",
      input: [],
      store: false,
      stream: true,
      prompt_cache_key: "thread-1",
    }),
    threadId: "thread-1",
    signal: new AbortController().signal,
    ...more,
  };
}

async function collect(
  options: TransportOptions,
  more: Partial<ModelRequest> = {},
): Promise<ResponseEvent[]> {
  const all: ResponseEvent[] = [];
  const client = createModelClient(options);
  for await (const batch of client.stream(request(more))) all.push(...batch);
  return all;
}

async function failure(
  options: TransportOptions,
  more: Partial<ModelRequest> = {},
): Promise<ModelError> {
  try {
    await collect(options, more);
  } catch (error) {
    assert.ok(error instanceof ModelError, String(error));
    return error;
  }
  assert.fail("the request went well");
}

function types(events: readonly ResponseEvent[]): string[] {
  return events.map((event) => event.type);
}

// How many pieces of a text are read at once is a matter of chance.
function joinTexts(events: readonly ResponseEvent[]): ResponseEvent[] {
  const joined: ResponseEvent[] = [];
  for (const event of events) {
    const last = joined.at(-1);
    if (event.type === "text_delta" && last?.type === "text_delta") {
      const text = last.text + event.text;
      joined.splice(-1, 1, { ...event, text });
    } else joined.push(event);
  }
  return joined;
}

Deno.test("stream() joins the pieces of a text that are read at once", async () => {
  const text = "word ".repeat(2_000);
  await using server = mockModel({ script: [say(text, { deltas: 2_000 })] });
  const events = await collect(clientOptions(server.url));
  const deltas = events.filter(({ type }) => type === "text_delta");
  assert.ok(deltas.length < 1_000, `${deltas.length}`);
  const whole = joinTexts(deltas);
  assert.deepEqual(whole, [{ type: "text_delta", itemId: "msg_1", text }]);
});

Deno.test("stream() gives the events of an answer in order, and ends", async () => {
  await using server = mockModel({
    script: [[
      think(["One", "Two"]),
      say("Hello", { deltas: 5 }),
      call("shell", { command: ["true"] }),
      webSearch("deno"),
      unknownItem(),
      endTurn(false),
      usage({ input_tokens: 7, output_tokens: 3 }),
    ]],
  });
  const events = joinTexts(await collect(clientOptions(server.url)));
  assert.deepEqual(types(events), [
    "opened",
    "created",
    "item_started",
    "reasoning_section",
    "reasoning_delta",
    "reasoning_section",
    "reasoning_delta",
    "item_done",
    "item_started",
    "text_delta",
    "item_done",
    "item_started",
    "tool_input_delta",
    "item_done",
    "item_started",
    "item_done",
    "item_started",
    "item_done",
    "completed",
  ]);
  assert.deepEqual(events[0], { type: "opened", requestId: "req_1" });
  assert.deepEqual(events[9], {
    type: "text_delta",
    itemId: "msg_1",
    text: "Hello",
  });
  assert.deepEqual(events.at(-2), {
    type: "item_done",
    item: { zeta: 1, id: "new_1", type: "hologram" },
  });
  assert.deepEqual(events.at(-1), {
    type: "completed",
    usage: {
      inputTokens: 7,
      cachedInputTokens: 0,
      cacheWriteInputTokens: 0,
      outputTokens: 3,
      reasoningOutputTokens: 0,
      totalTokens: 10,
    },
    endTurn: false,
  });
});

Deno.test("stream() sends what a provider needs and nothing about the machine", async () => {
  await using server = mockModel({ script: [say("ok")] });
  const endpoint = provider(`${server.url}/`, {
    queryParams: { "api-version": "2026-01-01" },
    headers: { "X-Team": "blue", "User-Agent": "theirs" },
  });
  await collect(clientOptions(server.url, { provider: endpoint }));
  const sent = server.request(0);
  assert.equal(sent.method, "POST");
  assert.equal(sent.path, "/v1/responses");
  assert.equal(sent.query.get("api-version"), "2026-01-01");
  assert.equal(sent.text, request().body);
  const headers = Object.fromEntries(sent.headers);
  for (const name of ["host", "content-length", "accept-encoding"]) {
    delete headers[name];
  }
  delete headers["accept-language"];
  assert.deepEqual(headers, {
    accept: "text/event-stream",
    authorization: "Bearer key-1",
    "content-type": "application/json",
    originator: "rondo",
    "session-id": "thread-1",
    "thread-id": "thread-1",
    "user-agent": "theirs",
    "x-team": "blue",
  });
});

Deno.test("stream() names only the program when nothing is configured", async () => {
  await using server = mockModel({ script: [say("ok")] });
  const auth = {
    token: () => Promise.resolve(undefined),
    refresh: () => Promise.resolve(false),
  };
  await collect(clientOptions(server.url, { auth }));
  assert.equal(server.request(0).headers.get("user-agent"), "rondo/1.2.3");
  assert.equal(server.request(0).headers.get("authorization"), null);
});

Deno.test("stream() keeps one connection over many answers, failed ones included", async () => {
  await using server = mockModel({
    script: [
      say("one"),
      [say("two", { deltas: 400 })],
      failed("server_error", "no"),
      incomplete("max_output_tokens"),
      ...Array(20).fill(say("more")),
    ],
    laws: false,
  });
  const client = createModelClient(clientOptions(server.url));
  for (let at = 0; at < 24; at++) {
    try {
      for await (const _ of client.stream(request()));
    } catch (error) {
      assert.ok(error instanceof ModelError);
    }
  }
  assert.equal(server.requests.length, 24);
  assert.equal(
    new Set(server.requests.map((each) => each.connection)).size,
    1,
  );
});

Deno.test("stream() does not wait for a server that holds the stream open", async () => {
  const completed = 'data: {"type":"response.completed","response":{}}\n\n';
  await using server = mockModel({
    script: [[raw(completed), hang()], [raw(completed), hang()]],
    laws: false,
  });
  const client = createModelClient(clientOptions(server.url));
  for (let at = 0; at < 2; at++) {
    const all: string[] = [];
    for await (const batch of client.stream(request())) {
      all.push(...types(batch));
    }
    assert.deepEqual(all, ["opened", "completed"]);
    await server.request(at).ended;
  }
});

Deno.test("stream() shows a refusal as text", async () => {
  await using server = mockModel({ script: [refuse("I will not")] });
  const events = await collect(clientOptions(server.url));
  assert.deepEqual(events.find((event) => event.type === "text_delta"), {
    type: "text_delta",
    itemId: "msg_1",
    text: "I will not",
  });
});

Deno.test("stream() tries a failing server again within the budget and tells of each attempt", async () => {
  for (const status of [408, 409, 425, 429, 500, 502, 503, 529]) {
    await using server = mockModel({
      script: [
        fail(status, errorBody("busy")),
        fail(status, errorBody("busy")),
        say("ok"),
      ],
      laws: false,
    });
    const waits: number[] = [];
    const notices: RetryNotice[] = [];
    const events = await collect(
      clientOptions(server.url, { host: quickHost(waits) }),
      { onRetry: (notice) => notices.push(notice) },
    );
    assert.equal(events.at(-1)?.type, "completed");
    assert.deepEqual(waits, [200, 400]);
    assert.deepEqual(
      notices.map(({ attempt, attemptsMax, delayMs, status }) => ({
        attempt,
        attemptsMax,
        delayMs,
        status,
      })),
      [
        { attempt: 1, attemptsMax: 4, delayMs: 200, status },
        { attempt: 2, attemptsMax: 4, delayMs: 400, status },
      ],
    );
    assert.match(notices[0]?.reason ?? "", /busy/);
  }
});

Deno.test("stream() gives up when the budget is spent, and is then not worth another try", async () => {
  await using server = mockModel({
    script: () => fail(500, errorBody("Internal mishap")),
    laws: false,
  });
  const waits: number[] = [];
  const error = await failure(
    clientOptions(server.url, { host: quickHost(waits) }),
  );
  assert.equal(server.requests.length, 5);
  assert.deepEqual(waits, [200, 400, 800, 1_600]);
  assert.equal(error.kind, "http");
  assert.equal(error.retryable, false);
  assert.equal(error.status, 500);
  assert.equal(error.requestId, "req_5");
  assert.match(error.message, /Internal mishap/);
  assert.match(error.message, /gave up after 5 attempts/);
});

Deno.test("stream() never tries again what cannot go better", async () => {
  for (const status of [400, 403, 404, 413, 422, 301, 418]) {
    await using server = mockModel({
      script: [fail(status, errorBody("no way"))],
      laws: false,
    });
    const error = await failure(clientOptions(server.url));
    assert.equal(server.requests.length, 1, String(status));
    assert.equal(error.status, status);
    assert.match(error.message, /no way/);
  }
});

Deno.test("stream() waits as long as Retry-After and the error text say", async () => {
  await using server = mockModel({
    script: [
      fail(429, errorBody("slow"), { "retry-after": "7" }),
      fail(503, errorBody("slow"), { "retry-after-ms": "1234" }),
      fail(429, errorBody("Please try again in 1.5s.", "rate_limit_exceeded")),
      say("ok"),
    ],
    laws: false,
  });
  const waits: number[] = [];
  await collect(clientOptions(server.url, { host: quickHost(waits) }));
  assert.deepEqual(waits, [7_000, 1_234, 1_500]);
});

Deno.test("stream() gives up at once when the server asks for too long a wait", async () => {
  await using server = mockModel({
    script: [fail(429, errorBody("slow"), { "retry-after": "3600" })],
    laws: false,
  });
  const error = await failure(clientOptions(server.url));
  assert.equal(server.requests.length, 1);
  assert.match(error.message, /asks to wait 3600 s/);
  assert.equal(error.kind, "rate_limit");
});

Deno.test("stream() reads the credentials anew once after a 401", async () => {
  await using server = mockModel({
    script: [fail(401, errorBody("expired")), say("ok")],
    laws: false,
  });
  let key = "old";
  const auth = {
    token: () => Promise.resolve(key),
    refresh: () => {
      key = "new";
      return Promise.resolve(true);
    },
  };
  await collect(clientOptions(server.url, { auth }));
  assert.deepEqual(
    server.requests.map((sent) => sent.headers.get("authorization")),
    ["Bearer old", "Bearer new"],
  );
});

Deno.test("stream() takes a second 401, or one that nothing changes, for final", async () => {
  for (const changed of [true, false]) {
    await using server = mockModel({
      script: () => fail(401, errorBody("Incorrect API key provided: sk-***")),
      laws: false,
    });
    const auth = {
      token: () => Promise.resolve("k"),
      refresh: () => Promise.resolve(changed),
    };
    const error = await failure(clientOptions(server.url, { auth }));
    assert.equal(server.requests.length, changed ? 2 : 1);
    assert.equal(error.kind, "auth");
    assert.match(error.message, /Incorrect API key provided/);
  }
});

Deno.test("stream() says which address refuses the connection, without its query", async () => {
  const url = refusingUrl();
  const endpoint = provider(url, { queryParams: { key: "geheim" } });
  const notices: RetryNotice[] = [];
  const error = await failure(clientOptions(url, { provider: endpoint }), {
    onRetry: (notice) => notices.push(notice),
  });
  assert.equal(error.kind, "unreachable");
  assert.equal(error.retryable, false);
  assert.equal(notices.length, 4);
  assert.match(
    error.message,
    /Cannot reach http:\/\/127\.0\.0\.1:\d+\/v1\/responses/,
  );
  assert.match(error.message, /refused/i);
  assert.doesNotMatch(error.message, /geheim/);
});

Deno.test("stream() throws a retryable error when the answer breaks off", async () => {
  const breaks = [[say("half"), cut()], [say("half"), end()]];
  for (const parts of breaks) {
    await using server = mockModel({ script: [parts], laws: false });
    const seen: string[] = [];
    const client = createModelClient(clientOptions(server.url));
    await assert.rejects(async () => {
      for await (const batch of client.stream(request())) {
        seen.push(...types(batch));
      }
    }, (error: ModelError) => {
      assert.equal(error.kind, "stream");
      assert.equal(error.retryable, true);
      return true;
    });
    assert.deepEqual(seen, [
      "opened",
      "created",
      "item_started",
      "text_delta",
      "item_done",
    ]);
  }
});

Deno.test("stream() shows the start of an answer that is no event stream", async () => {
  await using server = mockModel({
    script: [garbage(), raw("data: {not json\n\n"), raw("")],
    laws: false,
  });
  const html = await failure(clientOptions(server.url));
  assert.match(html.message, /had no event.*It works!/);
  assert.equal(html.kind, "stream");
  const broken = await failure(clientOptions(server.url));
  assert.match(broken.message, /not json/);
  const empty = await failure(clientOptions(server.url));
  assert.match(empty.message, /empty/);
});

Deno.test("stream() passes over broken and unknown events of a good stream", async () => {
  await using server = mockModel({
    script: [[
      raw("data: {broken\n\n: comment\n\ndata: [DONE]\n\n"),
      raw('data: {"type":"response.new_thing","x":1}\n\n'),
      raw('data: {"type":"response.completed","response":{"id":"r"}}\n\n'),
    ]],
    laws: false,
  });
  const events = await collect(clientOptions(server.url));
  assert.deepEqual(types(events).slice(-1), ["completed"]);
});

Deno.test("stream() reports what the stream itself calls a failure", async () => {
  const cases = [
    [failed("context_length_exceeded", "too long"), "context_window", false],
    [failed("insufficient_quota", "pay"), "rate_limit", false],
    [failed("invalid_prompt", "bad"), "invalid_request", false],
    [failed("something_new", "odd"), "stream", true],
    [incomplete("max_output_tokens"), "incomplete", false],
    [incomplete("content_filter"), "incomplete", false],
    [
      raw('data: {"type":"error","code":"x","message":"boom"}\n\n'),
      "stream",
      true,
    ],
  ] as const;
  for (const [part, kind, retryable] of cases) {
    await using server = mockModel({ script: [[part]], laws: false });
    const error = await failure(clientOptions(server.url));
    assert.equal(error.kind, kind);
    assert.equal(error.retryable, retryable);
  }
});

Deno.test("stream() notices silence before and within an answer", async () => {
  const scripts = [[hang({ before: true })], [say("half"), hang()]];
  for (const parts of scripts) {
    await using server = mockModel({ script: [parts], laws: false });
    const endpoint = provider(server.url, {
      streamIdleMs: 500,
      requestRetries: 0,
    });
    const error = await failure(
      clientOptions(server.url, { provider: endpoint, host: denoHost() }),
    );
    assert.equal(error.kind, "stream");
    assert.match(error.message, /no data for 500 ms/);
    await server.request(0).ended;
  }
});

Deno.test("stream() gives up an address from which nothing comes, and only such a one", async () => {
  for (const answers of [false, true]) {
    await using server = mockModel({
      script: [[hang({ before: true })]],
      laws: false,
    });
    const probed: string[] = [];
    const abort = new AbortController();
    // The time to connect is over at once; other waits are real.
    const host: Host = {
      ...denoHost(),
      sleep: (ms, signal) => {
        return ms === LIMITS.connectTimeoutMs
          ? server.received(1)
          : denoHost().sleep(ms, signal);
      },
    };
    const running = collect(
      clientOptions(server.url, {
        host,
        probe: (url) => {
          probed.push(url);
          if (answers) setTimeout(() => abort.abort("still waiting"));
          return Promise.resolve(answers);
        },
      }),
      { signal: abort.signal },
    );
    await assert.rejects(running, (error: unknown) => {
      if (answers) return error === "still waiting";
      assert.ok(error instanceof ModelError);
      assert.equal(error.kind, "unreachable");
      assert.match(error.message, /does not respond/);
      return true;
    });
    assert.deepEqual(probed, [`${server.url}/responses`]);
    assert.equal(server.requests.length, 1);
  }
});

Deno.test("stream() does not count the time its reader takes as silence", async () => {
  await using server = mockModel({ script: [say("ok")] });
  const endpoint = provider(server.url, { streamIdleMs: 40 });
  const client = createModelClient(
    clientOptions(server.url, { provider: endpoint, host: denoHost() }),
  );
  const seen: string[] = [];
  for await (const batch of client.stream(request())) {
    seen.push(...types(batch));
    await denoHost().sleep(100);
  }
  assert.equal(seen.at(-1), "completed");
});

Deno.test("stream() stops at once when aborted, wherever it is", async () => {
  const reason = new Error("interrupted");
  const stops = [[hang({ before: true })], [say("half"), hang()]];
  for (const parts of stops) {
    await using server = mockModel({ script: [parts], laws: false });
    const abort = new AbortController();
    const running = collect(clientOptions(server.url), {
      signal: abort.signal,
    });
    await server.received(1);
    abort.abort(reason);
    await assert.rejects(running, reason);
    await server.request(0).ended;
  }
});

Deno.test("stream() stops waiting for a retry when aborted", async () => {
  await using server = mockModel({ script: () => fail(500), laws: false });
  const abort = new AbortController();
  const reason = new Error("interrupted");
  const running = collect(
    clientOptions(server.url, { host: { ...denoHost(), random: () => 0.5 } }),
    { signal: abort.signal, onRetry: () => abort.abort(reason) },
  );
  await assert.rejects(running, reason);
  assert.equal(server.requests.length, 1);
});

Deno.test("stream() lets go of the connection when its reader leaves", async () => {
  await using server = mockModel({
    script: [[say("half"), hang()]],
    laws: false,
  });
  const client = createModelClient(clientOptions(server.url));
  for await (const batch of client.stream(request())) {
    if (types(batch).includes("item_done")) break;
  }
  await server.request(0).ended;
});

Deno.test("compact() gives the items as they came", async () => {
  const items = [
    { zeta: 1, type: "message", role: "user", content: [] },
    compactionItem(),
  ];
  await using server = mockModel({ compact: [items] });
  const client = createModelClient(clientOptions(server.url));
  const result = await client.compact(request());
  assert.equal(JSON.stringify(result.items), JSON.stringify(items));
  assert.equal(result.usage?.totalTokens, 12);
  assert.equal(server.request(0).path, "/v1/responses/compact");
  assert.equal(server.request(0).headers.get("accept"), "application/json");
});

Deno.test("compact() fails with the server's words, after tries worth making", async () => {
  await using server = mockModel({
    compact: [fail(503, errorBody("later")), fail(400, errorBody("never"))],
  });
  const client = createModelClient(clientOptions(server.url));
  await assert.rejects(client.compact(request()), /never/);
  assert.equal(server.requests.length, 2);
});

Deno.test("stream() takes a chat answer for whole when the server neither says so nor closes, or breaks off", async () => {
  const last = sse([chunk({ content: "hi" }), chunk({}, "stop")], {
    noDone: true,
  });
  for (const ending of [hang(), cut()]) {
    await using model = mockModel({ script: [[last, ending]], laws: false });
    const client = createModelClient(
      testTransport(quickHost(), provider(model.url, { wireApi: "chat" })),
    );
    const events: ResponseEvent[] = [];
    const batches = client.stream({
      body: '{"model":"m","input":[]}',
      threadId: "t",
      signal: new AbortController().signal,
    });
    for await (const batch of batches) events.push(...batch);
    assert.equal(events.at(-1)?.type, "completed");
  }
});
