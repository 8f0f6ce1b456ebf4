/** Sends what an MCP server asks the model: one request, beside every conversation. */
import { createAuth } from "../config/provider/auth.ts";
import { providerOf } from "../config/provider/providers.ts";
import { estimateItemsTokens } from "../context/format/tokens.ts";
import { createModelClient } from "../model/client.ts";
import { completeOnce } from "../model/one_shot.ts";
import { NO_USAGE, type Usage } from "../protocol/event.ts";
import type { ToolContext } from "../protocol/tool.ts";
import { estimateTokens } from "../util/text/text.ts";
import type {
  SamplingAnswer,
  SamplingRequest,
} from "../../tools/mcp/sampling.ts";
import type { AgentRuntime } from "./agent.ts";
import { programOf } from "./program.ts";

/** The model's answer, with the model and provider of the thread. Throws ModelError. */
export async function sendSampling(
  runtime: AgentRuntime,
  request: SamplingRequest,
  { context, signal }: {
    readonly context: ToolContext;
    readonly signal: AbortSignal;
  },
): Promise<SamplingAnswer> {
  const { host, loaded } = runtime;
  const provider = providerOf(loaded.config, host);
  const client = createModelClient({
    host,
    provider,
    auth: createAuth(host, provider, loaded),
    program: programOf(host, loaded),
    ...runtime.transport,
  });
  const { model } = context.settings;
  const answer = await completeOnce(client, {
    ...request,
    model,
    threadId: context.threadId,
    signal,
  });
  return {
    text: answer.text,
    model: model.slug,
    stopReason: answer.isCut ? "maxTokens" : "endTurn",
    usage: answer.usage ?? (answer.isCut ? estimate(request) : null),
  };
}

// Of an answer that was cut the length is known: it is the limit.
function estimate({ instructions, input, tokensMax }: SamplingRequest): Usage {
  const inputTokens = estimateItemsTokens(input) +
    estimateTokens(instructions ?? "");
  return {
    ...NO_USAGE,
    inputTokens,
    outputTokens: tokensMax,
    totalTokens: inputTokens + tokensMax,
  };
}
