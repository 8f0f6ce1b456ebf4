/** Tests of core/config/provider/models.ts. */
import assert from "node:assert/strict";
import {
  loadCatalog,
  type ModelCatalog,
  modelInfoOf,
  unknownModelWarning,
} from "../../../../core/config/provider/models.ts";
import { configOf } from "../../../support/config.ts";
import type { ModelInfo } from "../../../../core/protocol/settings.ts";
import { Machine } from "../config_fixture.ts";

const NONE: ModelCatalog = new Map();

function info(slug: string, keys: Record<string, unknown> = {}): ModelInfo {
  return modelInfoOf(configOf({ ...keys, model: slug }), NONE);
}

Deno.test("modelInfoOf() knows the current models", () => {
  for (
    const slug of [
      "gpt-5.5",
      "gpt-5.6-sol",
      "gpt-6-luna",
      "gpt-6.1-terra",
      "gpt-5",
      "openai/gpt-5.5",
    ]
  ) {
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
    }, slug);
  }
});

Deno.test("modelInfoOf() knows open models by their family", () => {
  for (const slug of ["gpt-oss:20b", "gpt-oss-120b", "openai/gpt-oss-20b"]) {
    const model = info(slug);
    assert.equal(model.known, true, slug);
    assert.equal(model.contextWindow, 131_072);
    assert.equal(model.applyPatch, "function");
    assert.equal(model.supportsImages, false);
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
  const model = info("qwen3-coder:30b");
  assert.equal(model.known, false);
  assert.equal(model.contextWindow, 128_000);
  assert.equal(model.autoCompactLimit, 115_200);
  assert.equal(model.applyPatch, "function");
  assert.equal(model.supportsReasoning, false);
  assert.equal(
    unknownModelWarning(model),
    'Unknown model "qwen3-coder:30b", assuming a context window of 128000 tokens; set model_context_window',
  );
  assert.equal(unknownModelWarning(info("gpt-5.5")), undefined);
});

Deno.test("modelInfoOf() lets the configuration say otherwise", () => {
  const model = info("qwen3", {
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
    info("qwen3", {
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
    info("qwen3", { model_context_window: window }).autoCompactLimit;
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

Deno.test("loadCatalog() reads Codex's catalog and fills gaps from the family", async () => {
  await using machine = await Machine.create();
  const path = `${machine.root}/c.json`;
  const text = JSON.stringify({
    models: [
      {
        slug: "house-1",
        context_window: 64_000,
        auto_compact_token_limit: 50_000,
        supported_reasoning_levels: [{ effort: "low" }],
        support_verbosity: true,
        supports_parallel_tool_calls: true,
        apply_patch_tool_type: "freeform",
        input_modalities: ["text"],
        truncation_policy: { mode: "bytes", limit: 10_001 },
        shell_type: "unified_exec",
      },
      { slug: "gpt-5.5", context_window: 400_000, apply_patch_tool_type: null },
      { slug: "bare" },
    ],
  });
  await machine.write(path, text);
  const catalog = await loadCatalog(machine.host(), path);
  const config = configOf({});
  assert.deepEqual(modelInfoOf(config, catalog, "house-1"), {
    slug: "house-1",
    known: true,
    contextWindow: 64_000,
    autoCompactLimit: 50_000,
    supportsReasoning: true,
    supportsImages: false,
    supportsVerbosity: true,
    parallelToolCalls: true,
    applyPatch: "freeform",
    toolOutputTokens: 2_501,
  });
  const known = modelInfoOf(config, catalog);
  assert.equal(known.contextWindow, 400_000);
  assert.equal(known.applyPatch, "function");
  assert.equal(known.supportsVerbosity, true);
  assert.equal(modelInfoOf(config, catalog, "bare").contextWindow, 128_000);
  assert.equal(modelInfoOf(config, catalog, "bare").known, true);
});

Deno.test("loadCatalog() says what is wrong with a catalog", async () => {
  await using machine = await Machine.create();
  const path = `${machine.root}/catalog.json`;
  const load = (): Promise<ModelCatalog> => loadCatalog(machine.host(), path);
  await assert.rejects(load(), {
    name: "UserError",
    message: `Cannot read model catalog ${path}: no such file`,
  });
  await machine.write(path, "{");
  await assert.rejects(load(), {
    message: /^Cannot read model catalog .*JSON/,
  });
  await machine.write(path, '{"models":[{"slug":"a","context_window":"big"}]}');
  await assert.rejects(load(), {
    message:
      `Cannot read model catalog ${path}: value of "models.0.context_window" is wrong or missing`,
  });
  assert.equal((await loadCatalog(machine.host(), undefined)).size, 0);
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
