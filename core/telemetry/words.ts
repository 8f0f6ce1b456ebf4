/** Names of the GenAI conventions (OpenTelemetry 1.41): who serves a model, what failed. Pure. */
import type { ModelError } from "../protocol/error.ts";
import type { Usage } from "../protocol/event.ts";
import type { ProviderEndpoint } from "../protocol/provider.ts";
import { PROGRAM, VERSION } from "../protocol/version.ts";
import type { Attributes } from "./sdk.ts";

/** `gen_ai.provider.name` by the end of the host's name. */
const PROVIDERS: readonly (readonly [string, string])[] = [
  ["openai.com", "openai"],
  ["openai.azure.com", "azure.ai.openai"],
  ["cognitiveservices.azure.com", "azure.ai.openai"],
  ["services.ai.azure.com", "azure.ai.inference"],
  ["amazonaws.com", "aws.bedrock"],
  ["anthropic.com", "anthropic"],
  ["generativelanguage.googleapis.com", "gcp.gemini"],
  ["aiplatform.googleapis.com", "gcp.vertex_ai"],
  ["cohere.com", "cohere"],
  ["deepseek.com", "deepseek"],
  ["groq.com", "groq"],
  ["mistral.ai", "mistral_ai"],
  ["moonshot.ai", "moonshot_ai"],
  ["perplexity.ai", "perplexity"],
  ["x.ai", "x_ai"],
];

/** Who is asked, as every span and metric of a request says it. */
export function providerAttributes(
  { id, baseUrl }: Pick<ProviderEndpoint, "id" | "baseUrl">,
): Attributes {
  const url = URL.parse(baseUrl);
  if (url === null) return { "gen_ai.provider.name": id };
  const host = url.hostname;
  const known = PROVIDERS.find(([end]) =>
    host === end || host.endsWith(`.${end}`)
  );
  const standard = url.protocol === "https:" ? 443 : 80;
  return {
    "gen_ai.provider.name": known?.[1] ?? id,
    "server.address": host.replace(/^\[|\]$/g, ""),
    "server.port": url.port === "" ? standard : Number(url.port),
  };
}

/** The agent that turns are asked of. */
export const AGENT: Attributes = Object.freeze({
  "gen_ai.agent.name": PROGRAM,
  "gen_ai.agent.version": VERSION,
});

/** What was used, in the words of a span. */
export function usageAttributes(usage: Usage): Attributes {
  return {
    "gen_ai.usage.input_tokens": usage.inputTokens,
    "gen_ai.usage.output_tokens": usage.outputTokens,
    "gen_ai.usage.cache_read.input_tokens": usage.cachedInputTokens,
    ...(usage.cacheWriteInputTokens > 0 && {
      "gen_ai.usage.cache_creation.input_tokens": usage.cacheWriteInputTokens,
    }),
    ...(usage.reasoningOutputTokens > 0 && {
      "gen_ai.usage.reasoning.output_tokens": usage.reasoningOutputTokens,
    }),
  };
}

/**
 * The kind of an error: few words, nothing of what it says. Told by its name, which is the
 * same wherever its class was loaded from.
 */
export function errorType(error: unknown): string {
  if (!(error instanceof Error)) return "_OTHER";
  switch (error.name) {
    case "ModelError": {
      const { status, kind } = error as ModelError;
      return status === undefined ? kind : String(status);
    }
    case "SandboxUnavailable":
      return "sandbox_unavailable";
    case "ToolError":
      return "tool_error";
    case "AbortError":
      return "interrupted";
    default:
      return "_OTHER";
  }
}
