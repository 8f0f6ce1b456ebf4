/** How a history is replaced, and what happens when that goes wrong. */
import assert from "node:assert/strict";
import type { Event } from "../../../../core/protocol/event.ts";
import { needsCompaction } from "../../../../core/session/turn/compaction.ts";
import { memoryLog } from "../../../../core/session/state/memory_log.ts";
import { ThreadState } from "../../../../core/session/state/state.ts";
import { Transcript } from "../../../../core/session/state/transcript.ts";
import { textMessage } from "../../../../core/protocol/item.ts";
import {
  type TestThread,
  testThread,
  testTool,
} from "../../../support/harness.ts";
import {
  call,
  errorBody,
  fail,
  hang,
  incomplete,
  type MockOptions,
  type MockRequest,
  say,
  type Step,
  usage,
} from "../../../support/mock_model.ts";
import {
  TEST_MODEL,
  TEST_SETTINGS,
  testEndpoint,
} from "../../../support/settings.ts";

const echo = testTool(
  "echo",
  (one) => Promise.resolve({ content: one.input, success: true }),
);
const TOO_LONG = fail(400, errorBody("too long", "context_length_exceeded"));

async function compact(t: TestThread): Promise<Event> {
  const from = t.events.length;
  t.thread.submit({ type: "compact" });
  return await t.seen((event) =>
    t.events.indexOf(event) >= from &&
    (event.type === "context.compacted" || event.type === "warning")
  );
}

function warnings(t: TestThread): string[] {
  return t.events.flatMap((event) =>
    event.type === "warning" ? [event.message] : []
  );
}

Deno.test("needsCompaction() counts what is to come, and waits for growth after a compaction", () => {
  const state = new ThreadState(new Transcript(memoryLog()));
  state.baseTokens = 50_000;
  state.transcript.append([textMessage("user", "x".repeat(120_000))]);
  const needs = (newTokens: number): boolean =>
    needsCompaction(
      {
        state,
        settings: TEST_SETTINGS,
        deps: { endpoint: testEndpoint("http://127.0.0.1") },
      },
      newTokens,
    );
  const used = state.usedTokens();
  assert.ok(used > 80_000 && used < 81_000, `base and items: ${used}`);
  assert.equal(needs(0), false);
  assert.equal(needs(90_000 - used), true);
  state.compactedTokens = 89_000;
  assert.equal(needs(90_000 - used), false, "hardly more than was left");
  assert.equal(needs(98_000 - used), true);
  assert.equal(needs(Infinity), true);
});

Deno.test("compactHistory() asks with the same prompt, counts the answer and tells all", async () => {
  await using t = testThread({
    tools: [echo],
    script: [call("echo", { n: 1 }), say("One."), say("A summary.")],
  });
  await t.turn("go");
  const before = t.state.usedTokens();
  const event = await compact(t);
  const asked = t.model.request(2);
  assert.equal(asked.body["tool_choice"], "none");
  assert.deepEqual(asked.body["tools"], t.model.request(1).body["tools"]);
  assert.deepEqual(
    event.type === "context.compacted" && {
      reason: event.reason,
      tokensBefore: event.tokensBefore,
      tokensAfter: event.tokensAfter,
      itemsKept: event.itemsKept,
      itemsDropped: event.itemsDropped,
    },
    {
      reason: "manual",
      tokensBefore: before,
      tokensAfter: t.state.usedTokens(),
      // Two messages in the role of the person, the facts and the summary.
      itemsKept: 4,
      itemsDropped: 6,
    },
  );
  const requests = t.events.filter((one) => one.type === "request.completed");
  assert.equal(requests.length, 3);
  const fact = t.facts.find((one) => one.type === "compacted");
  assert.deepEqual(
    fact?.type === "compacted" && {
      summary: fact.summary,
      replacement: fact.replacement,
    },
    {
      summary: "A summary.",
      replacement: t.state.transcript.entries.map((entry) => entry.json),
    },
  );
});

Deno.test("compactHistory() leaves the history as it was when the request fails", async () => {
  await using t = testThread({
    tools: [echo],
    script: [say("One."), fail(400, errorBody("no such field")), say("Two.")],
  });
  await t.turn("go");
  const items = t.state.transcript.entries.map((entry) => entry.json);
  const event = await compact(t);
  assert.match(
    event.type === "warning" ? event.message : "",
    /^Cannot compact: .*no such field/,
  );
  assert.deepEqual(
    t.state.transcript.entries.map((entry) => entry.json),
    items,
  );
  assert.equal((await t.turn("on")).type, "done");
});

