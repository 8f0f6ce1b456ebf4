/** Events of the wire as events of ours. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { JsonObject } from "../../../core/util/json/json.ts";
import {
  type AnswerEvent,
  RESPONSES_WIRE,
} from "../../../core/model/response_event.ts";

function parseOne(data: string): AnswerEvent | undefined {
  return RESPONSES_WIRE.take(data, "")[0];
}

function parse(wire: unknown): unknown {
  return parseOne(JSON.stringify(wire));
}

Deno.test("the wire of Responses reads each kind of delta", () => {
  const at = { item_id: "i1", output_index: 0 };
  const cases: readonly [Record<string, unknown>, unknown][] = [
    [
      { type: "response.output_text.delta", ...at, delta: "a" },
      { type: "text_delta", itemId: "i1", text: "a" },
    ],
    [
      { type: "response.refusal.delta", ...at, delta: "no" },
      { type: "text_delta", itemId: "i1", text: "no" },
    ],
    [
      { type: "response.reasoning_summary_text.delta", ...at, delta: "b" },
      { type: "reasoning_delta", itemId: "i1", text: "b", raw: false },
    ],
    [
      { type: "response.reasoning_text.delta", ...at, delta: "c" },
      { type: "reasoning_delta", itemId: "i1", text: "c", raw: true },
    ],
    [
      { type: "response.reasoning_summary_part.added", ...at },
      { type: "reasoning_section", itemId: "i1" },
    ],
    [
      { type: "response.custom_tool_call_input.delta", ...at, delta: "d" },
      { type: "tool_input_delta", itemId: "i1", text: "d" },
    ],
    [
      { type: "response.function_call_arguments.delta", ...at, delta: "e" },
      { type: "tool_input_delta", itemId: "i1", text: "e" },
    ],
    [
      { type: "response.output_text.delta" },
      { type: "text_delta", itemId: "", text: "" },
    ],
  ];
  for (const [wire, expected] of cases) assert.deepEqual(parse(wire), expected);
});

Deno.test("the wire of Responses hands items on with every byte of theirs", () => {
  const item = { z: 1, type: "new", id: "i", a: { c: [1, null], b: "\u2028" } };
  const done = parse({ type: "response.output_item.done", item });
  assert.equal(
    JSON.stringify(done),
    JSON.stringify({ type: "item_done", item }),
  );
  const added = parse({ type: "response.output_item.added", item });
  assert.equal(
    JSON.stringify(added),
    JSON.stringify({ type: "item_started", itemId: "i", item }),
  );
});

Deno.test("the wire of Responses reads how an answer began and ended", () => {
  assert.deepEqual(parse({ type: "response.created", response: { id: "r" } }), {
    type: "created",
  });
  const end = (more: JsonObject, response: JsonObject = {}): unknown => {
    const wire = { type: "response.completed", response, ...more };
    const event = parseOne(JSON.stringify(wire));
    return event?.type === "ended" ? event.completed : event;
  };
  assert.deepEqual(end({}, { id: "r", usage: null }), {
    type: "completed",
    usage: null,
  });
  assert.deepEqual(end({}, { id: "r", end_turn: false }), {
    type: "completed",
    usage: null,
    endTurn: false,
  });
  assert.deepEqual(end({ response: null }), {
    type: "completed",
    usage: null,
  });
});

Deno.test("the wire of Responses makes an error of what a stream calls one", () => {
  const error = { code: "rate_limit_exceeded", message: "try again in 2s" };
  const wires = [
    { type: "response.failed", response: { error } },
    { type: "error", ...error },
    { type: "error", error },
  ];
  for (const wire of wires) {
    const event = parseOne(JSON.stringify(wire));
    assert.ok(event?.type === "failed");
    assert.equal(event.error.kind, "rate_limit");
    assert.equal(event.error.retryAfterMs, 2_000);
    assert.match(event.error.message, /try again in 2s/);
  }
  const bare = parseOne('{"type":"response.failed"}');
  assert.ok(bare?.type === "failed");
  assert.match(bare.error.message, /gave no reason/);
  const cut = parseOne(JSON.stringify({
    type: "response.incomplete",
    response: { incomplete_details: { reason: "max_output_tokens" } },
  }));
  assert.ok(cut?.type === "ended");
  assert.equal(cut.error?.kind, "incomplete");
  assert.match(cut.error.message, /max_output_tokens/);
});

Deno.test("the wire of Responses passes over what it does not know or cannot read", () => {
  const unread = [
    "",
    "[DONE]",
    "{",
    "null",
    "3",
    '"response.completed"',
    "[1]",
    "{}",
    '{"type":7}',
    '{"type":"response.in_progress"}',
    '{"type":"response.output_item.done"}',
    '{"type":"response.output_item.done","item":{"id":"no type"}}',
    '{"type":"response.output_item.added","item":[]}',
  ];
  for (const data of unread) {
    assert.equal(parseOne(data), undefined, data);
  }
});

Deno.test("the wire of Responses never throws, whatever JSON it is given", () => {
  const type = fc.constantFrom(
    "response.created",
    "response.completed",
    "response.failed",
    "response.incomplete",
    "response.output_item.done",
    "response.output_text.delta",
    "error",
  );
  fc.assert(
    fc.property(type, fc.jsonValue(), fc.jsonValue(), (name, one, two) => {
      const wire = { type: name, response: one, item: one, error: two };
      parseOne(JSON.stringify(wire));
      parseOne(JSON.stringify({ ...wire, delta: two, code: two }));
    }),
  );
});
