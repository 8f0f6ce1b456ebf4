/** Data. What models cost at their makers, and how much they write at most; each row with its source. */
import type { Price } from "../../protocol/settings.ts";
import { familyName } from "./families.ts";

interface Listed {
  /** US dollars for a million tokens. */
  readonly price: Price;
  /** Tokens of one answer. */
  readonly outputTokens: number;
}

function row(
  [input, cachedInput, output]: readonly [number, number, number],
  outputTokens: number,
): Listed {
  return { price: { input, cachedInput, output }, outputTokens };
}

const GPT_5 = row([1.25, 0.125, 10], 128_000);
const GPT_5_2 = row([1.75, 0.175, 14], 128_000);
const SMALL = row([0.25, 0.025, 2], 128_000);

/** By the whole name, but for a date or a version at its end: variants cost something else. */
const PRICES: Readonly<Record<string, Listed>> = {
  // developers.openai.com/api/docs/pricing and …/models, standard tier
  "gpt-5": GPT_5,
  "gpt-5-codex": GPT_5,
  "gpt-5-mini": SMALL,
  "gpt-5-nano": row([0.05, 0.005, 0.4], 128_000),
  "gpt-5-pro": row([15, 15, 120], 272_000),
  "gpt-5.1": GPT_5,
  "gpt-5.1-codex": GPT_5,
  "gpt-5.1-codex-max": GPT_5,
  "gpt-5.1-codex-mini": SMALL,
  "gpt-5.2": GPT_5_2,
  "gpt-5.2-codex": GPT_5_2,
  "codex-mini": row([1.5, 0.375, 6], 100_000),
  "gpt-4.1": row([2, 0.5, 8], 32_768),
  "gpt-4.1-mini": row([0.4, 0.1, 1.6], 32_768),
  "gpt-4.1-nano": row([0.1, 0.025, 0.4], 32_768),
  "gpt-4o": row([2.5, 1.25, 10], 16_384),
  "gpt-4o-mini": row([0.15, 0.075, 0.6], 16_384),
  "o3": row([2, 0.5, 8], 100_000),
  "o4-mini": row([1.1, 0.275, 4.4], 100_000),
  // docs.claude.com: pricing, models overview
  "claude-opus-4-5": row([5, 0.5, 25], 64_000),
  "claude-opus-4-1": row([15, 1.5, 75], 32_000),
  "claude-sonnet-4-5": row([3, 0.3, 15], 64_000),
  "claude-sonnet-4": row([3, 0.3, 15], 64_000),
  "claude-haiku-4-5": row([1, 0.1, 5], 64_000),
  // ai.google.dev/gemini-api/docs/pricing; of two prices that of long prompts
  "gemini-2.5-pro": row([2.5, 0.25, 15], 65_536),
  "gemini-2.5-flash": row([0.3, 0.03, 2.5], 65_536),
  // api-docs.deepseek.com/quick_start/pricing
  "deepseek-chat": row([0.28, 0.028, 0.42], 8_192),
  "deepseek-reasoner": row([0.28, 0.028, 0.42], 65_536),
};

/** What is listed of exactly this model; undefined for a variant that nobody listed. */
export function listedOf(slug: string): Listed | undefined {
  const name = familyName(slug).replace(VERSION, "");
  const dashed = name.replace(/(?<=^claude-.*\d)\.(?=\d)/, "-");
  return Object.hasOwn(PRICES, dashed) ? PRICES[dashed] : undefined;
}

const VERSION = /(?:-\d{4}-?\d\d-?\d\d|-latest|@\d+)?(?:-v\d+)?(?::[\w.]*)?$/;
