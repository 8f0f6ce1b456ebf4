/** The loop: requests, calls, outputs, broken streams, steering, interrupts. */
import assert from "node:assert/strict";
import { SessionError, ToolError } from "../../../../core/protocol/error.ts";
import type { Activity, Event } from "../../../../core/protocol/event.ts";
import { testThread, testTool } from "../../../support/harness.ts";
import {
  call,
  cut,
  endTurn,
  event,
  fail,
  failed,
  hang,
  incomplete,
  refuse,
  say,
  think,
  unknownItem,
  usage,
  wait,
} from "../../../support/mock_script.ts";
import { TEST_MODEL } from "../../../support/settings.ts";

const echo = testTool(
  "echo",
  (one) => Promise.resolve({ content: `echo ${one.input}`, success: true }),
);

Deno.test("runTurn() ends with the model's message", async () => {
  await using t = testThread({ script: [say("Hello.")] });
  assert.deepEqual(await t.turn("hi"), { type: "done", message: "Hello." });
});

Deno.test("runTurn() feeds outputs back until nothing is called", async () => {
  await using t = testThread({
    tools: [echo],
    script: [
      [think("hm"), call("echo", { n: 1 }, { callId: "a" })],
      call("echo", { n: 2 }, { callId: "b" }),
      say("done"),
    ],
  });
  assert.deepEqual(await t.turn("go"), { type: "done", message: "done" });
  assert.equal(t.model.request(1).outputOf("a"), 'echo {"n":1}');
  assert.equal(t.model.request(2).outputOf("b"), 'echo {"n":2}');
});

Deno.test("a call runs when it is on the disk, and begins before only where the tool waits for that itself", async () => {
  for (const awaitsRecord of [false, true]) {
    const steps: string[] = [];
    const disk = Promise.withResolvers<void>();
    const tool = testTool("act", async (_call, { recorded }) => {
      steps.push("begins");
      disk.resolve();
      await recorded;
      steps.push("acts");
      return { content: "", success: true };
    }, { awaitsRecord });
    await using t = testThread({
      tools: [tool],
      script: [call("act", {}), say("done")],
      onFact: ({ type }) => type === "call_started" && steps.push(type),
      startSync: async () => {
        if (awaitsRecord) await disk.promise;
        steps.push("on the disk");
      },
    });
    await t.turn("go");
    assert.deepEqual(
      steps,
      awaitsRecord
        ? ["call_started", "begins", "on the disk", "acts"]
        : ["call_started", "on the disk", "begins", "acts"],
    );
  }
});

Deno.test("a call whose intent the disk does not take ends the turn, whether the tool waits for it or not", async () => {
  for (const awaitsRecord of [false, true]) {
    let ran = 0;
    const run = (): ReturnType<typeof echo.run> => {
      ran++;
      return Promise.resolve({ content: "", success: true });
    };
    await using t = testThread({
      tools: [testTool("act", run, { awaitsRecord })],
      script: [call("act", {}, { callId: "a" }), say("done")],
      startSync: () => Promise.reject(new SessionError("Cannot sync: EIO")),
    });
    const outcome = await t.turn("go");
    assert.equal(ran, awaitsRecord ? 1 : 0);
    assert.equal(outcome.type, "failed");
    assert.match(JSON.stringify(outcome), /Cannot sync: EIO/);
  }
});

Deno.test("what the model had written before the server cut it off stays", async () => {
  await using t = testThread({
    script: [
      [say("half of it"), incomplete("max_output_tokens")],
      say("Rest."),
    ],
  });
  const outcome = await t.turn("go");
  assert.equal(outcome.type, "failed");
  assert.equal(outcome.type === "failed" && outcome.error.kind, "incomplete");
  assert.deepEqual(await t.turn("go on"), { type: "done", message: "Rest." });
  assert.match(t.model.request(1).text, /half of it/);
});

Deno.test("two calls with one id, and a call with none, each get their output", async () => {
  const nameless = {
    type: "function_call",
    name: "echo",
    arguments: '{"n":3}',
  };
  await using t = testThread({
    tools: [echo],
    script: [
      [
        call("echo", { n: 1 }, { callId: "a" }),
        call("echo", { n: 2 }, { callId: "a" }),
        unknownItem(nameless),
      ],
      say("done"),
    ],
  });
  assert.deepEqual(await t.turn("go"), { type: "done", message: "done" });
  const { input } = t.model.request(1);
  const outputs = input.filter(({ type }) => type === "function_call_output");
  assert.deepEqual(outputs.map(({ output }) => output), [
    'echo {"n":1}',
    'echo {"n":2}',
    'echo {"n":3}',
  ]);
  assert.equal(new Set(outputs.map(({ call_id }) => call_id)).size, 3);
});

