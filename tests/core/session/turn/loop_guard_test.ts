/** A model that goes round in circles is told, then its turn ends. */
import assert from "node:assert/strict";
import { LIMITS } from "../../../../core/protocol/limits.ts";
import { ToolError } from "../../../../core/protocol/error.ts";
import {
  type TestThread,
  testThread,
  testTool,
} from "../../../support/harness.ts";
import { call, endTurn, say, type Step } from "../../../support/mock_model.ts";

let count = 0;
const tools = [
  testTool("fails", () => {
    // Times and names differ, the failure does not.
    throw new ToolError(`no such file: /tmp/tmp.${count++}`);
  }),
  testTool("works", () => Promise.resolve({ content: "ok", success: true })),
  testTool(
    "counts",
    () => Promise.resolve({ content: `${count++} done`, success: true }),
  ),
];

function endless(step: (at: number) => Step): TestThread {
  let at = 0;
  return testThread({ tools, script: () => step(at++) });
}

async function assertEnds(
  t: TestThread,
  limits: { readonly tell: number; readonly end: number },
  stepsInRound = 1,
): Promise<void> {
  const outcome = await t.turn("go");
  const error = outcome.type === "failed" ? outcome.error : undefined;
  assert.equal(error?.kind, "limit");
  assert.match(error?.message ?? "", /goes round in circles/);
  assert.ok(t.model.requests.length <= (limits.end + 1) * stepsInRound);
  const last = t.model.requests.at(-1);
  const notices = last?.input.filter((item) =>
    JSON.stringify(item).includes("<loop_notice>")
  );
  assert.equal(notices?.length, 1, "the model is told once");
  const warnings = t.events.filter((one) => one.type === "warning");
  assert.equal(warnings.length, 1, "and so is the person");
}

Deno.test("the same failing call again and again ends the turn, whatever its error says each time", async () => {
  await using t = endless(() => call("fails", { path: "x" }));
  await assertEnds(t, LIMITS.failingLoop);
});

Deno.test("a call of a tool that does not exist, again and again, ends the turn", async () => {
  await using t = endless(() => call("nothing", {}));
  await assertEnds(t, LIMITS.failingLoop);
});

Deno.test("two calls in turn, one of which fails, end the turn", async () => {
  await using t = endless((at) =>
    call(at % 2 === 0 ? "fails" : "works", { path: "x" })
  );
  await assertEnds(t, LIMITS.failingLoop, 2);
});

Deno.test("a call that succeeds with the same result for ever ends the turn, later", async () => {
  await using t = endless(() => call("works", { plan: ["a"] }));
  await assertEnds(t, LIMITS.idleLoop);
});

Deno.test("an answer that only repeats ends the turn", async () => {
  await using t = endless(() => [say("I go on."), endTurn(false)]);
  await assertEnds(t, LIMITS.idleLoop);
});

Deno.test("calls whose results change, and calls that differ, are no circle", async () => {
  const most = LIMITS.idleLoop.end + 10;
  for (
    const step of [
      () => call("counts", {}),
      (at: number) => call("fails", { at }),
    ]
  ) {
    await using t = endless((at) => at < most ? step(at) : say("Done."));
    assert.equal((await t.turn("go")).type, "done");
    assert.equal(t.events.some((one) => one.type === "warning"), false);
  }
});
