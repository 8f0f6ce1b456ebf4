/** Tests of core/model/answer_reader.ts: answers in the shapes that servers give them. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { AnswerReader } from "../../../core/model/answer_reader.ts";
import type { ResponseEvent } from "../../../core/model/response_event.ts";
import type { JsonObject } from "../../../core/util/json/json.ts";

const MSG: JsonObject = {
  type: "message",
  id: "msg_1",
  role: "assistant",
  status: "completed",
  content: [{ type: "output_text", text: "the answer", annotations: [] }],
};
const CALL: JsonObject = {
  type: "function_call",
  id: "fc_1",
  call_id: "call_1",
  name: "shell",
  arguments: '{"command":["echo","ran"]}',
};
const CREATED: JsonObject = {
  type: "response.created",
  response: { id: "resp_1" },
};

function completed(
  output: readonly JsonObject[],
  more: JsonObject = {},
): JsonObject {
  const response = { id: "resp_1", output, ...more };
  return { type: "response.completed", response };
}

function added(item: JsonObject): JsonObject {
  return { type: "response.output_item.added", item };
}

function done(item: JsonObject): JsonObject {
  return { type: "response.output_item.done", item };
}

function stream(events: readonly JsonObject[]): string {
  return events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join("");
}

/** The whole text given to a reader, in one piece or several. */
function read(
  text: string,
  options: { readonly type?: string; readonly pieceBytes?: number } = {},
): { readonly items: readonly JsonObject[]; readonly error: string } {
  const reader = new AnswerReader(options.type ?? "text/event-stream");
  const bytes = new TextEncoder().encode(text);
  const size = options.pieceBytes ?? Math.max(1, bytes.length);
  const events: ResponseEvent[] = [];
  for (let at = 0; at < bytes.length && !reader.over; at += size) {
    events.push(...reader.push(bytes.subarray(at, at + size)));
  }
  if (!reader.over) events.push(...reader.end());
  const isEnded = events.at(-1)?.type === "completed";
  return {
    items: events.flatMap((one) => one.type === "item_done" ? [one.item] : []),
    error: reader.error?.message ?? (isEnded ? "" : "no end"),
  };
}

Deno.test("a message that was only announced is taken from the final list", () => {
  const { items, error } = read(stream([
    CREATED,
    added({ ...MSG, content: [] }),
    {
      type: "response.output_text.delta",
      item_id: "msg_1",
      delta: "the answer",
    },
    { type: "response.output_text.done", item_id: "msg_1", text: "the answer" },
    completed([MSG]),
  ]));
  assert.deepEqual(items, [MSG]);
  assert.equal(error, "");
});

Deno.test("a call whose arguments came in pieces is taken from the final list", () => {
  const { items } = read(stream([
    CREATED,
    added({ ...CALL, arguments: "" }),
    {
      type: "response.function_call_arguments.delta",
      item_id: "fc_1",
      delta: CALL["arguments"] ?? "",
    },
    completed([CALL]),
  ]));
  assert.deepEqual(items, [CALL]);
});

Deno.test("announced items of an answer with an empty list are made of their pieces", () => {
  const { items } = read(stream([
    CREATED,
    added({ ...MSG, content: [] }),
    { type: "response.output_text.delta", item_id: "msg_1", delta: "the " },
    { type: "response.output_text.delta", item_id: "msg_1", delta: "answer" },
    added({ ...CALL, arguments: "" }),
    {
      type: "response.function_call_arguments.done",
      item_id: "fc_1",
      arguments: CALL["arguments"] ?? "",
    },
    completed([]),
  ]));
  assert.deepEqual(items, [MSG, { ...CALL, status: "completed" }]);
});

