/** What one definition makes of a tool. */
import assert from "node:assert/strict";
import { ToolError } from "../../../core/protocol/error.ts";
import type { Tool } from "../../../core/protocol/tool.ts";
import { defineTool } from "../../../tools/define/define_tool.ts";
import {
  choice,
  flag,
  list,
  object,
  optional,
  positive,
  text,
  unoffered,
} from "../../../tools/define/parameters.ts";
import { call, recordingContext, settings } from "../support.ts";

function echoTool(seen: unknown[] = []): Tool {
  return defineTool({
    name: "echo",
    description: "Says it again.\n",
    parameters: {
      how: optional(choice(["loud", "soft"], "How")),
      old: unoffered(flag()),
      times: optional(positive()),
      words: list(object({ word: text("One") }), "All", { empty: false }),
    },
    parallel: true,
    touches: ({ words }, cwd) => words.map(({ word }) => `${cwd}/${word}`),
    run: (args) => {
      seen.push(args);
      return Promise.resolve({ content: "done", success: true });
    },
  });
}

Deno.test("a tool offers its parameters as JSON schema, without those it only accepts", () => {
  assert.deepEqual(JSON.parse(JSON.stringify(echoTool().spec)), {
    type: "function",
    name: "echo",
    description: "Says it again.",
    strict: false,
    parameters: {
      type: "object",
      properties: {
        how: { type: "string", enum: ["loud", "soft"], description: "How" },
        times: { type: "number" },
        words: {
          type: "array",
          items: {
            type: "object",
            properties: { word: { type: "string", description: "One" } },
            required: ["word"],
            additionalProperties: false,
          },
          description: "All",
        },
      },
      required: ["words"],
      additionalProperties: false,
    },
  });
});

Deno.test("a tool accepts null for what may be left out, and drops what it does not know", async () => {
  const seen: unknown[] = [];
  const tool = echoTool(seen);
  const context = recordingContext(settings());
  const words = [{ word: "a", more: 1 }];
  await tool.run(call({ words, how: null, old: true, other: 2 }), context);
  await tool.run(call({ words, times: 2 }), context);
  assert.deepEqual(JSON.parse(JSON.stringify(seen)), [
    { words: [{ word: "a" }], old: true },
    { words: [{ word: "a" }], times: 2 },
  ]);
  assert.deepEqual(tool.touches(call({ words }), "/r"), ["/r/a"]);
});

Deno.test("a tool names everything that does not fit, and touches nothing then", async () => {
  const tool = echoTool();
  const table: readonly (readonly [unknown, string])[] = [
    ["[]", "the arguments must be a JSON object"],
    ["", '"words" must be a list'],
    [{ words: [] }, '"words" must have at least one element'],
    [
      { words: [{ word: 1 }], how: "x", times: 0, old: "no" },
      '"how" must be "loud" or "soft"; "old" must be true or false; ' +
      '"times" must be a number above 0; "words.0.word" must be a string',
    ],
  ];
  for (const [input, problem] of table) {
    const broken = call(input, { name: "echo" });
    await assert.rejects(
      tool.run(broken, recordingContext(settings())),
      new ToolError(`Cannot call echo: ${problem}`),
    );
    assert.deepEqual(tool.touches(broken, "/r"), []);
  }
  await assert.rejects(
    tool.run(call("{", { name: "echo" }), recordingContext(settings())),
    /^ToolError: Cannot call echo: the arguments are not JSON \(/,
  );
});
