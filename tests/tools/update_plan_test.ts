/** The plan tool. */
import assert from "node:assert/strict";
import { ToolError } from "../../core/protocol/error.ts";
import { createUpdatePlanTool } from "../../tools/update_plan.ts";
import { call, recordingContext, settings } from "./support.ts";

const PLAN = {
  explanation: null,
  plan: [{ step: "look", status: "completed" }, {
    step: "do",
    status: "in_progress",
  }],
};

Deno.test("update_plan opens the plan once a turn and updates it after", async () => {
  const tool = createUpdatePlanTool();
  const turn = recordingContext(settings());
  assert.deepEqual(await tool.run(call(PLAN), turn), {
    content: "Plan updated",
    success: true,
  });
  assert.deepEqual([...turn.activities.values()], [{
    type: "plan",
    steps: [{ text: "look", status: "completed" }, {
      text: "do",
      status: "in_progress",
    }],
    stage: "open",
  }]);
  await tool.run(call({ plan: [] }), turn);
  assert.deepEqual([...turn.activities.entries()], [["item_0", {
    type: "plan",
    steps: [],
    stage: "updated",
  }]]);
  const next = recordingContext(settings());
  await tool.run(call(PLAN), next);
  assert.deepEqual([...next.activities.values()].map(({ stage }) => stage), [
    "open",
  ]);
});

Deno.test("update_plan refuses what is no plan", async () => {
  const tool = createUpdatePlanTool();
  for (
    const input of ["{", "{}", { plan: "x" }, { plan: [{ step: "a" }] }, {
      plan: [{ step: "a", status: "done" }],
    }]
  ) {
    await assert.rejects(
      async () => await tool.run(call(input), recordingContext(settings())),
      (error) =>
        error instanceof ToolError &&
        /^Cannot call \w+: /.test(error.message),
    );
  }
});