Deno.test("compactHistory() of nothing sends nothing", async () => {
  await using t = testThread({ script: [say("One.")] });
  t.thread.submit({ type: "compact" });
  assert.equal((await t.turn("go")).type, "done");
  assert.equal(t.model.requests.length, 1);
});

Deno.test("compactHistory() can be interrupted", async () => {
  await using t = testThread({
    tools: [echo],
    script: [say("One."), hang(), say("Two.")],
  });
  await t.turn("go");
  const items = t.state.transcript.entries.length;
  const ended = compact(t);
  await t.model.received(2);
  t.thread.submit({ type: "interrupt" });
  const event = await ended;
  assert.equal(event.type === "warning" && event.message, "Stopped: compact");
  assert.equal(t.state.transcript.entries.length, items);
  assert.equal((await t.turn("on")).type, "done");
});

Deno.test("a request for a summary that is too long leaves the oldest work out, with one warning", async () => {
  const steps: Step[] = Array.from(
    { length: 6 },
    (_, n) => call("echo", { n, pad: "p".repeat(400) }),
  );
  let asked = 0;
  await using t = testThread({
    tools: [echo],
    laws: { breaks: [8, 9, 10, 11] },
    script: (request) =>
      steps.shift() ??
        (request.body["tool_choice"] !== "none"
          ? say("Done.")
          : asked++ < 2
          ? TOO_LONG
          : say("A summary.")),
  });
  await t.turn("go");
  const from = t.model.requests.length;
  assert.equal((await compact(t)).type, "warning");
  await t.seen((event) => event.type === "context.compacted");
  const [first, second, third] = t.model.requests.slice(from);
  assert.ok(first && second && third);
  assert.ok(first.input.length > second.input.length);
  assert.ok(second.input.length > third.input.length);
  assert.match(third.text, /"go"/, "the words of the person stay");
  assert.doesNotMatch(third.text, /\\"n\\":0/);
  const dropped = first.input.length - third.input.length;
  assert.deepEqual(warnings(t), [
    `The history is too long to be compacted in one request: the summary leaves out its ${dropped} oldest items`,
  ]);
});

Deno.test("a request for a summary asks again after a broken stream, and takes no calls", async () => {
  await using t = testThread({
    tools: [echo],
    script: [
      say("One."),
      fail(500),
      [call("echo", {}), say("A summary.")],
    ],
  });
  await t.turn("go");
  assert.equal((await compact(t)).type, "context.compacted");
  assert.deepEqual(t.state.transcript.openCalls, []);
  assert.match(t.state.transcript.inputText(), /A summary\./);
});

Deno.test("a provider that counts nothing is compacted by estimate", async () => {
  const big = "w".repeat(160_000);
  await using t = testThread({
    tools: [echo],
    script: (request) =>
      request.body["tool_choice"] === "none"
        ? [say("A summary."), usage(null)]
        : [say("Read."), usage(null)],
    settings: { model: { ...TEST_MODEL, autoCompactLimit: 60_000 } },
  });
  await t.turn(big);
  await t.turn("short");
  assert.equal(t.events.some((one) => one.type === "context.compacted"), false);
  await t.turn(big);
  const compacted = t.events.filter((one) => one.type === "context.compacted");
  assert.equal(compacted.length, 1);
});

