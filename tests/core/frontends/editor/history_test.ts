/** Earlier input: the file other tools share, its bounds, its privacy. */
import assert from "node:assert/strict";
import {
  parseHistory,
  recallable,
  renderHistoryLine,
  trimHistory,
} from "../../../../core/frontends/editor/history.ts";
import { HistoryFile } from "../../../../core/frontends/editor/history_file.ts";
import { testHost } from "../../../support/harness.ts";

Deno.test("parseHistory() reads lines of other tools and skips what is none", () => {
  const text = [
    '{"session_id":"a","ts":1,"text":"one"}',
    "garbage",
    '{"session_id":"a","ts":2,"text":"two","cwd":"/srv","more":1}',
    '{"ts":3}',
    "",
  ].join("\n");
  assert.deepEqual(parseHistory(text), [
    { text: "one" },
    { text: "two", cwd: "/srv" },
  ]);
});

Deno.test("renderHistoryLine() writes what parseHistory() reads", () => {
  const entry = { text: 'a\n"b" 日本', cwd: "/srv" };
  const line = renderHistoryLine(entry, { threadId: "t", at: new Date(5_000) });
  assert.equal(JSON.parse(line).ts, 5);
  assert.deepEqual(parseHistory(line), [entry]);
});

Deno.test("trimHistory() keeps the newest whole lines", () => {
  assert.equal(trimHistory("aaa\nbbb\nccc\n", 8), "bbb\nccc\n");
  assert.equal(trimHistory("aaa\nbbb\nccc\n", 7), "ccc\n");
  assert.equal(trimHistory("aaa\n", 100), "aaa\n");
  assert.equal(trimHistory("日本\n", 3), "");
});

Deno.test("recallable() says doubles once, newest first", () => {
  assert.deepEqual(
    recallable([{ text: "a" }, { text: "b" }, { text: "a" }]),
    ["a", "b"],
  );
});

Deno.test("HistoryFile keeps input across runs in a file nobody else may read", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/history.jsonl`;
  const place = { path, bytesMax: 10_000 };
  const first = new HistoryFile(testHost(), place);
  await first.load();
  first.add({ text: "one", cwd: "/srv" }, "t");
  first.add({ text: "one", cwd: "/srv" }, "t");
  first.add({ text: " secret", cwd: "/srv" }, "t");
  first.add({ text: "x".repeat(100_000), cwd: "/srv" }, "t");
  first.add({ text: "two", cwd: "/srv" }, "t");
  await first.flush();
  assert.equal((await Deno.stat(path)).mode! & 0o777, 0o600);
  const second = new HistoryFile(testHost(), place);
  await second.load();
  assert.deepEqual(second.entries.map(({ text }) => text), ["one", "two"]);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("HistoryFile shrinks a file that has grown too large", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/history.jsonl`;
  const lines = Array.from(
    { length: 200 },
    (_, n) =>
      renderHistoryLine({ text: `entry ${n}` }, {
        threadId: "t",
        at: new Date(0),
      }),
  );
  await Deno.writeTextFile(path, lines.join(""));
  const file = new HistoryFile(testHost(), { path, bytesMax: 1_000 });
  await file.load();
  assert.equal(file.entries.at(-1)?.text, "entry 199");
  const size = (await Deno.stat(path)).size;
  assert.ok(size <= 1_000 && size > 900, String(size));
  assert.equal((await Deno.stat(path)).mode! & 0o777, 0o600);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("HistoryFile goes on without a place and with an unwritable one", async () => {
  for (
    const place of [undefined, { path: "/proc/no/such/file", bytesMax: 10 }]
  ) {
    const file = new HistoryFile(testHost(), place);
    await file.load();
    file.add({ text: "one" }, "t");
    await file.flush();
    assert.deepEqual(file.entries, [{ text: "one" }]);
  }
});
