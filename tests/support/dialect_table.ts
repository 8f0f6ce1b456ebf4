/** Data. How the servers that people use speak: eight dialects of Responses, six of chat completions. */
import type { JsonObject } from "../../core/util/json/json.ts";
import { type Dialect, refusal, WINDOW } from "./dialects.ts";
import { errorBody, fail } from "./mock_model.ts";

function counted(tokens: number): JsonObject {
  return {
    input_tokens: tokens,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: 10,
    total_tokens: tokens + 10,
  };
}

/** Of Responses. */
export const RESPONSES_DIALECTS: Readonly<Record<string, Dialect>> = {
  OpenAI: {
    custom: "works",
    cipher: "works",
    listed: {},
    style: "full",
    usage: counted,
    overflow: fail(400, errorBody("too long", "context_length_exceeded")),
    busy: fail(
      429,
      errorBody("Please try again in 1ms.", "rate_limit_exceeded"),
    ),
    compact: "works",
  },
  Azure: {
    custom: "works",
    cipher: "works",
    style: "full",
    usage: counted,
    overflow: fail(400, errorBody("too long", "context_length_exceeded")),
    busy: fail(429, errorBody("retry after 0 seconds")),
    compact: "404",
  },
  Ollama: {
    custom: "ignored",
    listed: {},
    style: "full",
    usage: () => undefined,
    overflow: fail(400, { error: "input length exceeds the context length" }),
    busy: fail(503, { error: "server busy, please try again." }, {
      "retry-after-ms": "1",
    }),
    blind: fail(400, { error: "this model does not support images" }),
  },
  "LM Studio": {
    cipher: "refused",
    listed: { loaded_context_length: WINDOW },
    style: "named",
    usage: () => ({ input_tokens: 0, output_tokens: 0, total_tokens: 0 }),
    overflow: fail(400, {
      error:
        "The number of tokens to keep from the initial prompt is greater than the context length",
    }),
    busy: fail(500, { error: "Model reloaded." }, { "retry-after-ms": "1" }),
  },
  vLLM: {
    cipher: "refused",
    boundsOutput: true,
    listed: { max_model_len: WINDOW },
    style: "bare",
    usage: (tokens) => ({
      input_tokens: String(tokens),
      output_tokens: "10",
      total_tokens: String(tokens + 10),
    }),
    overflow: refusal(
      400,
      `This model's maximum context length is ${WINDOW} tokens. However, you requested 40000 tokens.`,
      { type: "BadRequestError" },
    ),
    busy: refusal(500, "EngineCore encountered an issue", {
      type: "InternalServerError",
    }),
    blind: refusal(400, "At most 0 image(s) may be provided in one prompt."),
    isOneSystem: true,
  },
  "llama.cpp": {
    isSerial: true,
    listed: { meta: { n_ctx: WINDOW } },
    style: "bare",
    usage: counted,
    overflow: refusal(
      400,
      `request (40000 tokens) exceeds the available context size (${WINDOW} tokens)`,
      { type: "exceed_context_size_error" },
    ),
    busy: refusal(503, "Loading model", { type: "unavailable_error" }),
    blind: refusal(
      500,
      "image input is not supported - hint: you may need to provide the mmproj",
      { type: "server_error" },
    ),
  },
  OpenRouter: {
    custom: "ignored",
    cipher: "works",
    boundsOutput: true,
    listed: { context_length: 200_000 },
    style: "full",
    usage: (tokens) => ({
      input_tokens: Math.ceil(tokens / 10),
      input_tokens_details: { cached_tokens: tokens },
      output_tokens: 10,
    }),
    overflow: refusal(
      400,
      `This endpoint's maximum context length is ${WINDOW} tokens.`,
    ),
    busy: refusal(502, "Provider returned error"),
    picturesMax: 3,
    compact: "empty",
  },
  LiteLLM: {
    boundsOutput: true,
    style: "json",
    usage: (tokens) => ({ prompt_tokens: tokens, completion_tokens: 10.5 }),
    overflow: refusal(400, "prompt is too long: 40000 tokens > 32000 maximum", {
      type: "ContextWindowExceededError",
    }),
    busy: refusal(429, "Too many tokens, please wait 1 ms before trying again"),
    picturesMax: 2,
  },
};

function chatCounted(tokens: number): JsonObject {
  return {
    prompt_tokens: tokens,
    completion_tokens: 10,
    total_tokens: tokens + 10,
    prompt_tokens_details: { cached_tokens: Math.floor(tokens / 2) },
  };
}

/** Of chat completions. */
export const CHAT_DIALECTS: Readonly<Record<string, Dialect>> = {
  "OpenAI chat": {
    listed: {},
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
    boundsOutput: true,
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
    listed: {},
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
    isSerial: true,
    listed: { meta: { n_ctx: WINDOW } },
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
    listed: { max_context_length: WINDOW },
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
