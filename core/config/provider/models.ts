/** What is known about models: windows, forms and limits; the rest is a careful guess. */
import * as z from "zod/mini";
import { errorText, UserError } from "../../protocol/error.ts";
import type { Host } from "../../protocol/host.ts";
import { LIMITS } from "../../protocol/limits.ts";
import type { ModelInfo } from "../../protocol/settings.ts";
import { readOptional } from "../file/files.ts";
import type { Config } from "../file/schema.ts";
import { parseJson } from "../../util/json/json.ts";

/** Facts about one model that are independent of configuration. */
type ModelFacts =
  & Omit<ModelInfo, "slug" | "known" | "autoCompactLimit">
  & { readonly autoCompactLimit?: number };

/** Facts by exact slug, from `model_catalog_json`. */
export type ModelCatalog = ReadonlyMap<string, ModelFacts>;

const GPT5: ModelFacts = {
  contextWindow: 272_000,
  supportsReasoning: true,
  supportsImages: true,
  supportsVerbosity: true,
  parallelToolCalls: true,
  applyPatch: "freeform",
  toolOutputTokens: LIMITS.toolOutputTokens,
};

const OLDER: ModelFacts = {
  ...GPT5,
  supportsReasoning: false,
  supportsVerbosity: false,
  applyPatch: "function",
};

// By the beginning of the slug; the longest one that fits counts.
const FAMILIES: Readonly<Record<string, ModelFacts>> = {
  "gpt-6": GPT5,
  "gpt-5": GPT5,
  "gpt-5-codex": { ...GPT5, supportsVerbosity: false },
  "gpt-5.1-codex": { ...GPT5, supportsVerbosity: false },
  "gpt-5.2-codex": { ...GPT5, supportsVerbosity: false },
  "gpt-5.3-codex": { ...GPT5, supportsVerbosity: false },
  "codex-": { ...GPT5, supportsVerbosity: false },
  "gpt-4.1": { ...OLDER, contextWindow: 1_047_576 },
  "gpt-4o": { ...OLDER, contextWindow: 128_000 },
  "o3": { ...OLDER, contextWindow: 200_000, supportsReasoning: true },
  "o4-mini": { ...OLDER, contextWindow: 200_000, supportsReasoning: true },
  "gpt-oss": {
    ...OLDER,
    contextWindow: 131_072,
    supportsReasoning: true,
    supportsImages: false,
  },
};

// Small enough for most servers, and only the forms that every server takes.
const UNKNOWN: ModelFacts = {
  ...OLDER,
  contextWindow: 128_000,
  supportsImages: true,
  parallelToolCalls: false,
};

/** The model as this configuration sees it; the configured one when no slug is given. */
export function modelInfoOf(
  config: Config,
  catalog: ModelCatalog,
  slug: string = config.model,
): ModelInfo {
  const facts = catalog.get(slug) ?? familyOf(slug);
  const known = facts !== undefined;
  const base = facts ?? UNKNOWN;
  const contextWindow = config.model_context_window ?? base.contextWindow;
  // Effort or summaries that somebody configured are a statement that the model reasons.
  const isSaidToReason = config.model_supports_reasoning_summaries ??
    (!known && config.model_reasoning_effort !== undefined ? true : undefined);
  return {
    ...base,
    slug,
    known,
    contextWindow,
    autoCompactLimit: Math.min(
      config.model_auto_compact_token_limit ?? base.autoCompactLimit ??
        Infinity,
      compactLimitOf(contextWindow),
    ),
    supportsReasoning: isSaidToReason ?? base.supportsReasoning,
    toolOutputTokens: outputLimitOf(
      contextWindow,
      config.tool_output_token_limit,
      base.toolOutputTokens,
    ),
  };
}