Deno.test("an item with another id at its end, or none, is told once", () => {
  const delta = {
    type: "response.output_text.delta",
    item_id: "msg_1",
    delta: "the answer",
  };
  const begin = [CREATED, added({ ...MSG, content: [] }), delta];
  const { id: _, ...unnamed } = MSG;
  for (const end of [{ ...MSG, id: "msg_other" }, unnamed]) {
    for (
      const rest of [[done(end), completed([])], [completed([end])], [
        done(end),
        completed([{ ...MSG, id: "msg_third" }]),
      ]]
    ) {
      assert.deepEqual(read(stream([...begin, ...rest])).items, [end]);
    }
  }
  const call = { ...CALL, id: "fc_other" };
  assert.deepEqual(
    read(stream([
      added({ ...CALL, arguments: "" }),
      done(call),
      completed([]),
    ])).items,
    [call],
  );
});

Deno.test("of two calls that say the same each is told once, in whatever order the list has them", () => {
  const other = { ...CALL, id: "fc_2", call_id: "call_2" };
  const { items } = read(stream([done(CALL), completed([other, CALL])]));
  assert.deepEqual(items, [CALL, other]);
});

Deno.test("text that nobody announced becomes a message", () => {
  const { items } = read(stream([
    { type: "response.output_text.delta", delta: "the answer" },
    completed([]),
  ]));
  assert.deepEqual(items.map((item) => item["content"]), [MSG["content"]]);
});

Deno.test("an item that came by itself is not taken again, whatever its id in the list", () => {
  for (const again of [MSG, { ...MSG, id: "msg_other" }, { ...MSG, id: "" }]) {
    const { items } = read(stream([
      CREATED,
      added({ ...MSG, content: [] }),
      {
        type: "response.output_text.delta",
        item_id: "msg_1",
        delta: "the answer",
      },
      done(MSG),
      completed([again]),
    ]));
    assert.deepEqual(items, [MSG]);
  }
});

Deno.test("two equal messages in the list are two, one of which came by itself", () => {
  const other = { ...MSG, id: "msg_2" };
  const { items } = read(stream([CREATED, done(MSG), completed([MSG, other])]));
  assert.deepEqual(items, [MSG, other]);
});

Deno.test("events are understood by their name alone", () => {
  const { type: _type, ...nameless } = done(MSG);
  const { items, error } = read(
    `event: response.output_item.done\ndata: ${JSON.stringify(nameless)}\n\n` +
      `event: response.completed\ndata: ${
        JSON.stringify({ response: { output: [MSG] } })
      }\n\n`,
  );
  assert.deepEqual(items, [MSG]);
  assert.equal(error, "");
});

Deno.test("response.done ends an answer", () => {
  const { items, error } = read(stream([
    CREATED,
    done(MSG),
    { type: "response.done", response: { output: [MSG] } },
  ]));
  assert.deepEqual([items, error], [[MSG], ""]);
});

Deno.test("an unstreamed answer is taken whole, with or without its content type", () => {
  const body = JSON.stringify({
    id: "resp_1",
    status: "completed",
    output: [MSG],
  });
  for (const type of ["application/json", "text/plain", "text/event-stream"]) {
    const { items, error } = read(body, { type, pieceBytes: 7 });
    assert.deepEqual([items, error], [[MSG], ""]);
  }
});

Deno.test("an error in place of an answer or in the middle of one is shown in its words", () => {
  const rows: readonly (readonly [string, RegExp])[] = [
    [
      stream([CREATED, { error: { code: 400, message: "bad model" } }]),
      /bad model/,
    ],
    [
      stream([{ type: "error", code: 400, message: "no such thing" }]),
      /no such thing/,
    ],
    [stream([{ type: "error", error: "in words" }]), /in words/],
    [JSON.stringify({ error: { message: "not today" } }), /not today/],
    [JSON.stringify({ error: "not tomorrow" }), /not tomorrow/],
    [
      stream([
        completed([], {
          status: "failed",
          error: { message: "upstream died" },
        }),
      ]),
      /upstream died/,
    ],
    [stream([completed([], { status: "cancelled" })]), /cancelled/],
    [
      stream([
        completed([], {
          status: "incomplete",
          incomplete_details: { reason: "max_output_tokens" },
        }),
      ]),
      /max_output_tokens/,
    ],
  ];
  for (const [text, words] of rows) assert.match(read(text).error, words);
});

