/** Data. What is known of each family of models, each row with its source. */
import { LIMITS } from "../../protocol/limits.ts";
import type { ModelInfo } from "../../protocol/settings.ts";

/** Facts about one model that are independent of configuration. */
export interface ModelFacts
  extends Omit<ModelInfo, "slug" | "known" | "autoCompactLimit"> {
  readonly autoCompactLimit?: number;
  /** The most that `model_context_window` may make of it. */
  readonly maxContextWindow?: number;
  /** Share of the window that a request may fill. */
  readonly windowShare?: number;
  /** An effort that somebody configured is a statement that it reasons. */
  readonly reasonsIfAsked?: boolean;
  /** Whether the list of models names it, and where: the lowest number first. */
  readonly isListed?: boolean;
  readonly priority?: number;
}

const TO_HIGH: readonly string[] = ["low", "medium", "high"];
const TO_XHIGH: readonly string[] = [...TO_HIGH, "xhigh"];
const TO_MAX: readonly string[] = [...TO_XHIGH, "max"];
const TO_ULTRA: readonly string[] = [...TO_MAX, "ultra"];

const GPT: ModelFacts = {
  contextWindow: 272_000,
  supportsReasoning: true,
  supportsImages: true,
  supportsVerbosity: true,
  parallelToolCalls: true,
  applyPatch: "freeform",
  toolOutputTokens: LIMITS.toolOutputTokens,
  efforts: TO_HIGH,
  reasoningEffort: "medium",
};
// `codex debug models` of 0.171 lists it with verbosity low, pictures among search results
// and shell_type unified_exec.
const LISTED: ModelFacts = {
  ...GPT,
  liveCommands: true,
  verbosity: "low",
  searchesImages: true,
  isListed: true,
};
const GPT5_6: ModelFacts = {
  ...LISTED,
  maxContextWindow: 872_000,
  efforts: TO_ULTRA,
};
const GPT6: ModelFacts = { ...GPT5_6, reasoningEffort: "low" };
const GPT6_LARGE: ModelFacts = { ...GPT6, contextWindow: 500_000 };
// Trained with short instructions: the guides for them advise against announcements.
const CODEX: ModelFacts = {
  ...GPT,
  supportsVerbosity: false,
  promptStyle: "terse",
};

const OLDER: ModelFacts = {
  contextWindow: 128_000,
  supportsReasoning: false,
  supportsImages: true,
  supportsVerbosity: false,
  parallelToolCalls: true,
  applyPatch: "function",
  toolOutputTokens: LIMITS.toolOutputTokens,
};

/** Small enough for most servers, and only the forms that every server takes. */
export const UNKNOWN: ModelFacts = { ...OLDER, parallelToolCalls: false };

// Models that others serve. Effort is sent where somebody asks for it.
const HOSTED: ModelFacts = { ...OLDER, reasonsIfAsked: true };
const OPEN: ModelFacts = {
  ...UNKNOWN,
  supportsImages: false,
  reasonsIfAsked: true,
};

function hosted(contextWindow: number, more?: Partial<ModelFacts>): ModelFacts {
  return { ...HOSTED, contextWindow, ...more };
}

function open(contextWindow: number, more?: Partial<ModelFacts>): ModelFacts {
  return { ...OPEN, contextWindow, ...more };
}

const SMALL = { promptStyle: "small" } as const;
const SEES = { supportsImages: true } as const;

/**
 * By the beginning of the name; the longest one that fits counts. Windows are those the
 * model was made for: a server may have loaded it with less.
 */