// What is left above it must hold the request for a summary and the summary itself.
function compactLimitOf(contextWindow: number): number {
  const usable = Math.floor(contextWindow * LIMITS.windowShare);
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

/** The warning about an unknown model; undefined for others. */
export function unknownModelWarning(model: ModelInfo): string | undefined {
  if (model.known) return undefined;
  return `Unknown model "${model.slug}", assuming a context window of ` +
    `${model.contextWindow} tokens; set model_context_window`;
}

/** Reads the catalog named by `model_catalog_json`; empty when none is named. */
export async function loadCatalog(
  host: Host,
  path: string | undefined,
): Promise<ModelCatalog> {
  if (path === undefined) return new Map();
  const text = await readOptional(host, path);
  if (text === undefined) {
    throw new UserError(
      "config",
      `Cannot read model catalog ${path}: no such file`,
    );
  }
  return parseCatalog(text, path);
}

/** A catalog in Codex's form: `{"models": [{"slug", "context_window", …}]}`. */
function parseCatalog(text: string, path: string): ModelCatalog {
  const result = z.safeParse(CatalogFile, parseFileText(text, path));
  if (!result.success) {
    const issue = result.error.issues[0];
    throw new UserError(
      "config",
      `Cannot read model catalog ${path}: value of "${
        issue?.path.join(".") ?? ""
      }" is wrong or missing`,
    );
  }
  return new Map(
    result.data.models.map((entry) => [entry.slug, factsOf(entry)]),
  );
}

const Entry = z.looseObject({
  slug: z.string(),
  context_window: z.nullish(z.int().check(z.positive())),
  auto_compact_token_limit: z.nullish(z.int().check(z.positive())),
  supports_reasoning_summaries: z.nullish(z.boolean()),
  supported_reasoning_levels: z.nullish(z.array(z.unknown())),
  support_verbosity: z.nullish(z.boolean()),
  supports_parallel_tool_calls: z.nullish(z.boolean()),
  single_system_message: z.nullish(z.boolean()),
  apply_patch_tool_type: z.nullish(z.string()),
  input_modalities: z.nullish(z.array(z.string())),
  base_instructions: z.nullish(z.string()),
  default_reasoning_level: z.nullish(z.string()),
  default_verbosity: z.nullish(z.enum(["low", "medium", "high"])),
  truncation_policy: z.nullish(
    z.looseObject({ mode: z.string(), limit: z.int().check(z.positive()) }),
  ),
});
const CatalogFile = z.looseObject({ models: z.array(Entry) });

function factsOf(entry: z.infer<typeof Entry>): ModelFacts {
  const base = familyOf(entry.slug) ?? UNKNOWN;
  const policy = entry.truncation_policy;
  const limit = entry.auto_compact_token_limit;
  return {
    contextWindow: entry.context_window ?? base.contextWindow,
    ...(limit === null || limit === undefined
      ? {}
      : { autoCompactLimit: limit }),
    ...(entry.base_instructions && { instructions: entry.base_instructions }),
    ...(entry.default_reasoning_level &&
      { reasoningEffort: entry.default_reasoning_level }),
    ...(entry.default_verbosity && { verbosity: entry.default_verbosity }),
    supportsReasoning: entry.supports_reasoning_summaries ??
      (entry.supported_reasoning_levels?.length ??
          Number(base.supportsReasoning)) > 0,
    supportsImages: entry.input_modalities?.includes("image") ??
      base.supportsImages,
    supportsVerbosity: entry.support_verbosity ?? base.supportsVerbosity,
    parallelToolCalls: entry.supports_parallel_tool_calls ??
      base.parallelToolCalls,
    ...(entry.single_system_message === true &&
      { singleSystemMessage: true }),
    applyPatch: entry.apply_patch_tool_type === undefined
      ? base.applyPatch
      : entry.apply_patch_tool_type === "freeform"
      ? "freeform"
      : "function",
    // A bound in bytes is one in tokens at four bytes each.
    toolOutputTokens: policy === null || policy === undefined
      ? base.toolOutputTokens
      : policy.mode === "bytes"
      ? Math.ceil(policy.limit / 4)
      : policy.limit,
  };
}

// Gateways put a vendor before the slug: `openai/gpt-oss-20b`.
function familyOf(slug: string): ModelFacts | undefined {
  const bare = slug.slice(slug.lastIndexOf("/") + 1).toLowerCase();
  const family = Object.keys(FAMILIES).filter((start) => fits(start, bare))
    .sort((a, b) => b.length - a.length)[0];
  return family === undefined ? undefined : FAMILIES[family];
}

// `gpt-5` is the beginning of `gpt-5.5` and `gpt-5-mini`, but not of `gpt-50`.
function fits(start: string, slug: string): boolean {
  if (!slug.startsWith(start)) return false;
  return start.endsWith("-") || !/^[a-z0-9]/.test(slug.slice(start.length));
}

function parseFileText(text: string, path: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    throw new UserError(
      "config",
      `Cannot read model catalog ${path}: ${errorText(error)}`,
    );
  }
}
