/** Tests of core/config/provider/prices.ts. */
import assert from "node:assert/strict";
import { listedOf } from "../../../../core/config/provider/prices.ts";

Deno.test("listedOf() knows a model by its whole name, whoever serves it", () => {
  const same: readonly [string, string][] = [
    ["gpt-5-2025-08-07", "gpt-5"],
    ["openai/gpt-5.1-codex-mini", "gpt-5.1-codex-mini"],
    ["codex-mini-latest", "codex-mini"],
    ["anthropic/claude-sonnet-4.5", "claude-sonnet-4-5"],
    ["us.anthropic.claude-sonnet-4-5-20250929-v1:0", "claude-sonnet-4-5"],
    ["claude-opus-4-1@20250805", "claude-opus-4-1"],
    ["google/gemini-2.5-flash", "gemini-2.5-flash"],
  ];
  for (const [slug, name] of same) {
    assert.ok(listedOf(name), name);
    assert.deepEqual(listedOf(slug), listedOf(name), slug);
  }
});

Deno.test("listedOf() names no price for a variant that nobody listed", () => {
  const slugs = ["gpt-5-huge", "gpt-5.9", "claude-sonnet-9", "toString", ""];
  for (const slug of slugs) assert.equal(listedOf(slug), undefined, slug);
});

Deno.test("listedOf() tells what a million tokens cost, and how many an answer has at most", () => {
  assert.deepEqual(listedOf("gpt-5.2"), {
    price: { input: 1.75, cachedInput: 0.175, output: 14 },
    outputTokens: 128_000,
  });
});
