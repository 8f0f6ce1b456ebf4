/** Texts as attributes: whole JSON within a bound, whatever they are. */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  renderInput,
  renderItems,
  renderResult,
} from "../../../core/telemetry/content.ts";

const ITEMS = [
  {
    type: "message",
    role: "user",
    content: [{ type: "input_text", text: "hi" }],
  },
  { type: "reasoning", summary: [{ type: "summary_text", text: "hm" }] },
  { type: "function_call", call_id: "c", name: "shell", arguments: "{}" },
  {
    type: "function_call_output",
    call_id: "c",
    output: [
      { type: "input_text", text: "out" },
      { type: "input_image", image_url: "data:image/png;base64,AAAA" },
    ],
  },
];

Deno.test("items are messages of the conventions, and pictures are named alone", () => {
  const body = JSON.stringify({ model: "m", instructions: "be", input: ITEMS });
  const input = renderInput(body, 10_000);
  assert.deepEqual(JSON.parse(String(input["gen_ai.input.messages"])), [
    { role: "user", parts: [{ type: "text", content: "hi" }] },
    { role: "assistant", parts: [{ type: "reasoning", content: "hm" }] },
    {
      role: "assistant",
      parts: [{ type: "tool_call", id: "c", name: "shell", arguments: "{}" }],
    },
    {
      role: "tool",
      parts: [{
        type: "tool_call_response",
        id: "c",
        response: "out\n[an image]",
      }],
    },
  ]);
  assert.deepEqual(JSON.parse(String(input["gen_ai.system_instructions"])), [
    { type: "text", content: "be" },
  ]);
});

Deno.test("of a long history the newest messages are sent, of a long message its start", () => {
  const body = JSON.stringify({ input: ITEMS });
  const sent = renderInput(body, 150)["gen_ai.input.messages"];
  assert.deepEqual(
    JSON.parse(String(sent)).map(({ role }: { role: string }) => role),
    ["tool"],
  );
  const { "gen_ai.tool.call.result": result } = renderResult("abcdef", 3);
  assert.equal(result, "abc");
});

const RUNS = Number(Deno.env.get("TELEMETRY_RUNS") ?? 50);

Deno.test("whatever the texts and the bound, what is sent is JSON and within it", () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: "binary", maxLength: 80 }), { maxLength: 8 }),
      fc.integer({ min: 60, max: 400 }),
      (texts, max) => {
        const items = texts.map((text) => ({
          type: "message",
          role: "assistant",
          content: [{ type: "output_text", text }],
        }));
        const body = JSON.stringify({
          instructions: texts.join(""),
          input: items,
        });
        const all = [
          ...Object.values(renderInput(body, max)),
          ...Object.values(renderItems(items, "stop", max)),
        ];
        for (const value of all) {
          assert.ok(String(value).length <= max, String(value));
          JSON.parse(String(value));
        }
      },
    ),
    { numRuns: RUNS },
  );
});
