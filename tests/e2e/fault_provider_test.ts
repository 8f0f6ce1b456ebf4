/** Every way a provider can fail: exit code, words, retries, one terminal line. */
import assert from "node:assert/strict";
import type { JsonObject } from "../../core/util/json/json.ts";
import { forEachAtOnce } from "../support/at_once.ts";
import { refusingUrl } from "../support/mock_model.ts";
import {
  call,
  cut,
  end,
  errorBody,
  fail,
  failed,
  garbage,
  hang,
  incomplete,
  raw,
  say,
  type Step,
  usage,
} from "../support/mock_script.ts";
import type { AgentRun } from "../support/run_agent.ts";
import { errorOf, eventsOf, itemsOf, stage } from "./support.ts";

interface Fault {
  readonly name: string;
  /** Answers in order; the last one again for whatever comes after. */
  readonly script: readonly Step[];
  readonly code: number;
  readonly kind?: string;
  readonly status?: number;
  /** Of the error's message: the server's own words. */
  readonly says?: RegExp;
  readonly requests: number;
  readonly retries: number;
}

const RETRY_NOW = { "retry-after": "0" };

const FAULTS: readonly Fault[] = [
  { name: "ok", script: [say("fine")], code: 0, requests: 1, retries: 0 },
  {
    name: "an empty answer",
    script: [usage(null)],
    code: 0,
    requests: 1,
    retries: 0,
  },
  http(400, 1, "invalid_request"),
  http(401, 4, "auth"),
  http(403, 4, "auth"),
  http(404, 1, "http"),
  // The second one asks for a summary, which could be small enough.
  { ...http(413, 1, "context_window"), requests: 2 },
  http(422, 1, "invalid_request"),
  ...[408, 409, 425, 429, 500, 502, 503].map((status): Fault => ({
    ...http(status, 5, status === 429 ? "rate_limit" : "http"),
    name: `HTTP ${status} for ever`,
    requests: 3,
    retries: 2,
  })),
  ...[429, 500, 503].map((status): Fault => ({
    name: `HTTP ${status} once`,
    script: [fail(status, errorBody("busy"), RETRY_NOW), say("fine")],
    code: 0,
    requests: 2,
    retries: 1,
  })),
  {
    name: "HTTP 429 that asks to wait for an hour",
    script: [fail(429, errorBody("come back"), { "retry-after": "3600" })],
    code: 5,
    kind: "rate_limit",
    says: /asks to wait 3600 s/,
    requests: 1,
    retries: 0,
  },
  {
    name: "HTTP 429 of a spent quota",
    script: [fail(429, errorBody("no money", "insufficient_quota"))],
    code: 5,
    kind: "rate_limit",
    says: /no money/,
    requests: 1,
    retries: 0,
  },
  {
    name: "HTTP 400 of a full window",
    script: [fail(400, errorBody("too long", "context_length_exceeded"))],
    code: 1,
    kind: "context_window",
    says: /too long/,
    // The second one asks for a shorter history and is refused the same way.
    requests: 2,
    retries: 0,
  },
  {
    name: "a redirect",
    script: [fail(302, "", { location: "http://example.com/" })],
    code: 1,
    says: /302/,
    requests: 1,
    retries: 0,
  },
  {
    name: "a stream cut once",
    script: [[say("lost"), cut()], say("fine")],
    code: 0,
    requests: 2,
    retries: 1,
  },
  {
    name: "a stream cut for ever",
    script: [[say("lost"), cut()]],
    code: 5,
    kind: "stream",
    requests: 3,
    retries: 2,
  },
  {
    name: "a stream that ends too early",
    script: [[say("lost"), end()]],
    code: 5,
    kind: "stream",
    says: /without response\.completed/,
    requests: 3,
    retries: 2,
  },
  {
    name: "a page instead of a stream",
    script: [garbage()],
    code: 5,
    kind: "stream",
    says: /It works!/,
    requests: 3,
    retries: 2,
  },
  {
    name: "events that are no JSON",
    script: [raw("data: {nope\n\n", "data: [1,\n\n")],
    code: 5,
    kind: "stream",
    requests: 3,
    retries: 2,
  },
  ...([
    ["server_error", 5, "http", 3],
    ["rate_limit_exceeded", 5, "rate_limit", 3],
    ["server_is_overloaded", 5, undefined, 3],
    ["insufficient_quota", 5, "rate_limit", 1],
    ["context_length_exceeded", 1, "context_window", 2],
    ["invalid_prompt", 1, "invalid_request", 1],
    ["something_new", 5, "stream", 3],
  ] as const).map(([code, exit, kind, requests]): Fault => ({
    name: `response.failed with ${code}`,
    script: [failed(code, "the server's own words")],
    code: exit,
    ...(kind !== undefined && { kind }),
    says: /the server's own words/,
    requests,
    retries: exit === 5 ? requests - 1 : 0,
  })),
  ...["max_output_tokens", "content_filter"].map((reason): Fault => ({
    name: `response.incomplete for ${reason}`,
    script: [[say("partial"), incomplete(reason)]],
    code: 1,
    kind: "incomplete",
    says: new RegExp(reason),
    requests: 1,
    retries: 0,
  })),
];