Deno.test("what a cut answer had said is kept, a call in it is not", () => {
  const { items, error } = read(stream([
    CREATED,
    added({ ...MSG, content: [] }),
    {
      type: "response.output_text.delta",
      item_id: "msg_1",
      delta: "the answer",
    },
    added({ ...CALL, arguments: "" }),
    {
      type: "response.function_call_arguments.delta",
      item_id: "fc_1",
      delta: '{"com',
    },
    {
      type: "response.incomplete",
      response: { incomplete_details: { reason: "max_output_tokens" } },
    },
  ]));
  assert.deepEqual(items, [MSG]);
  assert.match(error, /max_output_tokens/);
});

Deno.test("arguments that are an object become their JSON text", () => {
  const { items } = read(stream([
    done({ ...CALL, arguments: { command: ["echo", "ran"] } }),
    completed([]),
  ]));
  assert.deepEqual(items, [CALL]);
});

Deno.test("every item comes out once, in whatever mix of forms it was told", () => {
  const form = fc.constantFrom("done", "listed", "both", "pieces");
  fc.assert(fc.property(
    fc.array(form, { minLength: 1, maxLength: 6 }),
    fc.integer({ min: 1, max: 50 }),
    (forms, pieceBytes) => {
      const items = forms.map((_, at): JsonObject => ({
        ...MSG,
        id: `msg_${at}`,
        content: [{ type: "output_text", text: `n ${at}`, annotations: [] }],
      }));
      const events = items.flatMap((item, at): JsonObject[] => {
        const delta = {
          type: "response.output_text.delta",
          item_id: `msg_${at}`,
          delta: `n ${at}`,
        };
        const begun = [added({ ...item, content: [] }), delta];
        switch (forms[at]) {
          case "listed":
            return [];
          case "pieces":
            return begun;
          default:
            return [...begun, done(item)];
        }
      });
      const listed = items.filter((_, at) =>
        forms[at] === "listed" || forms[at] === "both"
      );
      const out = read(stream([CREATED, ...events, completed(listed)]), {
        pieceBytes,
      });
      assert.deepEqual(
        out.items.map((item) => item["id"]).toSorted(),
        items.map((item) => item["id"]),
      );
    },
  ));
});

Deno.test("what only keeps the connection open says nothing", () => {
  const reader = new AnswerReader();
  const said = (text: string): boolean => {
    const before = reader.said;
    reader.push(new TextEncoder().encode(text));
    return reader.said > before;
  };
  for (
    const text of [
      ": still here\n\n",
      "id: 1\nretry: 1\n\n",
      "event: ping\n\n",
      "data: hello\n\n",
      'data: {"type":"keepalive"}\n\n',
      'data: {"type":"response.in_progress"}\n\n',
    ]
  ) assert.ok(!said(text), text);
  assert.ok(
    said('data: {"type":"response.web_search_call.searching"}\n\n'),
    "a tool that the server runs",
  );
  assert.ok(said('data: {"type":"response.output_text.delta"}\n\n'));
  // An event in pieces goes on, one that trickles does not.
  assert.ok(!said('data: {"x":"'));
  assert.ok(said("x".repeat(1_024)));
  assert.ok(!said("x".repeat(1_000)));
  assert.ok(said("x".repeat(100)));
});

Deno.test("an event that cannot be read is told, once an answer", () => {
  const deep = `${"[".repeat(2_000)}${"]".repeat(2_000)}`;
  const text = [
    `data: {"type":"response.output_item.done","item":{"type":"x","y":${deep}}}`,
    'data: {"type":"response.output_item.done","item":',
    "data: still here",
    `data: ${JSON.stringify(completed([]))}`,
    "",
  ].join("\n\n");
  const reader = new AnswerReader();
  const events = reader.push(new TextEncoder().encode(text));
  assert.deepEqual(events.map(({ type }) => type), ["event_lost", "completed"]);
  assert.match(JSON.stringify(events[0]), /nested in more than 1000 levels/);
});
