/** Servers that ask the model: what is sent, who is asked, what is refused. */
import assert from "node:assert/strict";
import { ModelError } from "../../../core/protocol/error.ts";
import { NO_USAGE } from "../../../core/protocol/event.ts";
import { LIMITS } from "../../../core/protocol/limits.ts";
import type {
  ApprovalRequest,
  Decision,
} from "../../../core/protocol/policy.ts";
import type { JsonObject } from "../../../core/util/json/json.ts";
import {
  buildSamplingQuestion,
  parseSampling,
  type SamplingHook,
  type SamplingRequest,
} from "../../../tools/mcp/sampling.ts";
import { scripted, type TestServers, testServers } from "./support.ts";
import {
  call,
  type RecordingContext,
  recordingContext,
  settings,
} from "../support.ts";

const USER = { role: "user", content: { type: "text", text: "Hi" } };
const USAGE = { ...NO_USAGE, inputTokens: 3, outputTokens: 2, totalTokens: 5 };

Deno.test("parseSampling() makes input items of text and images", () => {
  const request = parseSampling({
    messages: [
      USER,
      {
        role: "user",
        content: [
          { type: "text", text: "Look" },
          { type: "image", data: "aGk=", mimeType: "image/png" },
        ],
      },
      { role: "assistant", content: { type: "text", text: "Nice" } },
    ],
    systemPrompt: "Be kind",
    maxTokens: 99.5,
    temperature: 0.1,
    modelPreferences: { hints: [{ name: "other" }] },
  });
  assert.deepEqual(request, {
    instructions: "Be kind",
    tokensMax: 100,
    input: [
      {
        type: "message",
        role: "user",
        content: [{ type: "input_text", text: "Hi" }],
      },
      {
        type: "message",
        role: "user",
        content: [
          { type: "input_text", text: "Look" },
          { type: "input_image", image_url: "data:image/png;base64,aGk=" },
        ],
      },
      {
        type: "message",
        role: "assistant",
        content: [{ type: "output_text", text: "Nice" }],
      },
    ],
  });
});

Deno.test("parseSampling() keeps the length of the answer within what can be asked for", () => {
  const tokens = (maxTokens: number): number =>
    parseSampling({ messages: [USER], maxTokens }).tokensMax;
  assert.equal(tokens(1), LIMITS.mcpSampleTokensMin);
  assert.equal(tokens(1e9), LIMITS.mcpSampleTokens);
});

Deno.test("parseSampling() refuses what cannot be sent, with the code for wrong parameters", () => {
  const image = { type: "image", data: "aGk=", mimeType: "image/png" };
  const cases: readonly (readonly [JsonObject, RegExp])[] = [
    [{ maxTokens: 5 }, /at "messages"/],
    [{ messages: [], maxTokens: 5 }, /at "messages"/],
    [{ messages: [USER] }, /at "maxTokens"/],
    [{ messages: [USER], maxTokens: 0 }, /at "maxTokens"/],
    [{ messages: [USER], maxTokens: 5, tools: [{}] }, /tools are not offered/],
    [
      { messages: [{ role: "assistant", content: image }], maxTokens: 5 },
      /message of the assistant/,
    ],
    [{
      messages: [{ role: "user", content: { ...image, mimeType: "x,y" } }],
      maxTokens: 5,
    }, /an image has no valid type or data/],
    [{
      messages: Array(LIMITS.mcpSampleMessages + 1).fill(USER),
      maxTokens: 5,
    }, /more than \d+ messages/],
    [{
      messages: [{
        role: "user",
        content: { type: "text", text: "x".repeat(LIMITS.mcpSampleBytes) },
      }],
      maxTokens: 5,
    }, /more than \d+ bytes/],
  ];
  for (const [params, message] of cases) {
    assert.throws(() => parseSampling(params), { code: -32602, message });
  }
});

