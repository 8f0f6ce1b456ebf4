/** Sends what an MCP server asks the model: one request, beside every conversation. */
import { createAuth } from "../config/provider/auth.ts";
import { providerOf } from "../config/provider/providers.ts";
import { priceOf } from "../config/settings.ts";
import { estimateItemsTokens } from "../context/format/tokens.ts";
import { withoutRefused } from "../context/repair.ts";
import { createModelClient, type ModelClient } from "../model/client.ts";
import {
  completeOnce,
  type OneShotAnswer,
  type OneShotRequest,
} from "../model/one_shot.ts";
import { errorText, ModelError, type Refused } from "../protocol/error.ts";
import { NO_USAGE, type Usage } from "../protocol/event.ts";
import type { WireItem } from "../protocol/item.ts";
import type { ToolContext } from "../protocol/tool.ts";
import { costOf } from "../session/state/budget.ts";
import { fitItems } from "../session/turn/pictures.ts";
import { estimateTokens } from "../util/text/text.ts";
import type {
  SamplingAnswer,
  SamplingRequest,
} from "../../tools/mcp/sampling.ts";
import type { AgentRuntime } from "./agent.ts";
import { programOf } from "./program.ts";
import { openTransport } from "./transport.ts";

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
  const provider = providerOf(loaded.config, host, context.provider);
  const { transport } = context.provider === loaded.config.model_provider
    ? runtime
    : await openTransport(host, provider);
  const own = createModelClient({
    host,
    provider,
    auth: createAuth(host, provider, loaded),
    program: programOf(host, loaded),
    ...transport,
  });
  const { model } = context.settings;
  const price = priceOf(loaded.config, model.slug);
  const client = runtime.telemetry?.find(context.threadId)
    ?.model(own, (usage) => price && costOf(usage, price)) ?? own;
  const input = await fitItems(request.input, {
    deps: { host, endpoint: provider },
    emit: (event) => event.type === "warning" && context.warn(event.message),
  });
  const answer = await completeRepaired(client, {
    ...request,
    input,
    model,
    threadId: context.threadId,
    signal,
  }, context);
  return {
    text: answer.text,
    model: model.slug,
    stopReason: answer.isCut ? "maxTokens" : "endTurn",
    usage: answer.usage ?? (answer.isCut ? estimate(request) : null),
  };
}

// What the server refuses by name is left out, as in a conversation.
async function completeRepaired(
  client: ModelClient,
  request: OneShotRequest,
  context: ToolContext,
): Promise<OneShotAnswer> {
  try {
    return await completeOnce(client, request);
  } catch (error) {
    const input = error instanceof ModelError
      ? withoutNamed(error.refused, request.input)
      : undefined;
    if (input === undefined) throw error;
    context.warn(
      `The server refused something in the request of an MCP server, left out now: ${
        errorText(error)
      }`,
    );
    return await completeRepaired(client, { ...request, input }, context);
  }
}

// Less each time, or undefined.
function withoutNamed(
  refused: readonly Refused[],
  input: readonly WireItem[],
): readonly WireItem[] | undefined {
  for (const one of refused) {
    if (one === "system") continue;
    const { items, changed } = withoutRefused(input, one);
    if (changed > 0) return items;
  }
  return undefined;
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