Deno.test("a history that stays too long is said once, and does not compact at every step", async () => {
  const steps: Step[] = Array.from(
    { length: 5 },
    (_, n) => call("echo", { n }),
  );
  await using t = testThread({
    tools: [echo],
    deps: { instructions: "Be a test. ".repeat(4_000) },
    settings: { model: { ...TEST_MODEL, autoCompactLimit: 5_000 } },
    script: (request) =>
      request.body["tool_choice"] === "none"
        ? say("A summary.")
        : steps.shift() ?? say("Done."),
  });
  assert.equal((await t.turn("go")).type, "done");
  const compacted = t.events.filter((one) => one.type === "context.compacted");
  assert.equal(compacted.length, 1);
  const [warning, ...more] = warnings(t);
  assert.match(
    warning ?? "",
    /^Still about \d+ tokens after compaction \(limit 5000;/,
  );
  assert.deepEqual(more, []);
});

// Two turns of work that the estimate finds too long at the second.
function longThread(
  script: NonNullable<MockOptions["script"]>,
  more: Partial<Parameters<typeof testThread>[0]> = {},
): TestThread {
  return testThread({
    tools: [echo],
    settings: { model: { ...TEST_MODEL, autoCompactLimit: 20_000 } },
    script,
    ...more,
  });
}

const LONG = "w".repeat(60_000);
function isSummary(request: MockRequest): boolean {
  return request.body["tool_choice"] === "none";
}

for (
  const [what, answer] of [
    ["404", fail(404)],
    ["405", fail(405, "Method Not Allowed")],
    ["400", fail(400, errorBody("unknown url"))],
    ["401 of another kind", fail(403, "forbidden")],
    ["500", fail(500, "<html>oops</html>")],
    ["a page", fail(200, "<html>hello</html>")],
    ["an empty list", []],
    ["an error in a 200", fail(200, errorBody("no such route"))],
    ["nothing to keep", [{ type: "reasoning", summary: [] }]],
  ] as const
) {
  Deno.test(`a compaction endpoint that answers ${what} is left for the local summary, for the whole session`, async () => {
    await using t = longThread(
      (request) => isSummary(request) ? say("A summary.") : say("Read."),
      {
        compact: [answer, answer],
        endpoint: { supportsCompact: true, requestRetries: 1 },
      },
    );
    for (const n of [1, 2, 3, 4]) {
      assert.equal((await t.turn(`${n}${LONG}`)).type, "done");
    }
    const ends = t.events.filter((one) => one.type === "context.compacted");
    assert.ok(ends.length >= 2, `${ends.length} compactions`);
    const asked = t.model.requests.filter((one) =>
      one.path.endsWith("/compact")
    );
    assert.equal(asked.length, what === "500" ? 2 : 1);
    assert.match(t.state.transcript.inputText(), /A summary\./);
    assert.match(warnings(t)[0] ?? "", /compaction endpoint failed/);
  });
}

Deno.test("an empty summary is asked for again, and the second one is used", async () => {
  let asked = 0;
  await using t = longThread((request) =>
    isSummary(request) ? say(asked++ === 0 ? " " : "A summary.") : say("Read.")
  );
  await t.turn(LONG);
  assert.equal((await t.turn(LONG)).type, "done");
  assert.equal(asked, 2);
  assert.match(t.state.transcript.inputText(), /A summary\./);
});

Deno.test("a summary that stays empty or is refused leaves the history as it is, says so, and the turn goes on", async () => {
  for (
    const answer of [say(""), call("echo", {}), fail(400, "no tool_choice")]
  ) {
    await using t = longThread((request) =>
      isSummary(request) ? answer : say("Read.")
    );
    await t.turn(`first ${LONG}`);
    assert.equal((await t.turn(`second ${LONG}`)).type, "done");
    assert.equal((await t.turn("third")).type, "done");
    const text = t.state.transcript.inputText();
    assert.ok(text.includes(`first ${LONG}`) && text.includes("second"));
    assert.match(warnings(t).join(), /the history stays as it is/);
    assert.ok(t.model.requests.filter(isSummary).length <= 4);
  }
});

Deno.test("a server that takes no more and gives no summary still goes on, with the facts", async () => {
  let full = true;
  await using t = testThread({
    tools: [echo],
    script: (request) => {
      if (isSummary(request)) {
        full = false;
        return say("");
      }
      return full && request.input.length > 4 ? TOO_LONG : say("Read.");
    },
  });
  await t.turn("dig the hill");
  await t.turn("on");
  assert.equal((await t.turn("further")).type, "done");
  assert.match(t.state.transcript.inputText(), /dig the hill/);
  assert.match(warnings(t).join(), /replaced by its facts/);
});

Deno.test("a summary that is cut at its length is used", async () => {
  await using t = longThread((request) =>
    isSummary(request)
      ? [say("Half of a summ"), incomplete("max_output_tokens")]
      : say("Read.")
  );
  await t.turn(LONG);
  assert.equal((await t.turn(LONG)).type, "done");
  assert.match(t.state.transcript.inputText(), /Half of a summ/);
});

Deno.test("a window that the server names is believed from then on", async () => {
  const words = fail(
    400,
    errorBody(
      "request (9000 tokens) exceeds the available context size (4096 tokens)",
    ),
  );
  let refused = 0;
  await using t = testThread({
    tools: [echo],
    // The request for a summary leaves out what does not fit either.
    laws: { except: ["prefix"] },
    script: (request) =>
      isSummary(request)
        ? say("A summary.")
        : request.text.length > 16_000 && refused++ >= 0
        ? words
        : say("Read."),
  });
  for (const n of [1, 2, 3, 4, 5, 6]) {
    assert.equal((await t.turn(`${n} ${"v".repeat(6_000)}`)).type, "done");
  }
  assert.equal(refused, 1, "later ones were made short before");
});
