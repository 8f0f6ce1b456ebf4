/** How long a server asks to wait: in words, numbers, dates and headers. Pure. */

const UNITS_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};
const UNIT =
  "(?:ms|msecs?|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|w|weeks?)";
// A word for one stands apart: "wait a minute", not "wait as long as".
const COUNTED = `(?:\\d+(?:\\.\\d+)?\\s*|(?:an?|one)\\s+)${UNIT}`;
const WAIT = `${COUNTED}(?:(?:\\s*,|\\s+and)?\\s*${COUNTED})*`;
const ASKED = new RegExp(
  `(?:try(?:ing)?(?: (?:it|this))?(?: your request)? again|retry(?:ing)?(?:[-_ ]after)?(?: your request)?|wait(?:ing)?|resets?|available(?: again)?)` +
    `(?: after| in| for|:)*\\s*(?:at least |about |another |approximately |~)?(${WAIT})(?![a-z])`,
  "i",
);
const ASKED_AT = new RegExp(
  "(?:try again|retry|wait|resets?|available)(?: again)?(?: at| until| after| on)+:?\\s+" +
    "(\\d{4}-\\d\\d-\\d\\d[T ]\\d\\d:\\d\\d(?::\\d\\d(?:\\.\\d+)?)?\\s?(?:Z|UTC|[+-]\\d\\d:?\\d\\d)?" +
    "|[A-Z][a-z]{2}, \\d\\d? [A-Z][a-z]{2} \\d{4} [\\d:]{8} GMT)",
  "i",
);
// A bare number after these words is seconds: "retry after 20".
const ASKED_BARE =
  /(?:retry[-_ ]after|try again (?:in|after)):?\s+(\d+(?:\.\d+)?)(?![\d.]*\s*[\w-])/i;
const PARTS = new RegExp(
  `(\\d+(?:\\.\\d+)?|\\b(?:an?|one)(?=\\s))\\s*(${UNIT})(?![a-z])`,
  "gi",
);

/** The wait an error text asks for: `Please try again in 1m2.5s`, `retry after 3 seconds`. */
export function parseTryAgain(text: string, nowMs = 0): number | undefined {
  const span = ASKED.exec(text)?.[1];
  if (span !== undefined) return parseWait(span);
  const at = ASKED_AT.exec(text)?.[1];
  if (at !== undefined) return untilDate(at, nowMs);
  const seconds = ASKED_BARE.exec(text)?.[1];
  return seconds === undefined ? undefined : Math.round(Number(seconds) * 1e3);
}

/** A span such as `1m2.5s`, `3.4s` or `250 ms` in milliseconds; undefined for other texts. */
function parseWait(text: string): number | undefined {
  if (!new RegExp(`^\\s*${WAIT}\\s*$`, "i").test(text)) return undefined;
  let ms = 0;
  for (const [, count = "", unit = ""] of text.matchAll(PARTS)) {
    ms += (/\d/.test(count) ? Number(count) : 1) * unitMs(unit.toLowerCase());
  }
  return Math.ceil(ms);
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
  return /[A-Za-z]/.test(trimmed) ? untilDate(trimmed, nowMs) : undefined;
}

/**
 * The wait until a limit is reset: a span, a date, or a number, which is a moment when it
 * is too large for a span, in milliseconds (OpenRouter) or in seconds (GitHub).
 */
export function parseReset(
  value: string | number | null | undefined,
  nowMs: number,
): number | undefined {
  if (value === null || value === undefined) return undefined;
  const text = String(value).trim();
  const count = text === "" ? Number.NaN : Number(text);
  if (Number.isNaN(count)) {
    return parseWait(text) ?? parseRetryAfter(text, nowMs);
  }
  if (!Number.isFinite(count) || count < 0) return undefined;
  if (count < EPOCH_SECONDS) return Math.ceil(count * 1_000);
  return Math.max(0, (count < EPOCH_MS ? count * 1_000 : count) - nowMs);
}

/** From there on a number of seconds, and of milliseconds, is a moment of our times. */
const EPOCH_SECONDS = 1e9;
const EPOCH_MS = 1e11;

function untilDate(text: string, nowMs: number): number | undefined {
  const zoned = /(?:Z|UTC|GMT|[+-]\d\d:?\d\d)$/i.test(text) ||
    !/^\d{4}-/.test(text);
  const atMs = Date.parse(zoned ? text.replace(/\s?UTC$/i, "Z") : `${text}Z`);
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - nowMs);
}

function unitMs(unit: string): number {
  return UNITS_MS[/^(?:ms|milli)/.test(unit) ? "ms" : unit.slice(0, 1)] ?? 0;
}