Deno.test("runTurn() answers parallel calls in call order, whatever their speed", async () => {
  const first = Promise.withResolvers<void>();
  const tool = testTool("race", async (one) => {
    if (one.callId === "slow") await first.promise;
    else first.resolve();
    return { content: one.callId, success: true };
  });
  await using t = testThread({
    tools: [tool],
    script: [
      [
        call("race", {}, { callId: "slow" }),
        call("race", {}, { callId: "fast" }),
      ],
      say("ok"),
    ],
  });
  await t.turn("go");
  const ids = t.model.request(1).input.filter((item) =>
    item["type"] === "function_call_output"
  ).map((item) => item["call_id"]);
  assert.deepEqual(ids, ["slow", "fast"]);
});

Deno.test("runTurn() runs a tool that is not parallel alone", async () => {
  let running = 0;
  let most = 0;
  const run = async (): Promise<{ content: string; success: boolean }> => {
    most = Math.max(most, ++running);
    await Promise.resolve();
    running--;
    return { content: "x", success: true };
  };
  await using t = testThread({
    tools: [testTool("alone", run, { parallel: false })],
    script: [
      [call("alone", {}), call("alone", {}), call("alone", {})],
      say("k"),
    ],
  });
  await t.turn("go");
  assert.equal(most, 1);
});

Deno.test("runTurn() starts a call while the answer still streams", async () => {
  const started = Promise.withResolvers<void>();
  const tool = testTool("begin", () => {
    started.resolve();
    return Promise.resolve({ content: "begun", success: true });
  });
  await using t = testThread({
    tools: [tool],
    script: [
      [call("begin", {}), wait(started.promise), say("later")],
      say("end"),
    ],
  });
  assert.deepEqual(await t.turn("go"), { type: "done", message: "end" });
});

Deno.test("runTurn() feeds a tool error back and shows it", async () => {
  const broken = testTool("broken", () => {
    throw new ToolError("Cannot do it: it is raining, must be dry");
  });
  await using t = testThread({
    tools: [broken],
    script: [call("broken", { x: 1 }, { callId: "c" }), say("ok")],
  });
  await t.turn("go");
  assert.equal(
    t.model.request(1).outputOf("c"),
    "Cannot do it: it is raining, must be dry",
  );
  assert.deepEqual(shown(t.events, "tool_call"), [{
    id: "item_0",
    type: "tool_call",
    name: "broken",
    arguments: '{"x":1}',
    status: "failed",
    message: "Cannot do it: it is raining, must be dry",
  }]);
});

Deno.test("runTurn() tells the model which tools there are when it calls another", async () => {
  await using t = testThread({
    tools: [echo],
    script: [call("telepathy", {}, { callId: "c" }), say("ok")],
  });
  await t.turn("go");
  assert.equal(
    t.model.request(1).outputOf("c"),
    "Cannot call telepathy: no such tool, must be one of echo",
  );
});

Deno.test("runTurn() sends items of unknown kinds back as they came", async () => {
  await using t = testThread({
    tools: [echo],
    script: [[unknownItem(), call("echo", {})], say("ok")],
  });
  await t.turn("go");
  assert.match(
    t.model.request(1).text,
    /\{"zeta":1,"id":"new_1","type":"hologram"\}/,
  );
});

Deno.test("runTurn() drops what a cut stream had not committed and asks again", async () => {
  await using t = testThread({
    script: [[say("half of"), cut()], say("whole")],
  });
  assert.deepEqual(await t.turn("go"), { type: "done", message: "whole" });
  assert.equal(t.model.request(1).text.includes("half of"), false);
  assert.deepEqual(shown(t.events, "message").map((one) => one.text), [
    "whole",
  ]);
  assert.equal(types(t.events).includes("activity.withdrawn"), true);
  assert.equal(types(t.events).includes("stream.retry"), true);
});

