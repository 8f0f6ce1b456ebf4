/** Answers of chat completions, in every form servers give them. */
import assert from "node:assert/strict";
import type { JsonObject } from "../../../core/util/json/json.ts";
import { AnswerReader } from "../../../core/model/answer_reader.ts";
import { ChatAnswer } from "../../../core/model/chat_answer.ts";
import type { ResponseEvent } from "../../../core/model/response_event.ts";
import { chunk } from "../../support/chat_script.ts";

interface Read {
  readonly events: readonly ResponseEvent[];
  readonly items: readonly JsonObject[];
  readonly reader: AnswerReader;
}

function parseText(text: string, type = "text/event-stream"): Read {
  const answer = new ChatAnswer(new Set(["apply_patch"]));
  const reader = new AnswerReader(type, answer);
  const events = reader.push(new TextEncoder().encode(text));
  if (!reader.over) events.push(...reader.end());
  const items = events.flatMap((event) =>
    event.type === "item_done" ? [event.item] : []
  );
  return { events, items, reader };
}

function parse(...chunks: readonly JsonObject[]): Read {
  return parseText(
    chunks.map((one) => `data: ${JSON.stringify(one)}\n\n`).join("") +
      "data: [DONE]\n\n",
  );
}

function calls(...pieces: readonly JsonObject[]): unknown[] {
  const chunks = pieces.map((piece) => chunk({ tool_calls: [piece] }));
  return parse(...chunks, chunk({}, "tool_calls")).items.map((
    { call_id, name, arguments: text, input },
  ) => [call_id, name, text ?? input]);
}

function fn(name: string | undefined, given: JsonObject | string): JsonObject {
  return {
    function: { ...(name !== undefined && { name }), arguments: given },
  };
}

Deno.test("text, reasoning and usage come as they do on the other wire", () => {
  const { events, items, reader } = parse(
    chunk({ role: "assistant", content: "" }),
    chunk({ reasoning_content: "h", reasoning: "h" }),
    chunk({ reasoning_content: "m", reasoning: "m" }),
    chunk({ content: "Hel" }),
    chunk({ content: "lo" }),
    chunk({}, "stop"),
    {
      id: "c",
      choices: [],
      usage: {
        prompt_tokens: 10,
        completion_tokens: 4,
        prompt_tokens_details: { cached_tokens: 8 },
        completion_tokens_details: { reasoning_tokens: 3 },
      },
    },
  );
  assert.ok(reader.over);
  assert.deepEqual(events.map(({ type }) => type), [
    "created",
    "item_started",
    "reasoning_delta",
    "reasoning_delta",
    "item_started",
    "text_delta",
    "item_done",
    "item_done",
    "completed",
  ]);
  assert.deepEqual(items, [
    {
      type: "reasoning",
      id: "rs_c",
      summary: [],
      content: [{ type: "reasoning_text", text: "hm" }],
      field: "reasoning_content",
    },
    {
      type: "message",
      id: "msg_c",
      role: "assistant",
      content: [{ type: "output_text", text: "Hello", annotations: [] }],
      status: "completed",
    },
  ]);
  const last = events.at(-1);
  assert.deepEqual(last?.type === "completed" && last.usage, {
    inputTokens: 10,
    cachedInputTokens: 8,
    cacheWriteInputTokens: 0,
    outputTokens: 4,
    reasoningOutputTokens: 3,
    totalTokens: 14,
  });
});

Deno.test("calls are put together by index, also when their pieces are mixed", () => {
  assert.deepEqual(
    calls(
      { index: 0, id: "a", ...fn("one", "") },
      { index: 1, id: "b", ...fn("two", '{"x"') },
      { index: 0, ...fn(undefined, '{"y":') },
      { index: 1, ...fn(undefined, ":1}") },
      { index: 0, id: "", ...fn("", "2}") },
    ),
    [["a", "one", '{"y":2}'], ["b", "two", '{"x":1}']],
  );
});

Deno.test("calls of servers that give no index, one index for all, no id, or a new id to every piece", () => {
  const both = [["a", "one", "{}"], ["b", "one", "{}"]];
  const bare = [[undefined, "one", "{}"], [undefined, "one", "{}"]];
  assert.deepEqual(
    calls({ id: "a", ...fn("one", "{}") }, { id: "b", ...fn("one", "{}") }),
    both,
  );
  assert.deepEqual(
    calls({ index: 0, id: "a", ...fn("one", "{}") }, {
      index: 0,
      id: "b",
      ...fn("one", "{}"),
    }),
    both,
  );
  assert.deepEqual(calls(fn("one", "{}"), fn("one", "{}")), bare);
  assert.deepEqual(
    calls({ index: 0, ...fn("one", "{}") }, { index: 0, ...fn("one", "{}") }),
    bare,
  );
  assert.deepEqual(
    calls({ index: 0, id: "a", ...fn("one", "{") }, {
      index: 0,
      id: "a2",
      ...fn(undefined, "}"),
    }),
    [["a", "one", "{}"]],
  );
  assert.deepEqual(
    calls({ id: "a", ...fn("one", "{") }, { id: "a2", ...fn(undefined, "}") }),
    [["a", "one", "{}"]],
  );
});