Deno.test("buildSamplingQuestion() folds what is long and hides nothing else", () => {
  const lines = Array.from({ length: 40 }, (_, at) => `line ${at}`).join("\n");
  const question = buildSamplingQuestion("s", {
    instructions: "Be kind",
    input: parseSampling({
      messages: [{ role: "user", content: { type: "text", text: lines } }],
      maxTokens: 50,
    }).input,
    tokensMax: 50,
  }, "/w");
  const shown = question.detail.split("\n");
  assert.equal(shown[0], "system: Be kind");
  assert.equal(shown[1], "user: line 0");
  assert.equal(shown[12], "  line 11");
  const hidden = lines.length -
    lines.split("\n").slice(0, 12).join("\n").length;
  assert.equal(shown[13], `  [… ${hidden} more characters]`);
  assert.equal(shown[14], "Answer: at most 50 tokens");
});

interface Sampled {
  readonly hook: SamplingHook;
  readonly asked: ApprovalRequest[];
  readonly sent: SamplingRequest[];
  readonly warned: string[];
}

function sampling(
  decisions: readonly Decision[],
  send?: SamplingHook["send"],
): Sampled {
  const left = [...decisions];
  const asked: ApprovalRequest[] = [];
  const sent: SamplingRequest[] = [];
  const warned: string[] = [];
  const hook: SamplingHook = {
    ask: (request) => {
      asked.push(request);
      const next = left.shift();
      assert.ok(next, "unexpected question");
      return Promise.resolve(next);
    },
    send: (request, context, signal) => {
      sent.push(request);
      return send?.(request, context, signal) ?? Promise.resolve({
        text: "Yes",
        model: "m",
        stopReason: "maxTokens",
        usage: USAGE,
      });
    },
    tell: (message) => void warned.push(message),
  };
  return { hook, asked, sent, warned };
}

/** What the scripted server got, by one call of its tool. */
async function sampleBy(
  t: TestServers,
  context: RecordingContext,
  times: number = 1,
): Promise<JsonObject[]> {
  const tool = await t.tool("sample");
  const output = await tool.run(
    call({ messages: [USER], maxTokens: 50, times }),
    context,
  );
  return JSON.parse(String(output.content));
}

const SERVER = scripted("s", {
  tools: [{ name: "sample" }, { name: "roots" }],
});

Deno.test("A server's request to the model is asked about, sent, counted and told", async () => {
  const one = sampling([
    { type: "approve" },
    { type: "approve_for_session" },
    { type: "deny" },
  ]);
  await using t = testServers([SERVER], { sampling: one.hook });
  const context = recordingContext(settings());
  assert.deepEqual(
    await sampleBy(t, context, 3),
    Array(3).fill({
      role: "assistant",
      content: { type: "text", text: "Yes" },
      model: "m",
      stopReason: "maxTokens",
    }),
  );
  assert.equal(one.sent.length, 3);
  assert.deepEqual(context.spent, [USAGE, USAGE, USAGE]);
  assert.equal(
    one.warned[0],
    "The model answered the MCP server s: 3 tokens in, 2 out",
  );
  // What was allowed holds for the thread in which it was.
  const other = recordingContext(settings(), { threadId: "thread-2" });
  assert.ok("error" in (await sampleBy(t, other))[0]!);
  assert.equal(one.asked.length, 3);
});

Deno.test("A server's request to the model is refused where the person or the limits say so", async () => {
  const one = sampling([{ type: "deny" }, { type: "abort" }]);
  await using t = testServers([SERVER], { sampling: one.hook });
  const rejected = {
    error: { code: -1, message: "User rejected sampling request" },
  };
  const context = recordingContext(settings());
  assert.deepEqual(await sampleBy(t, context), [rejected]);
  assert.deepEqual(await sampleBy(t, context), [rejected]);
  const spent = recordingContext(settings(), { refusal: "9 of 9 are used" });
  assert.deepEqual(await sampleBy(t, spent), [{
    error: { code: -32603, message: "9 of 9 are used" },
  }]);
  assert.deepEqual([one.sent, context.spent], [[], []]);
});

