/** Tokens of an answer, in the words of any server. */
import * as z from "zod/mini";
import type { Usage } from "../protocol/event.ts";

// Absent and misshapen counts are 0, a fraction is rounded up: usage is no reason to fail
// a turn. Some gateways send numbers as strings.
const Count = z.catch(
  z.pipe(
    z.union([z.number(), z.string().check(z.regex(/^\d+(\.\d+)?$/))]),
    z.transform((value) => Math.max(0, Math.ceil(Number(value)))),
  ),
  0,
);
const CacheCounts = z.object({
  cached_tokens: Count,
  cache_write_tokens: Count,
});
const NO_CACHE = { cached_tokens: 0, cache_write_tokens: 0 };
const ReasoningCounts = z.object({ reasoning_tokens: Count });
const NO_REASONING = { reasoning_tokens: 0 };
const UsageWire = z.lazy(() =>
  z.object({
    input_tokens: Count,
    output_tokens: Count,
    total_tokens: Count,
    cache_read_input_tokens: Count,
    cache_creation_input_tokens: Count,
    // The names of chat completions; the cached part by DeepSeek's and Moonshot's.
    prompt_tokens: Count,
    completion_tokens: Count,
    prompt_cache_hit_tokens: Count,
    cached_tokens: Count,
    prompt_tokens_details: z.catch(CacheCounts, NO_CACHE),
    completion_tokens_details: z.catch(ReasoningCounts, NO_REASONING),
    input_tokens_details: z.catch(CacheCounts, NO_CACHE),
    output_tokens_details: z.catch(ReasoningCounts, NO_REASONING),
  })
);

/** Tokens of an answer; null when the server did not count them. */
export function parseUsage(wire: unknown): Usage | null {
  const parsed = UsageWire.safeParse(wire);
  if (!parsed.success) return null;
  const usage = parsed.data;
  const details = usage.input_tokens_details;
  // Anthropic's own names, which some gateways pass on.
  const cached = details.cached_tokens || usage.cache_read_input_tokens ||
    usage.prompt_tokens_details.cached_tokens ||
    usage.prompt_cache_hit_tokens || usage.cached_tokens;
  const written = details.cache_write_tokens ||
    usage.prompt_tokens_details.cache_write_tokens ||
    usage.cache_creation_input_tokens;
  // More from the cache than in the prompt: then the cached part is not in that number.
  const input = usage.input_tokens || usage.prompt_tokens;
  const inputTokens = cached > input ? input + cached + written : input;
  const outputTokens = usage.output_tokens || usage.completion_tokens;
  return {
    inputTokens,
    cachedInputTokens: cached,
    cacheWriteInputTokens: written,
    outputTokens,
    reasoningOutputTokens: usage.output_tokens_details.reasoning_tokens ||
      usage.completion_tokens_details.reasoning_tokens,
    totalTokens: Math.max(usage.total_tokens, inputTokens + outputTokens),
  };
}