Deno.test("arguments may be an object or nothing, free text is taken out of its argument", () => {
  assert.deepEqual(
    calls(
      { index: 0, id: "a", ...fn("one", { x: [1] }) },
      { index: 1, id: "b", function: { name: "two" } },
      { index: 2, id: "c", ...fn("apply_patch", '{"input":"+a"}') },
      { index: 3, id: "d", ...fn("apply_patch", "+b") },
    ),
    [
      ["a", "one", '{"x":[1]}'],
      ["b", "two", "{}"],
      ["c", "apply_patch", "+a"],
      ["d", "apply_patch", "+b"],
    ],
  );
  const old = parse(
    chunk({ function_call: { name: "one", arguments: '{"x"' } }),
    chunk({ function_call: { arguments: ":1}" } }, "function_call"),
  );
  assert.equal(old.items[0]?.["arguments"], '{"x":1}');
});

Deno.test("the signature of a call is kept for its way back", () => {
  const extra_content = { google: { thought_signature: "s" } };
  const { items } = parse(chunk({
    tool_calls: [{ index: 0, id: "a", extra_content, ...fn("one", "{}") }],
  }, "stop"));
  assert.deepEqual(items[0]?.["extra_content"], extra_content);
});

Deno.test("an answer cut off keeps its text, loses its calls and says why", () => {
  for (
    const [finish, reason] of [
      ["length", "max_output_tokens"],
      ["content_filter", "content_filter"],
    ]
  ) {
    const { items, events, reader } = parse(
      chunk({ content: "half" }),
      chunk({ tool_calls: [{ index: 0, id: "a", ...fn("one", "{") }] }, finish),
    );
    assert.deepEqual(items.map(({ type }) => type), ["message"]);
    assert.equal(events.at(-1)?.type, "completed");
    assert.match(String(reader.error?.message), new RegExp(String(reason)));
  }
});

Deno.test("an answer may end without [DONE], without finish_reason, or break off after the last word", () => {
  const word = `data: ${JSON.stringify(chunk({ content: "hi" }))}\n\n`;
  const last = `data: ${JSON.stringify(chunk({}, "stop"))}\n\n`;
  for (const text of [`${word}${last}`, `${word}data: [DONE]\n\n`]) {
    const { items, reader } = parseText(text);
    assert.equal(items.length, 1);
    assert.ok(reader.over && reader.error === undefined);
  }
  const cut = parseText(word);
  assert.ok(!cut.reader.over);
  assert.match(cut.reader.describe(), /ended without a finish_reason/);
});

Deno.test("a usage chunk after the last word ends the answer, the connection need not close", () => {
  const reader = new AnswerReader(null, new ChatAnswer(new Set()));
  const bytes = [chunk({ content: "hi" }, "stop"), {
    choices: [],
    usage: { prompt_tokens: 1 },
  }].map((one) => `data: ${JSON.stringify(one)}\n\n`).join("");
  reader.push(new TextEncoder().encode(bytes));
  assert.ok(reader.over);
});

Deno.test("a whole answer in one JSON text is the same answer", () => {
  const { items, reader } = parseText(
    JSON.stringify({
      id: "c",
      choices: [{
        message: {
          role: "assistant",
          content: "hi",
          thinking: "hm",
          tool_calls: [{ id: "a", ...fn("one", { x: 1 }) }],
        },
        finish_reason: "tool_calls",
      }],
      usage: { prompt_tokens: 1, completion_tokens: 1 },
    }),
    "application/json",
  );
  assert.ok(reader.over);
  assert.deepEqual(items.map(({ type }) => type), [
    "reasoning",
    "message",
    "function_call",
  ]);
});

Deno.test("thinking within the content is reasoning", () => {
  const { items } = parse(
    chunk({
      content: [
        { type: "thinking", thinking: [{ type: "text", text: "hm" }] },
        { type: "text", text: "hi" },
      ],
    }, "stop"),
  );
  assert.deepEqual(items.map(({ type }) => type), ["reasoning", "message"]);
});

Deno.test("errors inside a 200 are errors, in every place servers put them", () => {
  const error = { code: 429, message: "slow down, please" };
  const line = (one: JsonObject): string => `data: ${JSON.stringify(one)}\n\n`;
  const failing = [
    line({ error }),
    line(chunk({ content: "half" })) + line({ error: error.message }),
    line({
      choices: [{ delta: { content: "" }, finish_reason: "error", error }],
    }),
    line({ object: "error", ...error }),
    `event: error\n${line(error)}`,
    JSON.stringify({ error }),
    JSON.stringify({ detail: error.message }),
  ];
  for (const text of failing) {
    const { reader, items } = parseText(text);
    assert.match(String(reader.error?.message), /slow down, please/, text);
    assert.deepEqual(items, [], text);
  }
  const { reader } = parse(chunk({ content: "half" }, "error"));
  assert.match(String(reader.error?.message), /gave no reason/);
});
