/** What the provider says of the limits it sets: read from the headers of its answers. Pure. */
import type { RateLimit } from "../protocol/provider.ts";
import { parseReset } from "../util/wait_words.ts";

/**
 * The limits named in the headers of an answer; empty when there are none. Plans of ChatGPT
 * count shares of a window (`x-codex-*`), the API counts requests and tokens
 * (`x-ratelimit-*`, OpenAI's guide to rate limits).
 */
export function parseRateLimits(
  headers: Headers,
  nowMs: number,
): readonly RateLimit[] {
  const windows = ["primary", "secondary"].flatMap((name) =>
    parseWindow(headers, `x-codex-${name}`, nowMs) ?? []
  );
  const counts = ["requests", "tokens"].flatMap((name) =>
    parseCount(headers, name, nowMs) ?? []
  );
  return [...windows, ...counts];
}

function parseWindow(
  headers: Headers,
  name: string,
  nowMs: number,
): RateLimit | undefined {
  const used = numberOf(headers, `${name}-used-percent`);
  if (used === undefined) return undefined;
  const minutes = numberOf(headers, `${name}-window-minutes`);
  const at = numberOf(headers, `${name}-reset-at`);
  const after = numberOf(headers, `${name}-reset-after-seconds`) ??
    numberOf(headers, `${name}-resets-in-seconds`);
  const resetMs = at !== undefined
    ? at * 1_000
    : after !== undefined
    ? nowMs + after * 1_000
    : undefined;
  return {
    name: minutes === undefined ? "plan" : `plan, ${spanName(minutes)}`,
    usedShare: Math.max(0, Math.min(1, used / 100)),
    ...(resetMs !== undefined && { resetMs }),
  };
}

function parseCount(
  headers: Headers,
  name: string,
  nowMs: number,
): RateLimit | undefined {
  const limit = numberOf(headers, `x-ratelimit-limit-${name}`);
  const left = numberOf(headers, `x-ratelimit-remaining-${name}`);
  if (limit === undefined || left === undefined || limit <= 0) return undefined;
  const after = parseReset(headers.get(`x-ratelimit-reset-${name}`), nowMs);
  return {
    name,
    usedShare: Math.max(0, Math.min(1, 1 - left / limit)),
    left: { count: left, of: limit },
    ...(after !== undefined && { resetMs: nowMs + after }),
  };
}

function spanName(minutes: number): string {
  if (minutes % 1_440 === 0) return `${minutes / 1_440} d`;
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${minutes} min`;
}

function numberOf(headers: Headers, name: string): number | undefined {
  const text = headers.get(name)?.trim() ?? "";
  const value = Number(text);
  return text === "" || !Number.isFinite(value) || value < 0
    ? undefined
    : value;
}
