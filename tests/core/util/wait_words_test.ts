/** The waits that servers ask for. */
import assert from "node:assert/strict";
import {
  parseReset,
  parseRetryAfter,
  parseTryAgain,
} from "../../../core/util/wait_words.ts";

const NOW = Date.UTC(2026, 0, 1, 12, 0, 0);

Deno.test("parseRetryAfter() reads seconds and dates", () => {
  const cases: readonly [string | null, number | undefined][] = [
    [null, undefined],
    ["2", 2_000],
    [" 1.5 ", 1_500],
    ["0", 0],
    ["Thu, 01 Jan 2026 12:00:07 GMT", 7_000],
    ["Thu, 01 Jan 2026 11:00:00 GMT", 0],
    ["soon", undefined],
    ["", undefined],
    ["-3", undefined],
  ];
  for (const [value, expected] of cases) {
    assert.equal(parseRetryAfter(value, NOW), expected, String(value));
  }
});

Deno.test("parseTryAgain() finds the wait in an error text", () => {
  const cases: readonly [string, number | undefined][] = [
    ["Rate limit reached. Please try again in 1.5s.", 1_500],
    ["TRY AGAIN IN 250ms", 250],
    ["try again in 3 seconds", 3_000],
    ["try again in 1 second.", 1_000],
    ["try again in 28.5 ms", 29],
    ["try again in 2m", 120_000],
    ["try again in 20 minutes", 1_200_000],
    ["Please try again in 1m2.5s.", 62_500],
    ["please wait 1 minute and 30 seconds", 90_000],
    ["retry after 3 seconds", 3_000],
    ["Please retry after 20", 20_000],
    ["Retry-After: 7", 7_000],
    ["Your quota will reset after 3h20m12s.", 12_012_000],
    ["try again in about an hour", 3_600_000],
    ["resets in 2 days, 3 hours", 183_600_000],
    ["Please try your request again in 5 mins", 300_000],
    ["Please wait at least 10 secs before retrying", 10_000],
    ["limit resets at 2026-01-01T12:00:30Z", 30_000],
    ["try again at 2026-01-01 12:01:00 UTC", 60_000],
    ["try again after Thu, 01 Jan 2026 12:00:09 GMT", 9_000],
    ["resets at 2025-01-01T00:00:00Z", 0],
    ["wait as long as it takes", undefined],
    ["wait a moment", undefined],
    ["try again in -3s", undefined],
    ["retry after 3 attempts", undefined],
    ["try again with 20 tokens", undefined],
    ["try again later", undefined],
    ["try again in 5 storms", undefined],
    ["", undefined],
  ];
  for (const [text, expected] of cases) {
    assert.equal(parseTryAgain(text, NOW), expected, text);
  }
});

Deno.test("parseReset() tells a span from a moment, in seconds or milliseconds", () => {
  const cases: readonly [string | number | null, number | undefined][] = [
    ["6m0s", 360_000],
    ["120ms", 120],
    ["12", 12_000],
    [1.5, 1_500],
    [NOW / 1_000 + 5, 5_000],
    [String(NOW + 5_000), 5_000],
    ["2026-01-01T12:00:05Z", 5_000],
    ["Thu, 01 Jan 2026 12:00:05 GMT", 5_000],
    [NOW / 1_000 - 5, 0],
    [-1, undefined],
    ["-1", undefined],
    ["soon", undefined],
    ["", undefined],
    [null, undefined],
    [Number.NaN, undefined],
  ];
  for (const [value, expected] of cases) {
    assert.equal(parseReset(value, NOW), expected, String(value));
  }
});
