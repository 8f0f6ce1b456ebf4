/** What is known about models: windows, forms and limits; the rest is a careful guess. */
import { LIMITS } from "../../protocol/limits.ts";
import type { ModelInfo } from "../../protocol/settings.ts";
import type { Config, ProviderConfig } from "../file/schema.ts";
import { listedOf } from "./prices.ts";
import { familyOf, type ModelFacts, sizeStyle, UNKNOWN } from "./families.ts";

/** Facts by exact slug, from `model_catalog_json`. */
export type ModelCatalog = ReadonlyMap<string, ModelFacts>;

/** The model as this configuration sees it; the configured one when no slug is given. */
export function modelInfoOf(
  config: Config,
  catalog: ModelCatalog,
  slug: string = config.model,
  providerId: string = config.model_provider,
): ModelInfo {
  const facts = catalog.get(slug) ?? familyOf(slug);
  const known = facts !== undefined;
  const {
    maxContextWindow = Infinity,
    windowShare = LIMITS.windowShare,
    reasonsIfAsked = !known,
    isListed: _listed,
    priority: _priority,
    ...base
  } = facts ??
    (sizeStyle(slug) === "small"
      ? { ...UNKNOWN, promptStyle: "small" }
      : UNKNOWN);
  const contextWindow = Math.min(
    config.model_context_window ?? base.contextWindow,
    maxContextWindow,
  );
  const isSaidToReason = config.model_supports_reasoning_summaries ??
    (reasonsIfAsked && config.model_reasoning_effort !== undefined
      ? true
      : undefined);
  const { model_providers: tables } = config;
  const outputTokens = listedOf(slug)?.outputTokens;
  return {
    ...base,
    supportsReasoning: isSaidToReason ?? base.supportsReasoning,
    ...providerFacts(
      Object.hasOwn(tables, providerId) ? tables[providerId] : undefined,
    ),
    ...(outputTokens !== undefined && { outputTokensMax: outputTokens }),
    slug,
    known,
    contextWindow,
    autoCompactLimit: Math.min(
      config.model_auto_compact_token_limit ?? base.autoCompactLimit ??
        Infinity,
      compactLimitOf(contextWindow, windowShare),
    ),
    toolOutputTokens: outputLimitOf(
      contextWindow,
      config.tool_output_token_limit,
      base.toolOutputTokens,
    ),
  };
}

// What is said of a provider holds for its models, whichever they are. Where a setting is
// no more than a permission, true changes nothing.
function providerFacts(
  table: ProviderConfig | undefined,
): Partial<ModelInfo> {
  if (table === undefined) return {};
  const parallel = table.supports_parallel_tool_calls;
  const images = table.supports_images;
  return {
    ...(table.supports_custom_tools === false && { applyPatch: "function" }),
    ...(parallel !== undefined && { parallelToolCalls: parallel }),
    ...(table.supports_reasoning === false && { supportsReasoning: false }),
    ...(table.supports_encrypted_reasoning === false && {
      sendsEncryptedReasoning: false,
    }),
    ...(images !== undefined && { supportsImages: images }),
  };
}

// What is left above it must hold the request for a summary and the summary itself.
function compactLimitOf(contextWindow: number, windowShare: number): number {
  const usable = Math.floor(contextWindow * windowShare);
  return Math.min(
    Math.floor(contextWindow * LIMITS.compactShare),
    Math.max(
      usable - LIMITS.summaryTokens - LIMITS.compactAskTokens,
      Math.floor(contextWindow / 2),
    ),
  );
}

// Several outputs of one response must fit above the limit that starts a compaction.
function outputLimitOf(
  contextWindow: number,
  configured: number | undefined,
  usual: number,
): number {
  const share = (part: number): number => Math.floor(contextWindow * part);
  return configured === undefined
    ? Math.min(usual, share(LIMITS.toolOutputShare))
    : Math.min(configured, share(LIMITS.toolOutputShareMax));
}

/** What somebody should know of how the model and the configuration go together. */
export function modelWarnings(
  config: Config,
  model: ModelInfo,
): readonly string[] {
  const { slug, contextWindow, efforts = [] } = model;
  const effort = config.model_reasoning_effort;
  const window = config.model_context_window ?? 0;
  return [
    ...model.known || window > 0 ? [] : [
      `Unknown model "${slug}", assuming a context window of ${contextWindow} tokens; set model_context_window, or ask rondo doctor provider`,
    ],
    ...window <= contextWindow ? [] : [
      `model_context_window is ${window}, and "${slug}" takes at most ${contextWindow}: that is used`,
    ],
    ...effort === undefined || efforts.length === 0 || efforts.includes(effort)
      ? []
      : [
        `"${slug}" is not known to take model_reasoning_effort "${effort}", but ${
          efforts.join(", ")
        }; it is sent all the same`,
      ],
  ];
}
