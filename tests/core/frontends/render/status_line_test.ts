/** The status line: what is waited for, by the events, within the width. */
import assert from "node:assert/strict";
import {
  renderStatusLine,
  StatusTracker,
} from "../../../../core/frontends/render/status_line.ts";
import type { EventBody } from "../../../../core/protocol/event.ts";
import { NO_USAGE } from "../../../../core/protocol/event.ts";
import { QUESTION } from "../repl/support.ts";

function command(
  id: string,
  type: "activity.started" | "activity.completed",
): EventBody {
  return {
    type,
    activity: {
      id,
      type: "command",
      command: `run ${id}\nmore`,
      cwd: "/",
      output: "",
      exitCode: null,
      status: "in_progress",
    },
  };
}

Deno.test("StatusTracker says what is waited for and since when", () => {
  const tracker = new StatusTracker();
  let now = 0;
  const phases: (readonly [string, number])[] = [];
  const take = (body: EventBody): void => {
    tracker.take({ threadId: "t", seq: 0, at: "", ...body }, now += 10);
    phases.push([tracker.phase, tracker.sinceMs]);
  };
  take({ type: "turn.started", turnId: "1" });
  take({ type: "reasoning.delta", activityId: "r", text: "x" });
  take({ type: "text.delta", activityId: "m", text: "x" });
  take({ type: "text.delta", activityId: "m", text: "x" });
  take(command("a", "activity.started"));
  take(command("b", "activity.started"));
  take(command("a", "activity.completed"));
  take(command("b", "activity.completed"));
  take({ type: "approval.requested", approvalId: "1", request: QUESTION });
  take({
    type: "approval.settled",
    approvalId: "1",
    decision: { type: "approve" },
  });
  take({
    type: "turn.completed",
    turnId: "1",
    outcome: { type: "interrupted" },
    usage: NO_USAGE,
    threadUsage: NO_USAGE,
    reaped: 0,
  });
  assert.deepEqual(phases, [
    ["Waiting for the model", 10],
    ["Thinking", 20],
    ["Answering", 30],
    ["Answering", 30],
    ["Running run a", 50],
    ["Running 2 commands: run a, …", 60],
    ["Running run b", 70],
    ["Waiting for the model", 80],
    ["Waiting for your answer", 90],
    ["Waiting for the model", 100],
    ["", 110],
  ]);
});

Deno.test("StatusTracker shows the newest line of a command that runs", () => {
  const tracker = new StatusTracker();
  const take = (body: EventBody): void =>
    tracker.take({ threadId: "t", seq: 0, at: "", ...body }, 0);
  take(command("a", "activity.started"));
  take({ type: "output.delta", activityId: "a", text: "one\ntw" });
  take({ type: "output.delta", activityId: "a", text: "o\x1b[1m\n" });
  assert.equal(tracker.tail, "two");
  take(command("a", "activity.completed"));
  assert.equal(tracker.tail, "");
});

Deno.test("StatusTracker forgets a compaction when it is through", () => {
  const tracker = new StatusTracker();
  tracker.wait("Compacting the context", 5);
  assert.deepEqual([tracker.phase, tracker.sinceMs], [
    "Compacting the context",
    5,
  ]);
  tracker.take({
    threadId: "t",
    seq: 0,
    at: "",
    type: "context.compacted",
    reason: "manual",
    tokensBefore: 2,
    tokensAfter: 1,
    itemsKept: 1,
    itemsDropped: 1,
  }, 6);
  assert.equal(tracker.phase, "");
});

Deno.test("renderStatusLine() leaves out what matters least where there is no room", () => {
  const facts = {
    phase: "Answering",
    forMs: 65_400,
    tokens: 12_345,
    contextLeft: 0.876,
    hint: "Ctrl-C stops",
  };
  const at = (width: number): string =>
    renderStatusLine(facts, { hasColor: false, width });
  assert.equal(
    at(80),
    "Answering · 1 min 05 s · Ctrl-C stops · 12.3k tokens · 87% context left",
  );
  assert.equal(at(40), "Answering · 1 min 05 s · Ctrl-C stops");
  assert.equal(at(6), "Answe…");
  assert.equal(
    renderStatusLine({
      ...facts,
      forMs: 999,
      tokens: 0,
      contextLeft: undefined,
    }, { hasColor: false, width: 80 }),
    "Answering · Ctrl-C stops",
  );
});
