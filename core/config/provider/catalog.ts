/** `model_catalog_json`: what the user says about models, in Codex's form. */
import * as z from "zod/mini";
import { configError, errorText } from "../../protocol/error.ts";
import type { Host } from "../../protocol/host.ts";
import { readOptional } from "../file/files.ts";
import { checkedJson } from "../../util/json/json.ts";
import { familyOf, type ModelFacts, UNKNOWN } from "./families.ts";
import type { ModelCatalog } from "./models.ts";

/** Reads the catalog named by `model_catalog_json`; empty when none is named. */
export async function loadCatalog(
  host: Host,
  path: string | undefined,
): Promise<ModelCatalog> {
  if (path === undefined) return new Map();
  const text = await readOptional(host, path);
  if (text === undefined) {
    throw configError(`Cannot read model catalog ${path}: no such file`);
  }
  return parseCatalog(text, path);
}

/** A catalog in Codex's form: `{"models": [{"slug", "context_window", …}]}`. */
function parseCatalog(text: string, path: string): ModelCatalog {
  const result = z.safeParse(CatalogFile, parseJson(text, path));
  if (!result.success) {
    const issue = result.error.issues[0];
    throw configError(
      `Cannot read model catalog ${path}: value of "${
        issue?.path.join(".") ?? ""
      }" is wrong or missing`,
    );
  }
  return new Map(
    result.data.models.map((entry) => [entry.slug, factsOf(entry)]),
  );
}

const Count = z.lazy(() => z.nullish(z.int().check(z.positive())));
const Flag = z.lazy(() => z.nullish(z.boolean()));
const Text = z.lazy(() => z.nullish(z.string()));

// Codex 0.171, `codex debug models`. Fields about what is not here are no errors: plugins,
// code mode, further agents, advertisements of other models.
const Entry = z.lazy(() =>
  z.looseObject({
    slug: z.string(),
    visibility: Text,
    priority: z.nullish(z.number()),
    supported_in_api: Flag,
    context_window: Count,
    max_context_window: Count,
    effective_context_window_percent: z.nullish(
      z.number().check(z.minimum(1), z.maximum(100)),
    ),
    auto_compact_token_limit: Count,
    supports_reasoning_summaries: Flag,
    supported_reasoning_levels: z.nullish(
      z.array(z.looseObject({ effort: z.string() })),
    ),
    default_reasoning_level: Text,
    default_reasoning_summary: z.nullish(
      z.enum(["auto", "concise", "detailed", "none"]),
    ),
    support_verbosity: Flag,
    default_verbosity: z.nullish(z.enum(["low", "medium", "high"])),
    default_service_tier: Text,
    supports_parallel_tool_calls: Flag,
    single_system_message: Flag,
    shell_type: Text,
    apply_patch_tool_type: Text,
    web_search_tool_type: Text,
    input_modalities: z.nullish(z.array(z.string())),
    base_instructions: Text,
    model_messages: z.nullish(z.looseObject({
      instructions_template: Text,
      instructions_variables: z.nullish(
        z.looseObject({ personality_default: Text }),
      ),
    })),
    include_skills_usage_instructions: Flag,
    truncation_policy: z.nullish(
      z.looseObject({ mode: z.string(), limit: z.int().check(z.positive()) }),
    ),
  })
);
type Entry = z.infer<typeof Entry>;
const CatalogFile = z.lazy(() => z.looseObject({ models: z.array(Entry) }));

// What an entry leaves out is as in its family.
function factsOf(entry: Entry): ModelFacts {
  const base = familyOf(entry.slug) ?? UNKNOWN;
  return {
    ...base,
    ...definedOf({
      contextWindow: entry.context_window,
      // A window of the file is not bound by what we know of the family.
      maxContextWindow: entry.max_context_window ??
        (entry.context_window && Infinity),
      windowShare: shareOf(entry.effective_context_window_percent),
      autoCompactLimit: entry.auto_compact_token_limit,
      instructions: instructionsOf(entry),
      efforts: entry.supported_reasoning_levels?.map(({ effort }) => effort),
      reasoningEffort: entry.default_reasoning_level,
      reasoningSummary: entry.default_reasoning_summary,
      supportsReasoning: entry.supports_reasoning_summaries ??
        levelsSayReasoning(entry),
      supportsImages: entry.input_modalities?.includes("image"),
      supportsVerbosity: entry.support_verbosity,
      verbosity: entry.default_verbosity,
      serviceTier: entry.default_service_tier,
      parallelToolCalls: entry.supports_parallel_tool_calls,
      singleSystemMessage: entry.single_system_message,
      explainsSkills: entry.include_skills_usage_instructions,
      // A bound in bytes is one in tokens at four bytes each.
      toolOutputTokens: entry.truncation_policy?.mode === "bytes"
        ? Math.ceil(entry.truncation_policy.limit / 4)
        : entry.truncation_policy?.limit,
      priority: entry.priority,
    }),
    ...entry.web_search_tool_type !== undefined &&
      { searchesImages: entry.web_search_tool_type === "text_and_image" },
    ...entry.shell_type === "disabled" && { hasShell: false },
    ...typeof entry.shell_type === "string" &&
      { liveCommands: entry.shell_type === "unified_exec" },
    ...entry.apply_patch_tool_type !== undefined && {
      applyPatch: entry.apply_patch_tool_type === "freeform"
        ? "freeform"
        : "function",
    },
    isListed: entry.visibility !== "hide" && entry.visibility !== "none" &&
      entry.supported_in_api !== false,
  };
}

function definedOf<T extends object>(
  fields: T,
): { [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) =>
      (value ?? undefined) !== undefined
    ),
  ) as { [K in keyof T]?: NonNullable<T[K]> };
}

function shareOf(percent: number | null | undefined): number | undefined {
  return typeof percent === "number" ? percent / 100 : undefined;
}

function levelsSayReasoning(
  { supported_reasoning_levels: levels }: Entry,
): boolean | undefined {
  return levels === null || levels === undefined
    ? undefined
    : levels.length > 0;
}

// A template holds a place for a tone of voice, which nobody chooses here.
function instructionsOf(entry: Entry): string | undefined {
  const { instructions_template: template, instructions_variables: variables } =
    entry.model_messages ?? {};
  const text = template
    ? template.replace(
      /\{\{\s*personality\s*\}\}/g,
      () => variables?.personality_default ?? "",
    )
    : entry.base_instructions;
  return text?.trim() ? text : undefined;
}

function parseJson(text: string, path: string): unknown {
  try {
    return checkedJson(text);
  } catch (error) {
    throw configError(`Cannot read model catalog ${path}: ${errorText(error)}`);
  }
}