for (const fault of FAULTS) {
  Deno.test(`exec ends with ${fault.code} after ${fault.name}`, async () => {
    let at = 0;
    await using s = await stage({
      script: () =>
        fault.script[Math.min(at++, fault.script.length - 1)] as Step,
      config: { provider: "request_max_retries = 2\nstream_max_retries = 2" },
    });
    const run = await s.json("go");
    assert.equal(run.code, fault.code, run.stdout);
    if (fault.code !== 0) checkError(errorOf(run), fault);
    assert.equal(s.model.requests.length, fault.requests, run.stdout);
    const retries = eventsOf(run, "stream.retry");
    assert.equal(retries.length, fault.retries, run.stdout);
    retries.forEach((event, index) => {
      assert.equal(event["attempt"], index + 1);
      assert.equal(event["attempts_max"], 2);
    });
  });
}

Deno.test("exec waits as long as the server asks, then goes on", async () => {
  await using s = await stage({
    script: [fail(429, errorBody("slow"), { "retry-after": "1" }), say("ok")],
  });
  const run = await s.json("go");
  assert.equal(run.code, 0);
  assert.equal(Number(eventsOf(run, "stream.retry")[0]?.["delay_ms"]), 1_000);
});

Deno.test("exec gives a refused connection up in time and says so while it waits", async () => {
  await using s = await stage({ script: [], url: refusingUrl() });
  const run = await s.json("go");
  assert.equal(run.code, 5);
  assert.equal(errorOf(run)["kind"], "unreachable");
  assert.match(String(errorOf(run)["message"]), /127\.0\.0\.1/);
  assert.ok(eventsOf(run, "stream.retry").length > 0);
  assert.ok(waitedMs(run) < 40_000);
});

Deno.test("exec gives a provider up in time that only ever fails", async () => {
  await forEachAtOnce([fail(500), cut()], async (step) => {
    await using s = await stage({ script: () => step });
    const run = await s.json("go");
    assert.equal(run.code, 5);
    assert.ok(waitedMs(run) < 40_000);
    assert.ok(eventsOf(run, "stream.retry").length >= 3);
  });
});

Deno.test("exec takes silence for a broken stream", async () => {
  await using s = await stage({
    script: [[say("lost"), hang()], say("fine")],
    config: { provider: "stream_idle_timeout_ms = 300" },
  });
  const run = await s.json("go");
  assert.equal(run.code, 0);
  const [retry] = eventsOf(run, "stream.retry");
  assert.match(String(retry?.["reason"]), /no data for/);
});

Deno.test("exec shows people the server's own text", async () => {
  await using s = await stage({
    script: [fail(400, errorBody("You sent a unicorn"))],
  });
  const run = await s.human("go");
  assert.equal(run.code, 1);
  assert.equal(run.stdout, "");
  assert.match(run.stderr, /You sent a unicorn/);
});

Deno.test("exec --json puts the error on stderr too, for those who read nothing else", async () => {
  await using s = await stage({
    script: [fail(400, errorBody("Bad unicorn"))],
  });
  assert.match((await s.json("go")).stderr, /Bad unicorn/);
});

Deno.test("exec keeps and shows what was done before the provider failed", async () => {
  await using s = await stage({
    script: [call("shell", { command: ["echo", "done-before"] }), fail(400)],
  });
  const run = await s.json("go");
  assert.equal(run.code, 1);
  const [command] = itemsOf(run, "command_execution");
  assert.equal(command?.["aggregated_output"], "done-before\n");
});

function waitedMs(run: AgentRun): number {
  return eventsOf(run, "stream.retry")
    .reduce((sum, event) => sum + Number(event["delay_ms"]), 0);
}

function http(status: number, code: number, kind?: string): Fault {
  const words = `words of ${status}`;
  return {
    name: `HTTP ${status}`,
    script: [fail(status, errorBody(words))],
    code,
    ...(kind !== undefined && { kind }),
    status,
    says: new RegExp(words),
    requests: 1,
    retries: 0,
  };
}

function checkError(error: JsonObject, fault: Fault): void {
  if (fault.kind !== undefined) assert.equal(error["kind"], fault.kind);
  if (fault.status !== undefined) assert.equal(error["status"], fault.status);
  if (fault.says !== undefined) {
    assert.match(String(error["message"]), fault.says);
  }
}
