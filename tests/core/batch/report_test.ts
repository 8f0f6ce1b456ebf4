/** Results joined and shown: nothing missing, nothing twice, nothing that runs in a browser. */
import assert from "node:assert/strict";
import type { JournalState } from "../../../core/batch/journal.ts";
import { dropInputs } from "../../../core/batch/inputs.ts";
import { planMerge } from "../../../core/batch/merge.ts";
import {
  PAGE_END,
  renderPageHead,
  renderPageTask,
  renderTable,
  reportCells,
} from "../../../core/batch/report.ts";
import { RunRecord } from "../../../core/batch/run_record.ts";
import { ZERO_USAGE } from "../../../core/batch/usage.ts";
import { madeResult } from "./made_result.ts";

function part(
  folder: string,
  indexes: readonly number[],
  tasks = ["a", "b", "c"],
): { folder: string; state: JournalState } {
  const states = indexes.map((index) =>
    [index, {
      id: "",
      failed: 0,
      usage: ZERO_USAGE,
      requests: 0,
      ended: { exitCode: 0, status: "", place: { offset: index, bytes: 0 } },
    }] as const
  );
  return {
    folder,
    state: {
      opened: {
        type: "opened",
        version: 1,
        at: "",
        seed: "",
        run: 1,
        tasks_file: "",
        tasks,
        shard: null,
      },
      tasks,
      states: new Map(states),
      openMark: undefined,
    },
  };
}

Deno.test("parts of one tasks file are joined in its order", () => {
  const merged = planMerge([part("x", [1]), part("y", [2, 0])]);
  assert.deepEqual(
    merged.map(({ part: { folder }, place }) => [folder, place.offset]),
    [["y", 0], ["x", 1], ["y", 2]],
  );
});

Deno.test("a merge tells which task is missing, which is twice, and whose tasks are others", () => {
  assert.throws(
    () => planMerge([part("x", [0]), part("y", [2])]),
    /1 of 3 tasks have no result \(1\)/,
  );
  assert.throws(
    () => planMerge([part("x", [0, 1]), part("y", [1, 2])]),
    /task 1 is in x and in y/,
  );
  assert.throws(
    () => planMerge([part("x", [0, 1]), part("y", [2], ["a", "b", "d"])]),
    /x and y are of different tasks/,
  );
});

Deno.test("the page of a batch is one piece, and nothing in it is more than text", () => {
  const evil = `<script>alert(1)</script><img src="http://x/">'"&\u202e`;
  const bad = madeResult({
    id: "bad",
    exit_code: 1,
    status: "failed",
    message: evil,
    error: { kind: "http", message: evil },
    patch: "patches/bad.patch",
  });
  const page = renderPageHead([reportCells(bad)]) +
    renderPageTask(bad, `+added ${evil}\n-gone\n--- a/x\n`) + PAGE_END;
  assert.doesNotMatch(page, /<script|<img|\u202e/);
  assert.match(page, /<ins>\+added &lt;script&gt;/);
  assert.match(page, /<del>-gone<\/del>\n--- a\/x/);
  assert.match(page, /default-src 'none'/);
  assert.match(page, /^<!doctype html>[^]*<\/html>\n$/);
});

Deno.test("the table has a line for each task, in columns", () => {
  assert.deepEqual(renderTable([reportCells(madeResult({}))]), [
    "task  status  exit  attempts  tokens  patch",
    "one   done    0     1         0",
  ]);
});

Deno.test("the lines of a run are gathered into what it came to", () => {
  const record = new RunRecord();
  const usage = { ...ZERO_USAGE, input_tokens: 3, output_tokens: 4 };
  const item = (id: string, text: string, phase?: string) => ({
    type: "item.completed",
    item: { id, type: "agent_message", text, phase },
  });
  const lines: readonly unknown[] = [
    { type: "thread.started", model: "m" },
    { type: "request.completed", usage },
    item("1", "let me see", "commentary"),
    item("2", "withdrawn"),
    { type: "item.withdrawn", item_id: "2" },
    item("3", "the answer"),
    item("4", "by the way", "commentary"),
    { type: "attempt" },
    { type: "of tomorrow" },
    { type: "turn.completed", thread_usage: usage },
  ];
  const answered = lines.flatMap((line) =>
    record.take(JSON.stringify(line)) ?? []
  );
  assert.deepEqual(answered, [{ model: "m", usage }]);
  assert.deepEqual(record.outcome(0), {
    exitCode: 0,
    status: "done",
    message: "the answer",
    error: null,
    usage,
    requests: 1,
    rounds: 1,
  });
});

Deno.test("a run without a last line is lost, whatever it exited with", () => {
  const record = new RunRecord();
  assert.equal(record.outcome(0).exitCode, 70);
  const { exitCode, status } = record.outcome(137);
  assert.deepEqual([exitCode, status], [137, "lost"]);
});

Deno.test("what a task was given is left out of its patch, whatever else is in it", () => {
  const file = (name: string): string =>
    `diff --git a/${name} b/${name}\n--- a/${name}\n+++ b/${name}\n@@ -1 +1 @@\n-a\n+diff --git a/in.txt b/in.txt\n`;
  const patch = file("in.txt") + file("x") + file("sub/in.txt");
  assert.equal(
    dropInputs(patch, ["in.txt"]),
    file("x") + file("sub/in.txt"),
  );
  assert.equal(dropInputs(patch, []), patch);
});
