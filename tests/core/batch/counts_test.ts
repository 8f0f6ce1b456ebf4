/** What a journal says of the tasks of a part. */
import assert from "node:assert/strict";
import { countStates } from "../../../core/batch/counts.ts";
import type { TaskState } from "../../../core/batch/journal.ts";
import { ZERO_USAGE } from "../../../core/batch/usage.ts";

function ended(exitCode?: number): TaskState {
  return {
    id: "a",
    failed: 0,
    usage: ZERO_USAGE,
    requests: 1,
    ...(exitCode !== undefined && {
      ended: { exitCode, status: "x", place: { offset: 0, bytes: 1 } },
    }),
  };
}

Deno.test("countStates() counts the tasks of a part, and those that wait for their attempt", () => {
  const states = new Map([
    [0, ended(0)],
    [1, ended(7)],
    [2, ended()],
    [3, ended(0)],
  ]);
  const tasks = [0, 1, 2, 5].map((index) => ({ index }));
  assert.deepEqual(countStates(tasks, states), {
    tasks: 4,
    done: 1,
    failed: 1,
    waiting: 2,
  });
});
