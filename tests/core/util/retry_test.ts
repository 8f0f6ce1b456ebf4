/** Backoff, the waits servers ask for, and the budget. */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  NOTHING_SPENT,
  parseRetryAfter,
  parseTryAgain,
  planRetry,
  type RetryBudget,
} from "../../../core/util/retry.ts";

const BUDGET: RetryBudget = {
  attemptsMax: 4,
  baseMs: 200,
  totalMs: 30_000,
  askedMsMax: 60_000,
};

function delays(budget: RetryBudget, random: number): number[] {
  const all: number[] = [];
  let plan = planRetry(budget, NOTHING_SPENT, { random });
  while (plan !== undefined) {
    all.push(plan.delayMs);
    plan = planRetry(budget, plan.spent, { random });
  }
  return all;
}

Deno.test("planRetry() doubles from the base as often as the budget allows", () => {
  assert.deepEqual(delays(BUDGET, 0.5), [200, 400, 800, 1_600]);
  assert.deepEqual(delays({ ...BUDGET, attemptsMax: 0 }, 0.5), []);
});

Deno.test("planRetry() spreads the wait by a tenth either way", () => {
  assert.deepEqual(delays({ ...BUDGET, attemptsMax: 1 }, 0), [180]);
  assert.deepEqual(delays({ ...BUDGET, attemptsMax: 1 }, 0.999999), [220]);
});

Deno.test("planRetry() never waits longer than its total, whatever the number of attempts", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 100 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (attemptsMax, random) => {
        const all = delays({ ...BUDGET, attemptsMax }, random);
        const total = all.reduce((sum, delay) => sum + delay, 0);
        assert.ok(all.length <= attemptsMax);
        assert.ok(total <= BUDGET.totalMs);
      },
    ),
  );
});

Deno.test("planRetry() waits as long as the server asks, outside the total", () => {
  const plan = planRetry({ ...BUDGET, totalMs: 0 }, NOTHING_SPENT, {
    random: 0.5,
    askedMs: 45_000,
  });
  assert.deepEqual(plan, {
    delayMs: 45_000,
    spent: { attempts: 1, waitedMs: 0 },
  });
});

Deno.test("planRetry() gives up when the server asks for too much", () => {
  const options = { random: 0.5, askedMs: 60_001 };
  assert.equal(planRetry(BUDGET, NOTHING_SPENT, options), undefined);
});

Deno.test("parseRetryAfter() reads seconds and dates", () => {
  const nowMs = Date.UTC(2026, 0, 1, 12, 0, 0);
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
    assert.equal(parseRetryAfter(value, nowMs), expected, String(value));
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
    ["try again later", undefined],
    ["try again in 5 storms", undefined],
    ["", undefined],
  ];
  for (const [text, expected] of cases) {
    assert.equal(parseTryAgain(text), expected, text);
  }
});
