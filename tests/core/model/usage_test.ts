/** Usage as servers tell it. */
import assert from "node:assert/strict";
import { parseUsage } from "../../../core/model/usage.ts";

Deno.test("parseUsage() takes what is there and counts the rest as nothing", () => {
  assert.deepEqual(
    parseUsage({
      input_tokens: 100,
      input_tokens_details: { cached_tokens: 80, cache_write_tokens: 20 },
      output_tokens: 7,
      output_tokens_details: { reasoning_tokens: 3 },
      total_tokens: 107,
    }),
    {
      inputTokens: 100,
      cachedInputTokens: 80,
      cacheWriteInputTokens: 20,
      outputTokens: 7,
      reasoningOutputTokens: 3,
      totalTokens: 107,
    },
  );
  assert.deepEqual(
    parseUsage({
      input_tokens: 5,
      output_tokens: 1,
      input_tokens_details: null,
      output_tokens_details: { reasoning_tokens: "many" },
    }),
    {
      inputTokens: 5,
      cachedInputTokens: 0,
      cacheWriteInputTokens: 0,
      outputTokens: 1,
      reasoningOutputTokens: 0,
      totalTokens: 6,
    },
  );
  for (const none of [null, undefined, "x", 3]) {
    assert.equal(parseUsage(none), null);
  }
});

Deno.test("parseUsage() adds the cached part where the server counts it apart, in either form", () => {
  const counted = (usage: unknown) => {
    const { inputTokens, cachedInputTokens, totalTokens } = parseUsage(usage) ??
      {};
    return [inputTokens, cachedInputTokens, totalTokens];
  };
  assert.deepEqual(
    counted({
      input_tokens: 100,
      input_tokens_details: { cached_tokens: 9_000 },
      output_tokens: 50,
      total_tokens: 150,
    }),
    [9_100, 9_000, 9_150],
  );
  assert.deepEqual(
    counted({
      input_tokens: 100,
      cache_read_input_tokens: 9_000,
      cache_creation_input_tokens: 400,
      output_tokens: 50,
    }),
    [9_500, 9_000, 9_550],
  );
  assert.deepEqual(
    counted({ prompt_tokens: "7", completion_tokens: "2" }),
    [7, 0, 9],
  );
});
