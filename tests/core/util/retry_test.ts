/** Backoff, the waits servers ask for, and the budget. */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  attemptsOf,
  NOTHING_SPENT,
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

Deno.test("planRetry() without a longest wait waits as often as the server says, with a pause at least", () => {
  const budget = { ...BUDGET, attemptsMax: 1, askedMsMax: Infinity };
  const options = { random: 0.5, askedMs: 86_400_000 };
  let spent = NOTHING_SPENT;
  for (let count = 1; count <= 50; count++) {
    const plan = planRetry(budget, spent, options);
    assert.equal(plan?.delayMs, 86_400_000);
    spent = plan?.spent ?? spent;
    assert.equal(attemptsOf(spent), count);
  }
  assert.equal(
    planRetry(budget, spent, { ...options, askedMs: 0 })?.delayMs,
    200,
  );
  assert.equal(planRetry(budget, spent, { random: 0.5 })?.spent.attempts, 1);
});
