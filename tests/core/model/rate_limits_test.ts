/** What providers say of their limits, in the headers of an answer. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { parseRateLimits } from "../../../core/model/rate_limits.ts";

const NOW = 1_700_000_000_000;

Deno.test("parseRateLimits() reads counts of requests and tokens", () => {
  const headers = new Headers({
    "x-ratelimit-limit-requests": "60",
    "x-ratelimit-remaining-requests": "45",
    "x-ratelimit-reset-requests": "1m2.5s",
    "x-ratelimit-limit-tokens": "150000",
    "x-ratelimit-remaining-tokens": "149984",
    "x-ratelimit-reset-tokens": "120ms",
  });
  assert.deepEqual(parseRateLimits(headers, NOW), [
    {
      name: "requests",
      usedShare: 0.25,
      left: { count: 45, of: 60 },
      resetMs: NOW + 62_500,
    },
    {
      name: "tokens",
      usedShare: 1 - 149984 / 150000,
      left: { count: 149984, of: 150000 },
      resetMs: NOW + 120,
    },
  ]);
});

Deno.test("parseRateLimits() reads the windows of a plan, old and new headers", () => {
  const headers = new Headers({
    "x-codex-primary-used-percent": "37.5",
    "x-codex-primary-window-minutes": "300",
    "x-codex-primary-reset-at": "1700000600",
    "x-codex-secondary-used-percent": "120",
    "x-codex-secondary-window-minutes": "10080",
    "x-codex-secondary-reset-after-seconds": "60",
  });
  assert.deepEqual(parseRateLimits(headers, NOW), [
    { name: "plan, 5 h", usedShare: 0.375, resetMs: NOW + 600_000 },
    { name: "plan, 7 d", usedShare: 1, resetMs: NOW + 60_000 },
  ]);
});

Deno.test("parseRateLimits() knows nothing where nothing, or nonsense, is said", () => {
  assert.deepEqual(parseRateLimits(new Headers(), NOW), []);
  const text = fc.constantFrom("", "x", "-1", "1e999", "NaN", "0", "7 apples");
  fc.assert(fc.property(text, text, (limit, left) => {
    const headers = new Headers({
      "x-codex-primary-used-percent": left === "0" ? "x" : left,
      "x-ratelimit-limit-tokens": limit,
      "x-ratelimit-remaining-tokens": left,
      "x-ratelimit-reset-tokens": left,
    });
    assert.deepEqual(parseRateLimits(headers, NOW), []);
  }));
});

Deno.test("parseRateLimits() leaves out a time that cannot be read", () => {
  for (const reset of ["soon", "-5", "1x", "s1", ""]) {
    const [limit] = parseRateLimits(
      new Headers({
        "x-ratelimit-limit-tokens": "10",
        "x-ratelimit-remaining-tokens": "5",
        "x-ratelimit-reset-tokens": reset,
      }),
      NOW,
    );
    assert.equal(limit?.usedShare, 0.5);
    assert.equal("resetMs" in (limit ?? {}), false, reset);
  }
});