export const FAMILIES: Readonly<Record<string, ModelFacts>> = {
  // `codex debug models`, Codex 0.171, in its order
  "gpt-6.2-sol": GPT6_LARGE,
  "gpt-6.2-astra": GPT6,
  "gpt-6.1-terra": GPT6_LARGE,
  "gpt-6.1-sol": GPT6_LARGE,
  "gpt-6-astra": GPT6,
  "gpt-6-sol": { ...GPT6, reasoningEffort: "medium" },
  "gpt-6-luna": { ...GPT6, reasoningEffort: "medium", efforts: TO_MAX },
  "gpt-5.6-sol": { ...GPT5_6, reasoningEffort: "low" },
  "gpt-5.6-terra": GPT5_6,
  "gpt-5.6-luna": { ...GPT5_6, efforts: TO_MAX },
  "gpt-5.5": { ...LISTED, efforts: TO_XHIGH },
  "gpt-daybreak-blue": { ...GPT6, isListed: false },
  "gpt-daybreak-red": {
    ...GPT5_6,
    contextWindow: 372_000,
    maxContextWindow: 372_000,
    isListed: false,
  },
  "codex-auto-review": { ...GPT5_6, efforts: TO_MAX, isListed: false },
  // Members of these families that are not in that list
  "gpt-6": { ...GPT, verbosity: "low", efforts: TO_MAX },
  // developers.openai.com/api/docs/models; a window of 400,000 with 128,000 of them for output
  "gpt-5": { ...GPT, efforts: ["minimal", ...TO_HIGH] },
  "gpt-5.1": { ...GPT, verbosity: "low", efforts: ["none", ...TO_HIGH] },
  "gpt-5.2": { ...GPT, verbosity: "low", efforts: ["none", ...TO_XHIGH] },
  "gpt-5.3": { ...GPT, verbosity: "low", efforts: ["none", ...TO_XHIGH] },
  "gpt-5.4": { ...GPT, verbosity: "low", efforts: ["none", ...TO_XHIGH] },
  "gpt-5-codex": CODEX,
  "gpt-5.1-codex": CODEX,
  "gpt-5.1-codex-max": { ...CODEX, efforts: TO_XHIGH },
  "gpt-5.2-codex": { ...CODEX, efforts: TO_XHIGH },
  "gpt-5.3-codex": { ...CODEX, efforts: TO_XHIGH },
  "codex-": { ...CODEX, contextWindow: 200_000 },
  "gpt-4.1": { ...OLDER, contextWindow: 1_047_576 },
  "gpt-4o": OLDER,
  "o3": {
    ...OLDER,
    contextWindow: 200_000,
    supportsReasoning: true,
    efforts: TO_HIGH,
  },
  "o4-mini": {
    ...OLDER,
    contextWindow: 200_000,
    supportsReasoning: true,
    efforts: TO_HIGH,
  },
  // openai/gpt-oss: max_position_embeddings 131072, text only
  "gpt-oss": {
    ...OLDER,
    contextWindow: 131_072,
    supportsReasoning: true,
    supportsImages: false,
    efforts: TO_HIGH,
    ...SMALL,
  },
  // docs.claude.com, models overview
  "claude": hosted(200_000),
  // ai.google.dev/gemini-api/docs/models: input token limit
  "gemini": hosted(1_048_576),
  // docs.x.ai/docs/models
  "grok": hosted(131_072),
  "grok-4": hosted(256_000),
  "grok-code": hosted(256_000, { supportsImages: false }),
  // docs.mistral.ai, models overview, and the config.json of each
  "mistral": hosted(131_072, { supportsImages: false }),
  "mistral-small": open(131_072, { ...SEES, ...SMALL }),
  "mistral-nemo": open(131_072, SMALL),
  "ministral": open(131_072, SMALL),
  "magistral": open(40_960, SMALL),
  "codestral": open(32_768, SMALL),
  "devstral": open(131_072, SMALL),
  "devstral-2": open(262_144),
  "mixtral": open(32_768),
  // config.json of the models: max_position_embeddings
  "qwen2.5": open(32_768),
  "qwen2.5-coder": open(32_768, SMALL),
  "qwq": open(40_960, SMALL),
  "qwen3": open(40_960, SMALL),
  "qwen3-coder": open(262_144, SMALL),
  "qwen3-next": open(262_144),
  "qwen3-vl": open(262_144, { ...SEES, ...SMALL }),
  "qwen3.5": open(262_144, SEES),
  "deepseek": open(131_072),
  "deepseek-r1": open(131_072),
  "deepseek-coder-v2": open(163_840, SMALL),
  "llama": open(8_192, SMALL),
  "llama-3-1": open(131_072, SMALL),
  "llama-3-3": open(131_072),
  "llama-3.1": open(131_072, SMALL),
  "llama-3.2": open(131_072, SMALL),
  "llama-3.3": open(131_072),
  "llama-4": open(1_048_576, SEES),
  "codellama": open(16_384, SMALL),
  "gemma-2": open(8_192, SMALL),
  "gemma-3": open(131_072, { ...SEES, ...SMALL }),
  "gemma-3n": open(32_768, SMALL),
  "phi-4": open(16_384, SMALL),
  "phi-4-mini": open(131_072, SMALL),
  "granite": open(131_072, SMALL),
  "glm-4": open(131_072),
  "glm-4.6": open(202_752),
  "glm-4.7": open(202_752),
  "kimi-k2": open(262_144),
  "minimax-m2": open(196_608),
  "command-r": open(131_072),
  "command-a": open(262_144),
  "starcoder2": open(16_384, SMALL),
};

export function familyOf(slug: string): ModelFacts | undefined {
  const name = slug.slice(slug.lastIndexOf("/") + 1).toLowerCase();
  const bare = joined(familyName(slug));
  let best: string | undefined;
  for (const start of Object.keys(FAMILIES)) {
    if (best !== undefined && start.length <= best.length) continue;
    if (fits(joined(start), bare)) best = start;
  }
  const facts = best === undefined ? undefined : FAMILIES[best];
  const style = sizeStyle(name);
  if (facts === undefined || style === undefined) return facts;
  const { promptStyle: _, ...rest } = facts;
  return style === "small" ? { ...rest, promptStyle: style } : rest;
}

/** Whether a name tells the size of a model, in billions, and what text suits that. */
export function sizeStyle(slug: string): "small" | "full" | undefined {
  const size = /(?:^|[-:_ ])(\d+(?:\.\d+)?)b(?![a-z])/i.exec(slug)?.[1];
  if (size === undefined) return undefined;
  return Number(size) <= LIMITS.smallModelBillions ? "small" : "full";
}

/** The name without what gateways put before it: `openai/gpt-oss-20b`, `us.anthropic.claude-…`. */
export function familyName(slug: string): string {
  const name = slug.slice(slug.lastIndexOf("/") + 1).toLowerCase();
  return name.replace(/^(?:[a-z-]+\.)+(?=[a-z])/, "").replace(/^meta-/, "");
}

// Some write `llama3.3`, others `llama-3.3`.
function joined(name: string): string {
  return name.replace(/([a-z])[-_ ](?=\d)/g, "$1");
}

// `gpt-5` is the beginning of `gpt-5.5` and `gpt-5-mini`, but not of `gpt-50`.
function fits(start: string, name: string): boolean {
  if (!name.startsWith(start)) return false;
  const rest = name.slice(start.length);
  if (start.endsWith("-")) return true;
  return /\d$/.test(start) ? !/^[a-z0-9]/.test(rest) : !/^[a-z]/.test(rest);
}