Deno.test("runTurn() keeps a committed call of a cut stream and goes on from it", async () => {
  let runs = 0;
  const once = testTool("once", () => {
    runs++;
    return Promise.resolve({ content: "ran", success: true });
  });
  await using t = testThread({
    tools: [once],
    script: [
      [think("a"), call("once", {}, { callId: "c" }), say("lost"), cut()],
      say("end"),
    ],
  });
  assert.deepEqual(await t.turn("go"), { type: "done", message: "end" });
  assert.equal(runs, 1);
  assert.equal(t.model.request(1).outputOf("c"), "ran");
  assert.equal(t.model.request(1).text.includes("lost"), false);
});

Deno.test("runTurn() fails when the stream breaks too often", async () => {
  await using t = testThread({ script: () => [say("x"), cut()] });
  const outcome = await t.turn("go");
  assert.equal(outcome.type, "failed");
  assert.equal(t.model.requests.length, 4);
  assert.equal(
    types(t.events).filter((type) => type === "stream.retry").length,
    3,
  );
});

Deno.test("runTurn() ends at once when the server refuses the request", async () => {
  await using t = testThread({
    script: [fail(400, { error: { message: "no such field" } })],
  });
  const outcome = await t.turn("go");
  assert.equal(outcome.type === "failed" && outcome.error.status, 400);
  assert.match(
    outcome.type === "failed" ? outcome.error.message : "",
    /no such field/,
  );
});

Deno.test("runTurn() goes on in the next turn after a failed one", async () => {
  await using t = testThread({
    script: [failed("invalid_prompt", "no"), say("better")],
  });
  assert.equal((await t.turn("one")).type, "failed");
  assert.deepEqual(await t.turn("two"), { type: "done", message: "better" });
});

Deno.test("runTurn() asks again when the server says the turn is not over", async () => {
  await using t = testThread({
    script: [[say("wait"), endTurn(false)], say("now")],
  });
  assert.deepEqual(await t.turn("go"), { type: "done", message: "now" });
  assert.equal(t.model.requests.length, 2);
});

Deno.test("runTurn() shows a refusal as a message", async () => {
  await using t = testThread({ script: [refuse("I will not")] });
  assert.deepEqual(await t.turn("go"), {
    type: "done",
    message: "I will not",
  });
});

Deno.test("runTurn() counts usage by turn and by thread", async () => {
  const counts = {
    input_tokens: 100,
    input_tokens_details: { cached_tokens: 60 },
    output_tokens: 10,
    output_tokens_details: { reasoning_tokens: 4 },
    total_tokens: 110,
  };
  await using t = testThread({
    script: [[say("a"), usage(counts)], [say("b"), usage(counts)]],
  });
  await t.turn("one");
  await t.turn("two");
  const ends = t.events.filter((event) => event.type === "turn.completed");
  const [first, second] = ends;
  assert.equal(
    first?.type === "turn.completed" && first.usage.totalTokens,
    110,
  );
  assert.equal(
    second?.type === "turn.completed" && second.usage.cachedInputTokens,
    60,
  );
  assert.equal(
    second?.type === "turn.completed" && second.threadUsage.totalTokens,
    220,
  );
});

Deno.test("interrupt gives every open call one output and marks the turn", async () => {
  const begun = Promise.withResolvers<void>();
  const stuck = testTool("stuck", (_one, context) => {
    begun.resolve();
    return new Promise((_resolve, reject) => {
      context.signal.addEventListener(
        "abort",
        () => reject(context.signal.reason),
      );
    });
  });
  await using t = testThread({
    tools: [stuck],
    script: [
      [call("stuck", {}, { callId: "a" }), call("stuck", {}, { callId: "b" })],
      say("after"),
    ],
  });
  const turn = t.turn("go");
  await begun.promise;
  t.thread.submit({ type: "interrupt" });
  assert.deepEqual(await turn, { type: "interrupted" });
  await t.turn("again");
  const next = t.model.request(1);
  assert.match(String(next.outputOf("a")), /^aborted by user after \d+\.\ds$/);
  assert.match(String(next.outputOf("b")), /^aborted by user/);
  assert.match(next.text, /<turn_aborted>/);
});

Deno.test("interrupt ends a turn that waits for the server", async () => {
  await using t = testThread({ script: [hang(), say("x")] });
  const turn = t.turn("go");
  await t.model.received(1);
  t.thread.submit({ type: "interrupt" });
  assert.deepEqual(await turn, { type: "interrupted" });
});

