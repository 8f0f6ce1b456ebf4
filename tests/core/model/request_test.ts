/** The body of a request: its fields, its order, its types. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type {
  ResponseCompactParams,
  ResponseCreateParamsStreaming,
  ResponseInputItem,
} from "openai/resources/responses/responses";
import {
  buildBody,
  buildCompactParts,
  buildRequestParts,
  buildSummaryParts,
  type RequestPrefix,
} from "../../../core/model/request.ts";
import {
  callOutput,
  message,
  textMessage,
} from "../../../core/protocol/item.ts";
import type { TurnSettings } from "../../../core/protocol/settings.ts";
import { LARGE_MODEL, TEST_SETTINGS } from "../../support/settings.ts";

const SETTINGS: TurnSettings = {
  ...TEST_SETTINGS,
  model: { ...LARGE_MODEL, slug: "gpt-5.2-codex" },
  reasoningEffort: "medium",
  reasoningSummary: "auto",
  verbosity: "low",
  cwd: "/w",
};

const TOOL = {
  type: "function",
  name: "shell",
  description: "Runs a command",
  strict: false,
  parameters: { type: "object", properties: {}, additionalProperties: false },
} as const;

function prefix(
  settings: Partial<TurnSettings> = {},
  more: Partial<RequestPrefix> = {},
): RequestPrefix {
  return {
    settings: { ...SETTINGS, ...settings },
    instructions: "Be good",
    tools: [TOOL],
    threadId: "thread-1",
    ...more,
  };
}

Deno.test("buildRequestParts() makes the whole body, in one order", () => {
  const parts = buildRequestParts(prefix({ serviceTier: "flex" }));
  const body = JSON.parse(buildBody(parts, ['{"a":1}', '{"b":2}']));
  assert.deepEqual(body, {
    model: "gpt-5.2-codex",
    instructions: "Be good",
    tools: [TOOL],
    parallel_tool_calls: true,
    reasoning: { effort: "medium", summary: "auto" },
    store: false,
    stream: true,
    include: ["reasoning.encrypted_content"],
    prompt_cache_key: "thread-1",
    input: [{ a: 1 }, { b: 2 }],
    tool_choice: "auto",
    service_tier: "flex",
    text: { verbosity: "low" },
  });
  assert.deepEqual(Object.keys(body), [
    "model",
    "instructions",
    "tools",
    "parallel_tool_calls",
    "reasoning",
    "store",
    "stream",
    "include",
    "prompt_cache_key",
    "input",
    "tool_choice",
    "service_tier",
    "text",
  ]);
});

Deno.test("buildRequestParts() sends reasoning only to models that reason", () => {
  const model = { ...SETTINGS.model, supportsReasoning: false };
  const body = JSON.parse(buildBody(buildRequestParts(prefix({ model })), []));
  assert.equal("reasoning" in body, false);
  assert.equal("include" in body, false);
  const quiet = prefix({ reasoningSummary: "none" });
  assert.deepEqual(
    JSON.parse(buildBody(buildRequestParts(quiet), [])).reasoning,
    { effort: "medium" },
  );
});

Deno.test("buildRequestParts() leaves out what does not apply", () => {
  const model = {
    ...SETTINGS.model,
    supportsReasoning: false,
    supportsVerbosity: false,
  };
  const bare = buildRequestParts(prefix({ model }, { tools: [] }));
  assert.deepEqual(Object.keys(JSON.parse(buildBody(bare, []))), [
    "model",
    "instructions",
    "store",
    "stream",
    "prompt_cache_key",
    "input",
  ]);
});

Deno.test("buildRequestParts() asks for the output schema", () => {
  const outputSchema = { type: "object", properties: {} };
  const body = JSON.parse(
    buildBody(buildRequestParts(prefix({ outputSchema })), []),
  );
  assert.deepEqual(body.text, {
    verbosity: "low",
    format: {
      type: "json_schema",
      name: "codex_output_schema",
      strict: true,
      schema: outputSchema,
    },
  });
});

Deno.test("buildSummaryParts() differs from a turn's request only behind the input", () => {
  const whole = prefix({ outputSchema: { type: "object" } });
  const turn = buildRequestParts(whole);
  const summary = buildSummaryParts(whole);
  assert.equal(summary.head, turn.head);
  const body = JSON.parse(buildBody(summary, []));
  assert.equal(body.tool_choice, "none");
  assert.deepEqual(body.text, { verbosity: "low" });
});

Deno.test("buildBody() makes each body the literal beginning of the next", () => {
  const json = fc.jsonValue().map((value) => JSON.stringify({ value }));
  fc.assert(
    fc.property(
      fc.array(json, { maxLength: 6 }),
      fc.array(json, { minLength: 1, maxLength: 6 }),
      fc.string(),
      (items, contextUpdate, instructions) => {
        const parts = buildRequestParts(prefix({}, { instructions }));
        const first = buildBody(parts, items);
        const second = buildBody(parts, [...items, ...contextUpdate]);
        const open = first.slice(0, -parts.tail.length);
        assert.ok(second.startsWith(open));
        assert.deepEqual(
          JSON.parse(second).input,
          [...items, ...contextUpdate].map((text) => JSON.parse(text)),
        );
      },
    ),
  );
});

Deno.test("buildCompactParts() asks with the same prompt, for one JSON answer", () => {
  const body = JSON.parse(buildBody(buildCompactParts(prefix()), ['{"a":1}']));
  assert.deepEqual(body, {
    model: "gpt-5.2-codex",
    instructions: "Be good",
    prompt_cache_key: "thread-1",
    input: [{ a: 1 }],
  });
});

// The types of the official client are the contract; nothing of it runs. A field that it
// does not have, or has otherwise, does not compile.
type Fields = {
  model: string;
  instructions: string;
  input: ResponseInputItem[];
  tools: [typeof TOOL];
  parallel_tool_calls: boolean;
  reasoning: { effort: "medium"; summary: "auto" };
  store: false;
  stream: true;
  include: ["reasoning.encrypted_content"];
  prompt_cache_key: string;
  tool_choice: "auto" | "none";
  service_tier: "flex";
  text: {
    verbosity: "low";
    format: {
      type: "json_schema";
      name: string;
      strict: true;
      schema: Record<string, unknown>;
    };
  };
};
type CompactFields = Pick<
  Fields,
  "model" | "instructions" | "input" | "prompt_cache_key"
>;
type Known<Ours, Theirs> = Ours extends Theirs
  ? Exclude<keyof Ours, keyof Theirs> extends never ? true : false
  : false;

Deno.test("a body has the fields and types of the official client's parameters", () => {
  const isKnown: Known<Fields, ResponseCreateParamsStreaming> = true;
  const isCompactKnown: Known<CompactFields, ResponseCompactParams> = true;
  assert.ok(isKnown && isCompactKnown);
  // What the types were checked for is what is sent.
  const whole = prefix({
    serviceTier: "flex",
    outputSchema: { type: "object" },
  });
  const sent = JSON.parse(buildBody(buildRequestParts(whole), [])) as Fields;
  const example: Fields = {
    model: "gpt-5.2-codex",
    instructions: "Be good",
    tools: [TOOL],
    parallel_tool_calls: true,
    reasoning: { effort: "medium", summary: "auto" },
    store: false,
    stream: true,
    include: ["reasoning.encrypted_content"],
    prompt_cache_key: "thread-1",
    input: [],
    tool_choice: "auto",
    service_tier: "flex",
    text: {
      verbosity: "low",
      format: {
        type: "json_schema",
        name: "codex_output_schema",
        strict: true,
        schema: { type: "object" },
      },
    },
  };
  assert.deepEqual(sent, example);
});

Deno.test("our own items have the types of the official client's input items", () => {
  const call = { form: "function", callId: "c" } as const;
  const items: ResponseInputItem[] = [
    {
      type: "message",
      role: "developer",
      content: [{ type: "input_text", text: "x" }],
    },
    {
      type: "message",
      role: "user",
      content: [{
        type: "input_image",
        image_url: "data:image/png;base64,AA==",
        detail: "high",
      }],
    },
    { type: "function_call_output", call_id: "c", output: "x" },
    { type: "custom_tool_call_output", call_id: "c", output: "x" },
  ];
  assert.deepEqual([
    textMessage("developer", "x"),
    message("user", [{
      type: "input_image",
      image_url: "data:image/png;base64,AA==",
      detail: "high",
    }]),
    callOutput(call, "x"),
    callOutput({ ...call, form: "custom" }, "x"),
  ], items);
});
