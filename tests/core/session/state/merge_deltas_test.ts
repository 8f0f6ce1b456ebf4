/** Merging of deltas for slow readers: nothing but their number changes. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import type { Event } from "../../../../core/protocol/event.ts";
import { LIMITS } from "../../../../core/protocol/limits.ts";
import { mergeDeltas } from "../../../../core/session/state/activities.ts";

const BASE = { threadId: "t", at: "2026-01-02T03:04:05.678Z" };

Deno.test("mergeDeltas() joins adjacent deltas of one activity under the first number", () => {
  const merged = mergeDeltas(
    delta({ seq: 4, text: "a" }),
    delta({ seq: 5, text: "b" }),
  );
  assert.deepEqual(merged, delta({ seq: 4, text: "ab" }));
});

Deno.test("mergeDeltas() joins nothing of different kinds or activities", () => {
  const first = delta({ seq: 1 });
  const others: Event[] = [
    delta({ seq: 2, type: "reasoning.delta" }),
    delta({ seq: 2, activityId: "item_9" }),
    { ...BASE, seq: 2, type: "warning", message: "w" },
    { ...BASE, seq: 2, type: "input.steered", text: "s" },
    { ...BASE, seq: 2, type: "activity.withdrawn", activityId: "item_0" },
  ];
  for (const other of others) {
    assert.equal(mergeDeltas(first, other), undefined);
    assert.equal(mergeDeltas(other, first), undefined);
  }
});

Deno.test("mergeDeltas() joins no more than a line of JSON holds, however it is escaped", () => {
  const text = "\u0001".repeat(LIMITS.deltaCharacters - 1);
  const merged = mergeDeltas(
    delta({ seq: 4, text }),
    delta({ seq: 5, text: "b" }),
  );
  assert.ok(merged !== undefined);
  assert.ok(JSON.stringify(merged).length < LIMITS.eventLineBytes);
  assert.equal(mergeDeltas(merged, delta({ seq: 6, text: "c" })), undefined);
});

Deno.test("mergeDeltas() loses no text, in whatever order deltas come", () => {
  const one = fc.record({
    activityId: fc.constantFrom("item_0", "item_1"),
    text: fc.string(),
  });
  fc.assert(fc.property(fc.array(one), (deltas) => {
    const events = deltas.map((each, seq) => delta({ ...each, seq }));
    const queue: Event[] = [];
    for (const event of events) {
      const last = queue.at(-1);
      const merged = last && mergeDeltas(last, event);
      if (merged === undefined) queue.push(event);
      else queue[queue.length - 1] = merged;
    }
    for (const id of ["item_0", "item_1"]) {
      assert.equal(textOf(queue, id), textOf(events, id));
    }
  }));
});

function delta(fields: {
  readonly seq: number;
  readonly type?: "text.delta" | "reasoning.delta";
  readonly activityId?: string;
  readonly text?: string;
}): Event {
  return {
    ...BASE,
    type: "text.delta",
    activityId: "item_0",
    text: "x",
    ...fields,
  };
}

function textOf(events: readonly Event[], id: string): string {
  return events.flatMap((event) =>
    "text" in event && "activityId" in event && event.activityId === id
      ? [event.text]
      : []
  ).join("");
}
