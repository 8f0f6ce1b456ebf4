/** Servers of six dialects of chat completions, many turns each. */
import type { JsonObject } from "../../core/util/json/json.ts";
import {
  type Dialect,
  refusal,
  testDialects,
  WINDOW,
} from "../support/dialects.ts";
import { errorBody, fail } from "../support/mock_model.ts";

function chatCounted(tokens: number): JsonObject {
  return {
    prompt_tokens: tokens,
    completion_tokens: 10,
    total_tokens: tokens + 10,
    prompt_tokens_details: { cached_tokens: Math.floor(tokens / 2) },
  };
}

const DIALECTS: Readonly<Record<string, Dialect>> = {
  "OpenAI chat": {
    style: "full",
    chat: { usage: "own" },
    usage: chatCounted,
    overflow: fail(400, errorBody("too long", "context_length_exceeded")),
    busy: fail(
      429,
      errorBody("Please try again in 1ms.", "rate_limit_exceeded"),
    ),
  },
  "DeepSeek chat": {
    style: "full",
    chat: { usage: "last", reasoning: "reasoning_content" },
    usage: (tokens) => ({
      prompt_tokens: tokens,
      prompt_cache_hit_tokens: tokens - 10,
      completion_tokens: 10,
    }),
    overflow: refusal(
      400,
      `This model's maximum context length is ${WINDOW} tokens. However, you requested 40000 tokens`,
    ),
    busy: refusal(503, "Service is too busy"),
    isOneSystem: true,
    blind: refusal(400, "this model does not support images"),
  },
  "Ollama chat": {
    style: "full",
    chat: { isBare: true, hasObjects: true, reasoning: "reasoning" },
    usage: () => undefined,
    overflow: fail(400, { error: "input length exceeds the context length" }),
    busy: fail(503, { error: "server busy, please try again." }, {
      "retry-after-ms": "1",
    }),
    blind: fail(400, { error: "this model does not support images" }),
  },
  "llama.cpp chat": {
    style: "full",
    chat: { usage: "own", noDone: true },
    usage: chatCounted,
    overflow: refusal(
      400,
      `request (40000 tokens) exceeds the available context size (${WINDOW} tokens)`,
      { type: "exceed_context_size_error" },
    ),
    busy: refusal(503, "Loading model", { type: "unavailable_error" }),
    isOneSystem: true,
  },
  "Mistral chat": {
    style: "full",
    chat: { usage: "last", hasObjects: true },
    usage: chatCounted,
    overflow: refusal(
      400,
      `Prompt contains 40000 tokens, too large for model with ${WINDOW} maximum context length`,
    ),
    busy: refusal(429, "Requests rate limit exceeded", {
      type: "rate_limited",
    }),
    knows: ["model", "messages", "tools", "tool_choice", "stream"],
    picturesMax: 3,
  },
  "a gateway's chat": {
    style: "full",
    chat: { isWhole: true },
    usage: chatCounted,
    overflow: refusal(400, "prompt is too long: 40000 tokens > 32000 maximum"),
    busy: refusal(502, "Bad gateway"),
    picturesMax: 2,
  },
};

testDialects(DIALECTS);
