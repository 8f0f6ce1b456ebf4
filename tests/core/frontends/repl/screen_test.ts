/** The live lines: what scrolled by stays, what is live is what was drawn last. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { composeLive } from "../../../../core/frontends/repl/live_area.ts";
import { Screen } from "../../../../core/frontends/repl/screen.ts";
import { ScreenEmulator } from "./screen_emulator.ts";
import { TestOutput } from "./support.ts";

const line = fc.constantFrom(
  "",
  "a",
  "some words",
  "日本",
  "\x1b[1mbold\x1b[0m",
  "x".repeat(19),
);
const frame = fc.record({
  printed: fc.array(fc.oneof(line, fc.constant("long ".repeat(12).trim())), {
    maxLength: 3,
  }),
  lines: fc.array(line, { minLength: 1, maxLength: 5 }),
  row: fc.nat(4),
  column: fc.nat(10),
});

function bare(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replaceAll(/\x1b\[[\d;]*m/g, "");
}

Deno.test("Screen keeps all that was printed above what is live, and only that", () => {
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 12 }), (frames) => {
      const output = new TestOutput(true);
      const screen = new Screen(output);
      const emulator = new ScreenEmulator(20);
      const printed: string[] = [];
      for (const one of frames) {
        const row = Math.min(one.row, one.lines.length - 1);
        screen.paint(one.printed, { ...one, row });
        emulator.write(output.text);
        output.text = "";
        printed.push(...one.printed);
        const expected = new ScreenEmulator(20);
        expected.write(
          [...printed, ...one.lines].map((text) => bare(text)).join("\r\n"),
        );
        assert.equal(emulator.text(), expected.text());
        const above = expected.rows.length - one.lines.length;
        assert.deepEqual([emulator.row, emulator.column], [
          above + row,
          one.column,
        ]);
      }
      screen.clear();
      emulator.write(output.text);
      const left = new ScreenEmulator(20);
      left.write(printed.map((text) => bare(text)).join("\r\n"));
      assert.equal(emulator.text(), left.text());
    }),
    { numRuns: 100 },
  );
});

Deno.test("Screen writes nothing when nothing has changed, and little for a key", () => {
  const output = new TestOutput(true);
  const screen = new Screen(output);
  const live = (text: string) => ({
    lines: ["status", text],
    row: 1,
    column: text.length,
  });
  screen.paint([], live("› a"));
  output.text = "";
  screen.paint([], live("› a"));
  assert.equal(output.text, "");
  screen.paint([], live("› ab"));
  assert.equal(output.text, "\r› ab\x1b[K\r\x1b[4C");
});

Deno.test("Screen finds its lines again after the window became narrower", () => {
  const output = new TestOutput(true);
  const screen = new Screen(output);
  screen.paint(["done"], {
    lines: ["0123456789", "0123456789", "in"],
    row: 2,
    column: 2,
  });
  output.text = "";
  screen.resized(6);
  screen.paint([], { lines: ["012", "in"], row: 1, column: 2 });
  // Two lines of ten are four of six.
  assert.ok(
    output.text.startsWith("\x1b[4A\r\x1b[J012\r\nin"),
    JSON.stringify(output.text),
  );
});

const LOOK = { hasColor: false, width: 30 };
const PARTS = {
  preview: ["answer"],
  question: [],
  tail: "",
  status: "Waiting",
  steers: [],
  queue: [],
  notice: "",
  editor: { lines: ["› x"], row: 0, column: 3 },
};

Deno.test("composeLive() puts the parts in order and the cursor into the input", () => {
  const live = composeLive(
    {
      ...PARTS,
      tail: "out",
      steers: ["s"],
      queue: ["1", "2", "3", "4", "5"],
      notice: "note",
    },
    LOOK,
    20,
  );
  assert.deepEqual(live.lines, [
    "answer",
    "  out",
    "Waiting",
    "  steering: s",
    "  next: 1",
    "  next: 2",
    "  next: 3",
    "  … 2 more next",
    "note",
    "› x",
  ]);
  assert.deepEqual([live.row, live.column], [9, 3]);
});

Deno.test("composeLive() drops what is farthest from the input where there is no room", () => {
  const live = composeLive({ ...PARTS, notice: "note" }, LOOK, 3);
  assert.deepEqual(live.lines, ["Waiting", "note", "› x"]);
  assert.deepEqual([live.row, live.column], [2, 3]);
});

Deno.test("composeLive() puts the cursor into the word that is typed to a no", () => {
  const live = composeLive(
    { ...PARTS, question: ["Why not? x"], cursor: 10 },
    LOOK,
    20,
  );
  assert.deepEqual(live.lines, ["answer", "Why not? x", "Waiting", "› x"]);
  assert.deepEqual([live.row, live.column], [1, 10]);
});
