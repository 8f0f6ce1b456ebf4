/** Sums of usage. Pure. */
import type { ExecUsage } from "../contract/event.ts";

export const ZERO_USAGE: ExecUsage = Object.freeze({
  input_tokens: 0,
  cached_input_tokens: 0,
  cache_write_input_tokens: 0,
  output_tokens: 0,
  reasoning_output_tokens: 0,
});

export function sumUsage(one: ExecUsage, other: ExecUsage): ExecUsage {
  return {
    input_tokens: one.input_tokens + other.input_tokens,
    cached_input_tokens: one.cached_input_tokens + other.cached_input_tokens,
    cache_write_input_tokens: one.cache_write_input_tokens +
      other.cache_write_input_tokens,
    output_tokens: one.output_tokens + other.output_tokens,
    reasoning_output_tokens: one.reasoning_output_tokens +
      other.reasoning_output_tokens,
  };
}
