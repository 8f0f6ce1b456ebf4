/** The journal of a batch: what a kill leaves of it is always a journal. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import type { JournalEntry } from "../../../core/batch/journal.ts";
import {
  JournalWriter,
  openJournal,
  readEntry,
  readJournal,
} from "../../../core/batch/journal_file.ts";
import { writeResults } from "../../../core/batch/results.ts";
import { ZERO_USAGE } from "../../../core/batch/usage.ts";
import type { BatchResult } from "../../../core/contract/batch.ts";
import { denoHost } from "../../../core/host/host.ts";
import { madeResult } from "./made_result.ts";

const { files } = denoHost();
const at = "2026-01-01T00:00:00.000Z";

function result(index: number, message = `did ${index} ✓`): BatchResult {
  return madeResult({
    index,
    id: String(index),
    exit_code: index % 2,
    status: index % 2 === 0 ? "done" : "failed",
    message,
    usage: { ...ZERO_USAGE, input_tokens: 10 },
  });
}

const OPENED: JournalEntry = {
  type: "opened",
  version: 1,
  at,
  seed: "s",
  run: 1,
  tasks_file: "/t.jsonl",
  tasks: ["a", "b", "c"],
  shard: null,
};

function started(index: number, attempt = 1): JournalEntry {
  const id = String(index);
  return { type: "started", at, index, id, attempt, session_id: `s${index}` };
}

function ended(index: number): JournalEntry {
  return { type: "ended", at, index, duration_ms: 1, result: result(index) };
}

async function written(
  entries: readonly JournalEntry[],
): Promise<AsyncDisposable & { folder: string; path: string }> {
  const folder = await Deno.makeTempDir({ prefix: "rondo-journal-" });
  const path = `${folder}/journal.jsonl`;
  const writer = await openJournal(files, path);
  for (const entry of entries) writer.write(entry);
  writer.close();
  return {
    folder,
    path,
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

Deno.test("a journal cut anywhere is read up to its last whole line, and goes on after it", async () => {
  const entries = [OPENED, started(0), ended(0), started(2), ended(2)];
  await using journal = await written(entries);
  const bytes = await Deno.readFile(journal.path);
  await fc.assert(
    fc.asyncProperty(fc.nat(bytes.length), async (cut) => {
      await Deno.writeFile(journal.path, bytes.subarray(0, cut));
      const whole = new TextDecoder().decode(bytes.subarray(0, cut))
        .split("\n").length - 1;
      const writer = await openJournal(files, journal.path);
      const more = whole === 0 ? OPENED : ended(1);
      const place = writer.write(more);
      writer.close();
      assert.deepEqual(await readEntry(files, journal.path, place), more);
      const state = await readJournal(files, journal.path);
      const expected = entries.slice(0, whole).flatMap((entry) =>
        entry.type === "ended" ? [entry.index] : []
      );
      const found = [...state?.states ?? []].flatMap(([index, { ended }]) =>
        ended === undefined ? [] : [index]
      );
      assert.deepEqual(
        found.sort(),
        [...expected, ...(whole === 0 ? [] : [1])].sort(),
      );
    }),
    { numRuns: 40 },
  );
});

Deno.test("attempts that failed add up, and one that began and did not end is known", async () => {
  await using journal = await written([
    OPENED,
    { type: "resumed", at, mark: "m" },
    started(1),
    {
      type: "failed",
      at,
      index: 1,
      attempt: 1,
      exit_code: 5,
      usage: { ...ZERO_USAGE, output_tokens: 7 },
      requests: 2,
      duration_ms: 3,
    },
    started(1, 2),
  ]);
  const state = await readJournal(files, journal.path);
  const { failed, running, usage, requests } = state?.states.get(1) ?? {};
  assert.deepEqual([failed, running?.attempt, usage?.output_tokens, requests], [
    1,
    2,
    7,
    2,
  ]);
  assert.equal(state?.openMark, "m");
});

Deno.test("results stand in the order of the tasks, whatever order they ended in", async () => {
  await using journal = await written([OPENED, ended(2), ended(0), ended(1)]);
  const state = await readJournal(files, journal.path);
  const path = `${journal.folder}/results.jsonl`;
  await writeResults({ files }, {
    journal: journal.path,
    path,
    states: state?.states ?? new Map(),
  });
  assert.equal(
    await Deno.readTextFile(path),
    [0, 1, 2].map((index) => `${JSON.stringify(result(index))}\n`).join(""),
  );
});

Deno.test("a journal with a foreign line in it is refused with the line", async () => {
  await using journal = await written([OPENED]);
  await Deno.writeTextFile(journal.path, '{"type":"x"}\n', { append: true });
  await assert.rejects(
    readJournal(files, journal.path),
    /journal\.jsonl line 2: it is no entry of a batch/,
  );
});

Deno.test("after an entry that a full disk cut short no other one is written behind it", () => {
  let room = 40;
  const lines: string[] = [];
  const writer = new JournalWriter({
    write: (text) => {
      lines.push(text.slice(0, room));
      if (text.length > room) throw new Error("No space left on device");
      room -= text.length;
    },
    sync: () => {},
    startSync: () => Promise.resolve(),
    close: () => {},
  }, 0);
  assert.throws(() => writer.write(started(0)), /No space left .*goes on/);
  room = 1_000_000;
  assert.throws(() => writer.write(ended(1)), /must be begun again/);
  assert.equal(lines.length, 1);
});
