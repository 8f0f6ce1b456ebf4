/** What a turn keeps for undo, seen through whole turns. */
import assert from "node:assert/strict";
import { NO_USAGE } from "../../../../core/protocol/event.ts";
import type { Checkpoints } from "../../../../core/session/undo/checkpoints.ts";
import { testThread, testTool } from "../../../support/harness.ts";
import { call, say } from "../../../support/mock_script.ts";

interface Kept extends Checkpoints {
  readonly calls: unknown[];
}

function recording(): Kept {
  const calls: unknown[] = [];
  return {
    calls,
    beforeChange: (turnId, path) => {
      calls.push(["before", turnId, path]);
      return Promise.resolve();
    },
    beforeProgram: (turnId, { what, messagesBefore }) => {
      calls.push(["program", turnId, what, messagesBefore]);
      return Promise.resolve(() => {
        calls.push(["over", what]);
        return Promise.resolve();
      });
    },
    commit: (turnId, messagesBefore) => {
      calls.push(["commit", turnId, messagesBefore]);
      return Promise.resolve();
    },
    countSince: () => assert.fail("nothing is undone"),
    preview: () => assert.fail("nothing is undone"),
    undo: () => assert.fail("nothing is undone"),
  };
}

const edit = testTool("edit", async (_call, context) => {
  await context.beforeChange(["/srv/a", "/srv/b"]);
  return { content: "edited", success: true };
});

Deno.test("TurnRecord keeps the files of a turn, with the messages that came before it", async () => {
  const checkpoints = recording();
  await using t = testThread({
    tools: [edit],
    deps: { checkpoints },
    script: [say("first"), call("edit", {}), say("second")],
  });
  await t.turn("one");
  assert.deepEqual(checkpoints.calls, []);
  await t.turn("two");
  const turn = t.events.filter((event) => event.type === "turn.started")[1];
  assert.ok(turn?.type === "turn.started");
  assert.deepEqual(checkpoints.calls, [
    ["before", turn.turnId, "/srv/a"],
    ["before", turn.turnId, "/srv/b"],
    // The first turn's message, and the harness's own that stands for the environment.
    ["commit", turn.turnId, 2],
  ]);
});

Deno.test("TurnRecord keeps nothing where there is nowhere to keep it", async () => {
  await using t = testThread({
    tools: [edit],
    script: [call("edit", {}), say("done")],
  });
  assert.deepEqual(await t.turn("go"), { type: "done", message: "done" });
});

Deno.test("TurnRecord counts what tools spend on their own, and the limits of the run hold for it", async () => {
  const usage = { ...NO_USAGE, inputTokens: 40, totalTokens: 40 };
  const refusals: (string | undefined)[] = [];
  const spend = testTool("spend", (_call, { spending }) => {
    refusals.push(spending.refusal());
    spending.count(usage);
    spending.count(null);
    refusals.push(spending.refusal());
    spending.count(null);
    refusals.push(spending.refusal());
    return Promise.resolve({ content: "spent", success: true });
  });
  await using t = testThread({
    tools: [spend],
    deps: { limits: { requestsMax: 4 } },
    script: [call("spend", {})],
  });
  const outcome = await t.turn("go");
  assert.deepEqual(refusals, [
    undefined,
    undefined,
    "4 of 4 requests are used",
  ]);
  assert.ok(outcome.type === "failed");
  assert.match(outcome.error.message, /4 of 4 requests are used/);
  const own = t.events.flatMap((event) =>
    event.type === "request.completed" ? [event.usage?.inputTokens ?? 0] : []
  );
  const end = t.events.find((event) => event.type === "turn.completed");
  assert.ok(end?.type === "turn.completed");
  assert.equal(end.usage.inputTokens, 40 + (own[0] ?? NaN));
  assert.equal(end.threadUsage.inputTokens, end.usage.inputTokens);
});
