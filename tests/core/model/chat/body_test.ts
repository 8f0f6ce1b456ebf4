/** The request for chat completions: its fields, its order, its types. */
import assert from "node:assert/strict";
import type { ChatCompletionCreateParamsStreaming } from "openai/resources/chat/completions";
import { buildChatBody } from "../../../../core/model/chat/body.ts";
import {
  buildBody,
  buildRequestParts,
  buildSummaryParts,
  type RequestPrefix,
} from "../../../../core/model/request.ts";
import { textMessage } from "../../../../core/protocol/item.ts";
import { LARGE_MODEL, TEST_SETTINGS } from "../../../support/settings.ts";

const PARAMETERS = { type: "object", properties: {} };
const PREFIX: RequestPrefix = {
  settings: {
    ...TEST_SETTINGS,
    model: LARGE_MODEL,
    reasoningEffort: "medium",
    outputSchema: { type: "object" },
  },
  instructions: "Be good",
  tools: [
    {
      type: "function",
      name: "shell",
      description: "Runs",
      strict: false,
      parameters: PARAMETERS,
    },
    {
      type: "custom",
      name: "apply_patch",
      description: "Patches",
      format: { type: "grammar", syntax: "lark", definition: "start: x" },
    },
    { type: "web_search" },
  ],
  threadId: "thread-1",
};
const ITEM = JSON.stringify(textMessage("user", "go"));

Deno.test("buildChatBody() makes the whole body, what caches go by before the messages", () => {
  const body = buildChatBody(buildBody(buildRequestParts(PREFIX), [ITEM]));
  const sent = JSON.parse(body.text) as ChatCompletionCreateParamsStreaming;
  const input = {
    type: "string",
    description: "The whole input of the tool, as its description says",
  };
  assert.deepEqual(sent, {
    model: LARGE_MODEL.slug,
    reasoning_effort: "medium",
    parallel_tool_calls: true,
    tools: [
      {
        type: "function",
        function: {
          name: "shell",
          description: "Runs",
          parameters: PARAMETERS,
        },
      },
      {
        type: "function",
        function: {
          name: "apply_patch",
          description: "Patches",
          parameters: {
            type: "object",
            properties: { input },
            required: ["input"],
            additionalProperties: false,
          },
        },
      },
    ],
    messages: [
      { role: "system", content: "Be good" },
      { role: "user", content: "go" },
    ],
    stream: true,
    stream_options: { include_usage: true },
    response_format: {
      type: "json_schema",
      json_schema: {
        name: "codex_output_schema",
        strict: true,
        schema: { type: "object" },
      },
    },
  });
  assert.ok(body.text.indexOf('"tools"') < body.text.indexOf('"messages"'));
  assert.deepEqual([...body.customTools], ["apply_patch"]);
});

Deno.test("buildChatBody() asks for a summary with the same beginning, and no calls", () => {
  const turn = buildChatBody(buildBody(buildRequestParts(PREFIX), [ITEM])).text;
  const summary = buildChatBody(
    buildBody(buildSummaryParts(PREFIX), [ITEM]),
  ).text;
  const end = turn.indexOf("]", turn.indexOf('"messages"'));
  assert.ok(summary.startsWith(turn.slice(0, end)));
  assert.equal(JSON.parse(summary)["tool_choice"], "none");
});

Deno.test("buildChatBody() leaves refused fields out, the length's limit takes its newer name", () => {
  const once = JSON.stringify({
    model: "m",
    reasoning: { effort: "low" },
    max_output_tokens: 5,
    input: [],
  });
  assert.deepEqual(buildChatBody(once).optional, [
    "reasoning_effort",
    "stream_options",
    "max_tokens",
  ]);
  const refused = new Set(["reasoning_effort", "stream_options", "max_tokens"]);
  assert.deepEqual(JSON.parse(buildChatBody(once, refused).text), {
    model: "m",
    messages: [],
    stream: true,
    max_completion_tokens: 5,
  });
});
