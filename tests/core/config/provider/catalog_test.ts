/** Tests of core/config/provider/catalog.ts. */
import assert from "node:assert/strict";
import { loadCatalog } from "../../../../core/config/provider/catalog.ts";
import {
  type ModelCatalog,
  modelInfoOf,
} from "../../../../core/config/provider/models.ts";
import type { ModelInfo } from "../../../../core/protocol/settings.ts";
import { configOf } from "../../../support/config.ts";
import { Machine } from "../config_fixture.ts";

async function loadInfo(
  entry: Record<string, unknown>,
  keys: Record<string, unknown> = {},
): Promise<ModelInfo> {
  await using machine = await Machine.create();
  const path = `${machine.root}/c.json`;
  await machine.write(path, JSON.stringify({ models: [entry] }));
  const catalog = await loadCatalog(machine.host(), path);
  return modelInfoOf(configOf(keys), catalog, String(entry["slug"]));
}

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
    efforts: ["low"],
    supportsReasoning: true,
    supportsImages: false,
    supportsVerbosity: true,
    parallelToolCalls: true,
    applyPatch: "freeform",
    toolOutputTokens: 2_501,
    liveCommands: true,
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

Deno.test("a catalog's window, its bound and its share are obeyed", async () => {
  const entry = {
    slug: "house-1",
    context_window: 100_000,
    max_context_window: 200_000,
    effective_context_window_percent: 50,
  };
  const usual = await loadInfo(entry);
  assert.equal(usual.contextWindow, 100_000);
  assert.equal(usual.autoCompactLimit, 50_000);
  const most = await loadInfo(entry, { model_context_window: 500_000 });
  assert.equal(most.contextWindow, 200_000);
  const own = { slug: "gpt-6-sol", context_window: 1_000_000 };
  assert.equal((await loadInfo(own)).contextWindow, 1_000_000);
});

Deno.test("a catalog's defaults for a request are obeyed", async () => {
  const info = await loadInfo({
    slug: "house-1",
    default_reasoning_level: "low",
    supported_reasoning_levels: [{ effort: "low" }, { effort: "max" }],
    default_reasoning_summary: "concise",
    support_verbosity: true,
    default_verbosity: "high",
    default_service_tier: "priority",
    web_search_tool_type: "text_and_image",
    include_skills_usage_instructions: false,
    shell_type: "disabled",
    supports_parallel_tool_calls: false,
    single_system_message: true,
  });
  assert.deepEqual(info.efforts, ["low", "max"]);
  assert.equal(info.reasoningEffort, "low");
  assert.equal(info.reasoningSummary, "concise");
  assert.equal(info.verbosity, "high");
  assert.equal(info.serviceTier, "priority");
  assert.equal(info.searchesImages, true);
  assert.equal(info.explainsSkills, false);
  assert.equal(info.hasShell, false);
  assert.equal(info.parallelToolCalls, false);
  assert.equal(info.singleSystemMessage, true);
});

Deno.test("a catalog's instructions may be a template with a tone of voice", async () => {
  const info = await loadInfo({
    slug: "house-1",
    base_instructions: "Plain.",
    model_messages: {
      instructions_template: "Be good. {{ personality }}",
      instructions_variables: { personality_default: "Be $& kind." },
    },
  });
  assert.equal(info.instructions, "Be good. Be $& kind.");
  const plain = { slug: "house-1", base_instructions: "Plain." };
  assert.equal((await loadInfo(plain)).instructions, "Plain.");
});
