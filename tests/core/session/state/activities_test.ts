/** Activities: ids in order of appearance, each begun and ended once. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import type { EventBody } from "../../../../core/protocol/event.ts";
import type { ActivityBody } from "../../../../core/protocol/tool.ts";
import { Activities } from "../../../../core/session/state/activities.ts";

const MESSAGE: ActivityBody = { type: "message", text: "half" };
const PLAN: ActivityBody = {
  type: "plan",
  steps: [{ text: "one", status: "in_progress" }],
};
const COMMAND: ActivityBody = {
  type: "command",
  command: "sleep 9",
  cwd: "/w",
  output: "so far",
  exitCode: null,
  status: "in_progress",
};

Deno.test("ActivityBoard numbers what it shows in order of appearance", () => {
  const { activities, events } = newActivities();
  assert.equal(activities.open(COMMAND), "item_0");
  activities.show(MESSAGE);
  assert.equal(activities.open(PLAN), "item_2");
  activities.update("item_2", { ...PLAN });
  activities.complete("item_0", {
    ...COMMAND,
    status: "completed",
    exitCode: 0,
  });
  assert.deepEqual(events.map(shape), [
    "activity.started item_0",
    "activity.completed item_1",
    "activity.started item_2",
    "activity.updated item_2",
    "activity.completed item_0",
  ]);
});

Deno.test("closeAll() fails what runs, finishes plans, takes back unfinished words", () => {
  const { activities, events } = newActivities();
  for (const body of [COMMAND, PLAN, MESSAGE]) activities.open(body);
  events.length = 0;
  activities.closeAll();
  assert.deepEqual(events, [
    {
      type: "activity.completed",
      activity: { ...COMMAND, id: "item_0", status: "failed" },
    },
    { type: "activity.completed", activity: { ...PLAN, id: "item_1" } },
    { type: "activity.withdrawn", activityId: "item_2" },
  ]);
  activities.closeAll();
  assert.equal(events.length, 3);
});

Deno.test("closeAll() ends the newest state of an activity", () => {
  const { activities, events } = newActivities();
  const id = activities.open(COMMAND);
  activities.update(id, { ...COMMAND, output: "more" });
  activities.closeAll();
  const last = events.at(-1);
  assert.ok(last?.type === "activity.completed");
  assert.ok(last.activity.type === "command");
  assert.equal(last.activity.output, "more");
});

Deno.test("ActivityBoard ends everything exactly once, whatever is done", () => {
  const step = fc.constantFrom("open", "show", "complete", "withdraw");
  fc.assert(fc.property(fc.array(step), (steps) => {
    const { activities, events } = newActivities();
    const open: string[] = [];
    for (const what of steps) {
      if (what === "open") open.push(activities.open(COMMAND));
      else if (what === "show") activities.show(PLAN);
      else if (open.length > 0) {
        const id = open.shift() ?? "";
        if (what === "complete") activities.complete(id, COMMAND);
        else activities.withdraw(id);
      }
    }
    activities.closeAll();
    const ends = events.filter(({ type }) =>
      type === "activity.completed" || type === "activity.withdrawn"
    ).map(idOf);
    const seen = new Set(events.map(idOf));
    assert.equal(new Set(ends).size, ends.length);
    assert.equal(ends.length, seen.size);
  }));
});

function newActivities(): { activities: Activities; events: EventBody[] } {
  const events: EventBody[] = [];
  return { activities: new Activities((event) => events.push(event)), events };
}

function idOf(event: EventBody): string {
  if ("activity" in event) return event.activity.id;
  return "activityId" in event ? event.activityId : "";
}

function shape(event: EventBody): string {
  return `${event.type} ${idOf(event)}`;
}
