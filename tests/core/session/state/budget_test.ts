/** The bounds of a run, counted. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { NO_USAGE, type Usage } from "../../../../core/protocol/event.ts";
import { Budget, costOf } from "../../../../core/session/state/budget.ts";
import { testThread, testTool } from "../../../support/harness.ts";
import { call } from "../../../support/mock_script.ts";

function tokens(totalTokens: number): Usage {
  return { ...NO_USAGE, totalTokens, inputTokens: totalTokens };
}

Deno.test("Budget without limits never ends and never warns", () => {
  const budget = new Budget({});
  for (let n = 0; n < 1_000; n++) budget.countRequest(tokens(1_000_000));
  assert.equal(budget.exhausted(1e12), undefined);
  assert.equal(budget.takeSoftMark(1e12), undefined);
});

Deno.test("Budget counts attempts, also those that brought no usage", () => {
  const budget = new Budget({ requestsMax: 3, tokensMax: 100 });
  budget.countAttempt();
  budget.countAttempt();
  budget.countUsage(null);
  assert.equal(budget.exhausted(0), undefined);
  budget.countAttempt();
  assert.deepEqual(budget.exhausted(0), { kind: "requests", used: 3, max: 3 });
});

Deno.test("Budget counts time from the first time it is asked", () => {
  const budget = new Budget({ timeoutMs: 1_000 });
  assert.equal(budget.exhausted(50_000), undefined);
  assert.equal(budget.takeSoftMark(50_799), undefined);
  assert.deepEqual(budget.takeSoftMark(50_800), {
    kind: "time",
    used: 800,
    max: 1_000,
  });
  assert.equal(budget.exhausted(50_999), undefined);
  assert.equal(budget.exhausted(51_000)?.kind, "time");
});

Deno.test("Budget tells of its soft mark exactly once, and before the hard one", () => {
  fc.assert(fc.property(
    fc.array(fc.integer({ min: 1, max: 50 }), { maxLength: 200 }),
    fc.integer({ min: 250, max: 2_000 }),
    (spent, tokensMax) => {
      const budget = new Budget({ tokensMax });
      let used = 0;
      let sent = 0;
      for (const amount of spent) {
        if (budget.exhausted(0) !== undefined) break;
        if (budget.takeSoftMark(0) !== undefined) sent++;
        assert.equal(sent, used >= tokensMax * 0.8 ? 1 : 0);
        budget.countRequest(tokens(amount));
        used += amount;
      }
      // No step is larger than a fifth of the limit: none can jump over the soft mark.
      if (used >= tokensMax) assert.equal(sent, 1);
      assert(used < tokensMax + 50);
    },
  ));
});

Deno.test("costOf() takes cached input at its own price", () => {
  const usage = {
    ...NO_USAGE,
    inputTokens: 1_000_000,
    cachedInputTokens: 400_000,
    outputTokens: 100_000,
  };
  const price = { input: 2, cachedInput: 0.5, output: 10 };
  assert.equal(costOf(usage, price), 1.2 + 0.2 + 1);
});

Deno.test("a thread tells the model once that its time is short, and then asks no more", async () => {
  let nowMs = 5_000;
  const limits = { timeoutMs: 10_000 };
  const tool = testTool("work", () => {
    nowMs += 4_500;
    return Promise.resolve({ content: "worked", success: true });
  });
  await using t = testThread({
    deps: { limits },
    host: { monotonicMs: () => nowMs },
    tools: [tool],
    script: () => call("work", {}),
  });
  const outcome = await t.turn("go");
  assert(outcome.type === "failed");
  assert.equal(outcome.error.kind, "timeout");
  const notices = t.model.requests.map(({ input }) =>
    input.filter((item) => JSON.stringify(item).includes("limit_notice")).length
  );
  assert.deepEqual(notices, [0, 0, 1]);
  assert.match(t.model.request(2).text, /10 seconds and has used 9 seconds/);
});
