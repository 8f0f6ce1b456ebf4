/** When to try again: backoff, what a server asked for, and the budget both live in. Pure. */

/** How often and how long one piece of work may be tried again. */
export interface RetryBudget {
  /** Further attempts after the first. */
  readonly attemptsMax: number;
  /** The first wait; each further one doubles. */
  readonly baseMs: number;
  /** All waits of our own choosing together. */
  readonly totalMs: number;
  /** The longest single wait a server may ask for. */
  readonly askedMsMax: number;
}

/** What has been spent of a budget. */
export interface RetrySpent {
  readonly attempts: number;
  /** Waits of our own choosing; those a server asked for do not count. */
  readonly waitedMs: number;
}

/** Nothing spent yet. */
export const NOTHING_SPENT: RetrySpent = Object.freeze({
  attempts: 0,
  waitedMs: 0,
});

interface RetryPlan {
  readonly delayMs: number;
  readonly spent: RetrySpent;
}

/**
 * The next attempt, or undefined when the budget does not allow one. `random` in [0, 1)
 * spreads the wait by a tenth either way; `askedMs` is the server's own wish and wins.
 */
export function planRetry(
  budget: RetryBudget,
  spent: RetrySpent,
  options: { readonly random: number; readonly askedMs?: number | undefined },
): RetryPlan | undefined {
  if (spent.attempts >= budget.attemptsMax) return undefined;
  const attempts = spent.attempts + 1;
  const { askedMs } = options;
  if (askedMs !== undefined) {
    if (askedMs > budget.askedMsMax) return undefined;
    return { delayMs: askedMs, spent: { ...spent, attempts } };
  }
  const jitter = 0.9 + options.random * 0.2;
  const delayMs = Math.round(budget.baseMs * 2 ** spent.attempts * jitter);
  const waitedMs = spent.waitedMs + delayMs;
  if (waitedMs > budget.totalMs) return undefined;
  return { delayMs, spent: { attempts, waitedMs } };
}

/** The wait a Retry-After header asks for: seconds or an HTTP date (RFC 9110 10.2.3). */
export function parseRetryAfter(
  value: string | null,
  nowMs: number,
): number | undefined {
  if (value === null) return undefined;
  const trimmed = value.trim();
  if (/^\d+(\.\d+)?$/.test(trimmed)) return Math.round(Number(trimmed) * 1_000);
  // A bare number would also be read as a year by Date.parse; letters rule that out.
  const atMs = /[A-Za-z]/.test(trimmed) ? Date.parse(trimmed) : Number.NaN;
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - nowMs);
}

const UNIT = "(?:ms|milliseconds?|s|sec|seconds?|m|min|minutes?|h|hours?)";
const WAIT = `(?:\\d+(?:\\.\\d+)?\\s*${UNIT}\\s*)+`;
const ASKED = new RegExp(
  `(?:try(?:ing)? again|retry(?:ing)?|wait|reset(?:s)?)(?: after| in| for)?:?\\s+(?:at least\\s+)?(${WAIT})(?![a-z])`,
  "i",
);
const PARTS = new RegExp(`(\\d+(?:\\.\\d+)?)\\s*(${UNIT})(?![a-z])`, "gi");

/** The wait an error text asks for: `Please try again in 1m2.5s`, `retry after 3 seconds`. */
export function parseTryAgain(text: string): number | undefined {
  const match = ASKED.exec(text);
  return match === null ? undefined : parseWait(match[1] ?? "");
}

/** A span such as `1m2.5s`, `3.4s` or `250 ms` in milliseconds; undefined for other texts. */
export function parseWait(text: string): number | undefined {
  if (!new RegExp(`^\\s*${WAIT}$`, "i").test(text)) return undefined;
  let ms = 0;
  for (const [, count = "", unit = ""] of text.matchAll(PARTS)) {
    ms += Number(count) * unitMs(unit.toLowerCase());
  }
  return Math.ceil(ms);
}

function unitMs(unit: string): number {
  if (unit.startsWith("ms") || unit.startsWith("milli")) return 1;
  if (unit.startsWith("h")) return 3_600_000;
  return unit.startsWith("m") ? 60_000 : 1_000;
}
