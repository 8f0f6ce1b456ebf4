/** Questions and answers: each question is settled once. */
import assert from "node:assert/strict";
import type { EventBody } from "../../../../core/protocol/event.ts";
import type { ApprovalRequest } from "../../../../core/protocol/policy.ts";
import { Approvals } from "../../../../core/session/state/approvals.ts";

const REQUEST: ApprovalRequest = {
  kind: "command",
  title: "rm x",
  detail: "rm x",
  cwd: "/w",
  reason: "it deletes",
  forbids: "",
  sessionScope: "rm x",
};

Deno.test("decide() answers the question it names, and no other", async () => {
  const { approvals, events } = newApprovals();
  const { signal } = new AbortController();
  const first = approvals.ask(REQUEST, signal);
  const second = approvals.ask(REQUEST, signal);
  assert.equal(approvals.decide("q2", { type: "approve" }), true);
  assert.equal(approvals.decide("q1", { type: "deny", message: "no" }), true);
  assert.deepEqual(await first, { type: "deny", message: "no" });
  assert.deepEqual(await second, { type: "approve" });
  assert.deepEqual(events.map((event) => event.type), [
    "approval.requested",
    "approval.requested",
    "approval.settled",
    "approval.settled",
  ]);
});

Deno.test("decide() refuses a second answer and an unknown question", async () => {
  const { approvals, events } = newApprovals();
  const asked = approvals.ask(REQUEST, new AbortController().signal);
  approvals.decide("q1", { type: "approve" });
  assert.equal(approvals.decide("q1", { type: "deny" }), false);
  assert.equal(approvals.decide("other", { type: "approve" }), false);
  assert.deepEqual(await asked, { type: "approve" });
  assert.equal(events.length, 2);
});

Deno.test("ask() rejects when the turn ends, and takes no answer after that", async () => {
  const { approvals } = newApprovals();
  const turn = new AbortController();
  const asked = approvals.ask(REQUEST, turn.signal);
  turn.abort(new Error("over"));
  await assert.rejects(asked, /over/);
  assert.equal(approvals.decide("q1", { type: "approve" }), false);
});

Deno.test("ask() puts no question in a turn that is over", () => {
  const { approvals, events } = newApprovals();
  assert.throws(() => approvals.ask(REQUEST, AbortSignal.abort()), {
    name: "AbortError",
  });
  assert.deepEqual(events, []);
});

Deno.test("an answered question is not touched by the end of its turn", async () => {
  const { approvals } = newApprovals();
  const turn = new AbortController();
  const asked = approvals.ask(REQUEST, turn.signal);
  approvals.decide("q1", { type: "approve" });
  turn.abort();
  assert.deepEqual(await asked, { type: "approve" });
});

function newApprovals(): { approvals: Approvals; events: EventBody[] } {
  const events: EventBody[] = [];
  let count = 0;
  const approvals = new Approvals(
    (event) => events.push(event),
    () => `q${++count}`,
  );
  return { approvals, events };
}