Deno.test("input during a turn joins it after the running step", async () => {
  const go = Promise.withResolvers<void>();
  const tool = testTool("pause", async () => {
    await go.promise;
    return { content: "ok", success: true };
  });
  await using t = testThread({
    tools: [tool],
    script: [call("pause", {}), say("both")],
  });
  const turn = t.turn("first");
  await t.model.received(1);
  t.thread.submit({
    type: "user.input",
    parts: [{ type: "text", text: "second" }],
  });
  go.resolve();
  await turn;
  const texts = t.model.request(1).input.map((item) => JSON.stringify(item));
  assert.match(texts.at(-1) ?? "", /second/);
  assert.match(texts.at(-2) ?? "", /function_call_output/);
  assert.equal(t.model.requests.length, 2);
});

Deno.test("a tool that breaks ends the thread, its call answered", async () => {
  const bug = testTool("bug", () => Promise.reject(new TypeError("oops")));
  await using t = testThread({
    tools: [bug],
    script: [call("bug", {}, { callId: "c" })],
  });
  t.thread.submit({ type: "user.input", parts: [{ type: "text", text: "x" }] });
  const closed = await t.seen((event) => event.type === "thread.closed");
  assert.match(JSON.stringify(closed), /"kind":"bug".*oops/);
  assert.equal(
    t.facts.some((fact) => fact.type === "item" && fact.json.includes("oops")),
    true,
  );
});

Deno.test("--max-requests stops before the next request, work kept", async () => {
  await using t = testThread({
    tools: [echo],
    script: () => call("echo", {}),
    deps: { limits: { requestsMax: 3 } },
  });
  const outcome = await t.turn("go");
  assert.equal(outcome.type === "failed" && outcome.error.kind, "limit");
  assert.equal(t.model.requests.length, 3);
});

function types(events: readonly Event[]): string[] {
  return events.map((event) => event.type);
}

function shown<T extends Activity["type"]>(
  events: readonly Event[],
  type: T,
): Extract<Activity, { type: T }>[] {
  return events.flatMap((event) =>
    event.type === "activity.completed" && event.activity.type === type
      ? [event.activity as Extract<Activity, { type: T }>]
      : []
  );
}

Deno.test("an answer with nothing in it is said", async () => {
  await using t = testThread({ script: [say(" "), [], say("Words.")] });
  for (const n of [1, 2]) {
    assert.equal((await t.turn("go")).type, "done");
    const warnings = t.events.filter((one) => one.type === "warning");
    assert.equal(warnings.length, n);
  }
  await t.turn("go");
  assert.match(
    t.events.flatMap((one) => one.type === "warning" ? [one.message] : [])
      .join(),
    /^(The last answer of \S+ was empty: neither text nor a tool call,?){2}$/,
  );
});

Deno.test("usage of nothing, or without the cached part, does not hide how much was sent", async () => {
  const big = "w ".repeat(35_000);
  for (
    const counts of [
      { input_tokens: 0, output_tokens: 0, total_tokens: 0 },
      { input_tokens: 12, output_tokens: 3, total_tokens: 15 },
    ]
  ) {
    await using t = testThread({
      tools: [
        testTool(
          "read",
          () => Promise.resolve({ content: big, success: true }),
        ),
      ],
      settings: { model: { ...TEST_MODEL, autoCompactLimit: 15_000 } },
      script: (request) =>
        request.body["tool_choice"] === "none" ? say("A summary.") : [
          request.input.length > 3 ? say("Read.") : call("read", {}),
          usage(counts),
        ],
    });
    await t.turn("one");
    await t.turn("two");
    await t.turn("three");
    assert.ok(t.events.some((one) => one.type === "context.compacted"));
  }
});

Deno.test("an answer that failed counts, and so does one without usage", async () => {
  const spent = { input_tokens: 900, output_tokens: 50, total_tokens: 950 };
  await using t = testThread({
    script: [
      event({
        type: "response.failed",
        response: {
          status: "failed",
          error: { code: "server_error", message: "died" },
          usage: spent,
        },
      }),
      [say("Words."), usage(null)],
      say("never sent"),
    ],
    deps: { limits: { tokensMax: 951 } },
  });
  await t.turn("go");
  const last = t.events.findLast((one) => one.type === "turn.completed");
  assert.equal(last?.type === "turn.completed" && last.usage.totalTokens, 950);
  assert.equal((await t.turn("on")).type, "failed");
  assert.equal(t.model.requests.length, 2);
});
