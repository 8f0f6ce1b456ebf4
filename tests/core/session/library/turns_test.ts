/** The turns of a log: how they end, what was rolled back, and those of another session. */
import assert from "node:assert/strict";
import type { LogFact, RecordedTurn } from "../../../../core/protocol/log.ts";
import { pastEntries } from "../../../../core/frontends/wire/history.ts";
import { loadTurns } from "../../../../core/session/library/turns.ts";
import {
  item,
  memoryDisk,
  memoryHost,
  turnFacts,
  userItem,
  writeLog,
} from "../log/support.ts";

async function turnsOf(
  facts: readonly LogFact[],
): Promise<readonly RecordedTurn[]> {
  const disk = memoryDisk();
  const path = await writeLog(memoryHost(disk), facts);
  return await loadTurns(disk.files, path);
}

function texts(turn: RecordedTurn | undefined): readonly string[] {
  return pastEntries(turn?.items ?? [], "/srv").map((entry) =>
    entry.type === "user" ? entry.text : entry.activity.type
  );
}

Deno.test("a turn has its messages and calls, and ends as the log says", async () => {
  const turns = await turnsOf([
    ...turnFacts("one", "first"),
    ...turnFacts("two", "second"),
  ]);
  assert.deepEqual(turns.map(({ id }) => id), ["one", "two"]);
  assert.equal(texts(turns[1])[0], "second");
  assert.deepEqual(turns.map(({ messages }) => messages), [1, 1]);
  assert.equal(turns[0]?.status, "completed");
  assert.ok(turns[0].startedAt <= (turns[0].completedAt ?? ""));
});

Deno.test("a turn that was rolled back is gone, and one without an end is in progress", async () => {
  const turns = await turnsOf([
    ...turnFacts("one", "first"),
    ...turnFacts("two", "second"),
    { type: "rolled_back", turns: 1 },
    ...turnFacts("three", "third").slice(0, 2),
  ]);
  assert.deepEqual(turns.map(({ id, status }) => [id, status]), [
    ["one", "completed"],
    ["three", "inProgress"],
  ]);
});

Deno.test("what a fork took over is a turn for each message", async () => {
  const turns = await turnsOf([
    item(userItem("old")),
    item(userItem("older")),
    ...turnFacts("one", "first"),
  ]);
  assert.deepEqual(turns.map(texts).map(([text]) => text), [
    "old",
    "older",
    "first",
  ]);
  assert.deepEqual(turns.map(({ status }) => status), [
    "completed",
    "completed",
    "completed",
  ]);
});
