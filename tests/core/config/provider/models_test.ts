/** Tests of core/config/provider/models.ts. */
import assert from "node:assert/strict";
import {
  type ModelCatalog,
  modelInfoOf,
  modelWarnings,
} from "../../../../core/config/provider/models.ts";
import { configOf } from "../../../support/config.ts";
import type { ModelInfo } from "../../../../core/protocol/settings.ts";
import { Machine } from "../config_fixture.ts";

const NONE: ModelCatalog = new Map();

function info(slug: string, keys: Record<string, unknown> = {}): ModelInfo {
  return modelInfoOf(configOf({ ...keys, model: slug }), NONE);
}

Deno.test("modelInfoOf() knows the default model", () => {
  for (const slug of ["gpt-5.5", "openai/gpt-5.5", "gpt-5.5-2026-04-23"]) {
    assert.deepEqual(info(slug), {
      slug,
      known: true,
      contextWindow: 272_000,
      autoCompactLimit: 244_800,
      supportsReasoning: true,
      supportsImages: true,
      supportsVerbosity: true,
      parallelToolCalls: true,
      applyPatch: "freeform",
      toolOutputTokens: 10_000,
      efforts: ["low", "medium", "high", "xhigh"],
      reasoningEffort: "medium",
      verbosity: "low",
      searchesImages: true,
      liveCommands: true,
    }, slug);
  }
});

Deno.test("modelInfoOf() takes the longest family that fits", () => {
  assert.equal(info("gpt-5.2-codex").supportsVerbosity, false);
  assert.equal(info("gpt-5.2-codex-max").supportsVerbosity, false);
  assert.equal(info("gpt-4o-mini").contextWindow, 128_000);
  assert.equal(info("o4-mini").supportsReasoning, true);
  assert.equal(info("gpt-50").known, false);
});

Deno.test("modelInfoOf() guesses carefully for a model it does not know", () => {
  const model = info("house-model:30b");
  assert.equal(model.known, false);
  assert.equal(model.contextWindow, 128_000);
  assert.equal(model.autoCompactLimit, 115_200);
  assert.equal(model.applyPatch, "function");
  assert.equal(model.supportsReasoning, false);
  assert.equal(model.promptStyle, "small");
  assert.equal(info("house-model").promptStyle, undefined);
});

Deno.test("modelWarnings() says what is guessed, bounded or unusual", () => {
  const warnings = (slug: string, keys: Record<string, unknown> = {}) => {
    const config = configOf({ ...keys, model: slug });
    return modelWarnings(config, modelInfoOf(config, NONE));
  };
  assert.deepEqual(warnings("house-model"), [
    'Unknown model "house-model", assuming a context window of 128000 tokens; set model_context_window, or ask rondo doctor provider',
  ]);
  assert.deepEqual(warnings("gpt-5.5", { model_reasoning_effort: "high" }), []);
  assert.deepEqual(warnings("gpt-5.5", { model_reasoning_effort: "ultra" }), [
    '"gpt-5.5" is not known to take model_reasoning_effort "ultra", but low, medium, high, xhigh; it is sent all the same',
  ]);
  assert.deepEqual(warnings("gpt-6-sol", { model_context_window: 900_000 }), [
    'model_context_window is 900000, and "gpt-6-sol" takes at most 872000: that is used',
  ]);
});

Deno.test("modelInfoOf() lets the configuration say otherwise", () => {
  const model = info("house", {
    model_context_window: 32_000,
    tool_output_token_limit: 500,
    model_reasoning_effort: "low",
  });
  assert.equal(model.contextWindow, 32_000);
  assert.equal(model.autoCompactLimit, 27_900);
  assert.equal(model.toolOutputTokens, 500);
  assert.equal(model.supportsReasoning, true);
  const quiet = info("gpt-5.5", { model_supports_reasoning_summaries: false });
  assert.equal(quiet.supportsReasoning, false);
  const plain = info("gpt-4.1", { model_reasoning_effort: "low" });
  assert.equal(plain.supportsReasoning, false);
});

Deno.test("modelInfoOf() lets one tool output take no more than a share of the window", () => {
  const tokens = (window: number, limit?: number): number =>
    info("house", {
      model_context_window: window,
      ...(limit !== undefined && { tool_output_token_limit: limit }),
    }).toolOutputTokens;
  assert.equal(tokens(32_000), 3_200);
  assert.equal(tokens(128_000), 10_000);
  assert.equal(tokens(32_000, 5_000), 5_000, "what is configured may be more");
  assert.equal(tokens(32_000, 50_000), 8_000);
});

Deno.test("modelInfoOf() leaves room for a summary at the end of any window", () => {
  const limit = (window: number): number =>
    info("house", { model_context_window: window }).autoCompactLimit;
  assert.equal(limit(32_000), 27_900, "less than nine tenths");
  assert.equal(limit(8_000), 5_100);
  assert.equal(limit(2_000), 1_000, "never less than half");
});

Deno.test("modelInfoOf() never compacts later than at nine tenths of the window", () => {
  const limit = (tokens: number): number =>
    info("gpt-5.5", { model_auto_compact_token_limit: tokens })
      .autoCompactLimit;
  assert.equal(limit(100_000), 100_000);
  assert.equal(limit(999_999_999), 244_800);
});

Deno.test("loadConfig() brings the catalog it names", async () => {
  await using machine = await Machine.create();
  await machine.write(
    `${machine.codexHome}/c.json`,
    '{"models":[{"slug":"mine","context_window":1000}]}',
  );
  await machine.user('model = "mine"\nmodel_catalog_json = "c.json"\n');
  const loaded = await machine.load();
  assert.equal(modelInfoOf(loaded.config, loaded.catalog).contextWindow, 1000);
});
