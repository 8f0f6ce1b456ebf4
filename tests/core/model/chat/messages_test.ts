/** Items as messages: roles, calls, pictures, reasoning, and the law of the prefix. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { ChatCompletionMessageParam } from "openai/resources/chat/completions";
import { toMessages } from "../../../../core/model/chat/messages.ts";
import {
  callOutput,
  message,
  textMessage,
  type WireItem,
} from "../../../../core/protocol/item.ts";

const PICTURE = {
  type: "input_image",
  image_url: "data:image/png;base64,AA",
} as const;

function said(text: string): WireItem {
  return {
    type: "message",
    role: "assistant",
    content: [{ type: "output_text", text }],
  };
}

function called(id: string, text = "{}", name = "shell"): WireItem {
  return { type: "function_call", call_id: id, name, arguments: text };
}

function answered(id: string, output: string): WireItem {
  return callOutput({ form: "function", callId: id }, output);
}

function thought(text: string, field: string): WireItem {
  return {
    type: "reasoning",
    summary: [],
    content: [{ type: "reasoning_text", text }],
    field,
  };
}

Deno.test("a turn becomes system, user, one assistant message with its calls, and tool messages", () => {
  const messages = toMessages("Be good.", [
    textMessage("developer", "permissions"),
    textMessage("user", "go"),
    thought("hm", "reasoning_content"),
    said("I look."),
    called("c1", '{"a":1}'),
    called("c2"),
    answered("c1", "one"),
    answered("c2", "two"),
    said("Done."),
  ]) as unknown as readonly ChatCompletionMessageParam[];
  assert.deepEqual(messages, [
    { role: "system", content: "Be good." },
    { role: "system", content: "permissions" },
    { role: "user", content: "go" },
    {
      role: "assistant",
      content: "I look.",
      reasoning_content: "hm",
      tool_calls: [
        {
          id: "c1",
          type: "function",
          function: { name: "shell", arguments: '{"a":1}' },
        },
        {
          id: "c2",
          type: "function",
          function: { name: "shell", arguments: "{}" },
        },
      ],
    },
    { role: "tool", tool_call_id: "c1", content: "one" },
    { role: "tool", tool_call_id: "c2", content: "two" },
    { role: "assistant", content: "Done." },
  ]);
});

Deno.test("pictures of a message are parts of it, those of outputs follow the last output as the user's", () => {
  const show = callOutput({ form: "function", callId: "c1" }, [PICTURE]);
  const messages = toMessages("", [
    message("user", [{ type: "input_text", text: "see" }, {
      ...PICTURE,
      detail: "original",
    }]),
    called("c1"),
    called("c2"),
    show,
    answered("c2", "two"),
  ]);
  const picture = {
    type: "image_url",
    image_url: { url: "data:image/png;base64,AA" },
  };
  assert.deepEqual(messages[0], {
    role: "user",
    content: [{ type: "text", text: "see" }, picture],
  });
  assert.deepEqual(messages.slice(2), [
    { role: "tool", tool_call_id: "c1", content: "See the picture." },
    { role: "tool", tool_call_id: "c2", content: "two" },
    {
      role: "user",
      content: [
        { type: "text", text: "Output of the tool call c1:" },
        picture,
      ],
    },
  ]);
});

Deno.test("arguments are always an object, free text is the argument input", () => {
  const [first, , second, , third] = toMessages("", [
    called("c1", "{oops"),
    answered("c1", "no"),
    called("c2", ""),
    answered("c2", "ok"),
    { type: "custom_tool_call", call_id: "c3", name: "patch", input: "+a\n" },
    callOutput({ form: "custom", callId: "c3" }, "ok"),
  ]);
  assert.deepEqual(
    [first, second, third].map((one) =>
      (one as unknown as { tool_calls: { function: { arguments: string } }[] })
        .tool_calls[0]?.function.arguments
    ),
    ['{"not_json":"{oops"}', "{}", '{"input":"+a\\n"}'],
  );
});

Deno.test("what only another wire knows is left out", () => {
  const foreign: readonly WireItem[] = [
    { type: "reasoning", summary: [], encrypted_content: "x" },
    thought("raw", "__proto__"),
    { type: "web_search_call", id: "ws", action: {} },
    { type: "compaction", encrypted_content: "x" },
    { type: "newer_than_us" },
  ];
  assert.deepEqual(toMessages("", [...foreign, said("hi")]), [
    { role: "assistant", content: "hi" },
  ]);
  assert.deepEqual(toMessages("", foreign), []);
});

// What a loop can have sent: whole answers, each call with its output.
const step = fc.oneof(
  fc.constant([textMessage("user", "go on")]),
  fc.constant([textMessage("developer", "changed"), textMessage("user", "x")]),
  fc.array(fc.constantFrom("a", "b", "c"), { minLength: 1, maxLength: 3 }).map(
    (ids) => [
      thought("hm", "reasoning"),
      said("I call."),
      ...ids.map((id) => called(id)),
      ...ids.map((id) =>
        callOutput(
          { form: "function", callId: id },
          id === "b" ? [PICTURE] : "out",
        )
      ),
    ],
  ),
  fc.constant([thought("nothing came of it", "reasoning")]),
  fc.constant([said("An answer."), textMessage("user", "next")]),
);

Deno.test("a longer history begins with the messages of the shorter one, byte for byte", () => {
  fc.assert(fc.property(fc.array(step), step, (steps, next) => {
    const before = steps.flat();
    const short = JSON.stringify(toMessages("Be good.", before));
    const long = JSON.stringify(toMessages("Be good.", [...before, ...next]));
    assert.ok(long.startsWith(short.slice(0, -1)), `${short}\n${long}`);
  }));
});