Deno.test("A server's request to the model is not sent when the limits were reached while it was asked about", async () => {
  const one = sampling([{ type: "approve" }]);
  const recorded = recordingContext(settings());
  const hook: SamplingHook = {
    ...one.hook,
    ask: async (request, signal) => {
      const decision = await one.hook.ask(request, signal);
      spent = "9 of 9 are used";
      return decision;
    },
  };
  let spent: string | undefined;
  await using t = testServers([SERVER], { sampling: hook });
  const context = {
    ...recorded,
    spending: { ...recorded.spending, refusal: () => spent },
  };
  assert.deepEqual(await sampleBy(t, context), [{
    error: { code: -32603, message: "9 of 9 are used" },
  }]);
  assert.deepEqual([one.asked.length, one.sent], [1, []]);
});

Deno.test("Requests to the model at the same time are asked about one after the other", async () => {
  let open = 0;
  const one = sampling([{ type: "approve_for_session" }]);
  const hook: SamplingHook = {
    ...one.hook,
    ask: async (request, signal) => {
      assert.equal(++open, 1);
      await new Promise((wake) => setTimeout(wake, 20));
      open--;
      return await one.hook.ask(request, signal);
    },
  };
  await using t = testServers([SERVER], { sampling: hook });
  const context = recordingContext(settings());
  const answers = await Promise.all([
    sampleBy(t, context),
    sampleBy(t, context),
  ]);
  assert.deepEqual(answers.map(([answer]) => answer?.["role"]), [
    "assistant",
    "assistant",
  ]);
  assert.equal(one.asked.length, 1);
});

Deno.test("A server may not ask the model without end", async () => {
  const one = sampling([{ type: "approve_for_session" }]);
  await using t = testServers([SERVER], { sampling: one.hook });
  const context = recordingContext(settings());
  const answers = await sampleBy(t, context, LIMITS.mcpSamplesPerTurn + 1);
  const last = answers.at(-1)?.["error"] as JsonObject | undefined;
  assert.match(String(last?.["message"]), /at most \d+ requests a turn$/);
  assert.equal(one.sent.length, LIMITS.mcpSamplesPerTurn);
  // The next turn has another signal.
  const next = recordingContext(settings());
  assert.equal((await sampleBy(t, next))[0]?.["role"], "assistant");
});

Deno.test("A model that fails is an error of the server's request, and counts as one", async () => {
  const one = sampling([{ type: "approve" }], () =>
    Promise.reject(
      new ModelError("It is down", { kind: "http", retryable: false }),
    ));
  await using t = testServers([SERVER], { sampling: one.hook });
  const context = recordingContext(settings());
  assert.deepEqual(await sampleBy(t, context), [{
    error: { code: -32603, message: "It is down" },
  }]);
  assert.deepEqual(context.spent, [null]);
  assert.match(
    one.warned[0] ?? "",
    /did not answer the MCP server s: It is down/,
  );
});

Deno.test("A request to the model ends when its call does", async () => {
  const begun = Promise.withResolvers<AbortSignal>();
  const one = sampling([{ type: "approve" }], (_request, _context, signal) => {
    begun.resolve(signal);
    return new Promise((_, reject) =>
      signal.addEventListener("abort", () => reject(signal.reason))
    );
  });
  await using t = testServers([SERVER], { sampling: one.hook });
  const stop = new AbortController();
  const context = recordingContext(settings(), { signal: stop.signal });
  const running = sampleBy(t, context);
  running.catch(() => {});
  const signal = await begun.promise;
  stop.abort(new Error("stopped"));
  await assert.rejects(running, /stopped/);
  assert.equal(signal.aborted, true);
});

Deno.test("A server that asks the model where nobody can allow it is told so, the person once", async () => {
  await using t = testServers([SERVER]);
  const context = recordingContext(settings());
  const answers = await sampleBy(t, context, 2);
  assert.deepEqual(answers[0], {
    error: {
      code: -1,
      message: "User rejected sampling request: nobody can be asked",
    },
  });
  assert.deepEqual(context.warnings, [
    "The MCP server s wanted to ask the model; nobody can approve that here",
  ]);
});

Deno.test("A server learns of the folder that is worked in where it is to", async () => {
  await using t = testServers([{ ...SERVER, roots: true }], { cwd: "/tmp" });
  const output = await (await t.tool("roots")).run(
    call({}),
    recordingContext(settings()),
  );
  assert.deepEqual(JSON.parse(String(output.content)), {
    roots: [{ uri: "file:///tmp", name: "tmp" }],
  });
});
