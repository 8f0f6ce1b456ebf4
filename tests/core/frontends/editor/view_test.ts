/** The input line as drawn: wrapped, scrolled, the cursor where it belongs. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { displayWidth } from "../../../../core/util/text/width.ts";
import {
  type EditorState,
  EMPTY_EDITOR,
} from "../../../../core/frontends/editor/editor.ts";
import { EMPTY_TEXT } from "../../../../core/frontends/editor/text.ts";
import { renderEditor } from "../../../../core/frontends/editor/view.ts";

function at(text: string, cursor: number = text.length): EditorState {
  return { edit: { ...EMPTY_TEXT, text, cursor } };
}

const OPTIONS = { hasColor: false, width: 12, rowsMax: 4, mark: "› " };

Deno.test("renderEditor() wraps and says where the cursor is", () => {
  assert.deepEqual(renderEditor(at("abc"), OPTIONS), {
    lines: ["› abc"],
    row: 0,
    column: 5,
  });
  assert.deepEqual(renderEditor(at("abcdefghijkl", 10), OPTIONS), {
    lines: ["› abcdefghi", "  jkl"],
    row: 1,
    column: 3,
  });
  assert.deepEqual(renderEditor(at("日本語日本語", 4), OPTIONS), {
    lines: ["› 日本語日", "  本語"],
    row: 1,
    column: 2,
  });
  assert.deepEqual(renderEditor(at("a\nb", 1), OPTIONS), {
    lines: ["› a", "  b"],
    row: 0,
    column: 3,
  });
});

Deno.test("renderEditor() shows the lines around the cursor of a long text", () => {
  const text = Array.from({ length: 500 }, (_, n) => `l${n}`).join("\n");
  const view = renderEditor(at(text), OPTIONS);
  assert.deepEqual(view.lines, ["  l496", "  l497", "  l498", "  l499"]);
  assert.deepEqual([view.row, view.column], [3, 6]);
  assert.deepEqual(renderEditor(at(text, 0), OPTIONS).lines[0], "› l0");
});

Deno.test("renderEditor() lists candidates and counts those that have no room", () => {
  const candidates = Array.from({ length: 12 }, (_, n) => ({
    insert: `/c${n}`,
    label: `/c${n}`,
    isWhole: true,
  }));
  const view = renderEditor(
    { ...at("/c"), menu: { candidates, at: -1, from: 0 } },
    { ...OPTIONS, width: 40 },
  );
  assert.deepEqual(view.lines, [
    "› /c",
    "  /c0",
    "  /c1",
    "  /c2",
    "  /c3",
    "  … 8 more, press Tab",
  ]);
});

Deno.test("renderEditor() shows what a search has found", () => {
  const view = renderEditor(
    { ...EMPTY_EDITOR, search: { query: "bu", at: 0, draft: "" } },
    { ...OPTIONS, width: 60, hit: "build\nit" },
  );
  assert.deepEqual(view.lines, ['earlier input with "bu": build it']);
});

Deno.test("renderEditor() never draws wider than the look nor puts the cursor outside", () => {
  const piece = fc.constantFrom(
    "a",
    "日",
    "👩‍👩‍👧",
    "\n",
    "\t",
    " ",
    "word ",
    "e\u0301",
  );
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 60 }),
      fc.integer({ min: 8, max: 40 }),
      fc.nat(60),
      (pieces, width, place) => {
        const cursor = pieces.slice(0, place).join("").length;
        const view = renderEditor(at(pieces.join(""), cursor), {
          ...OPTIONS,
          width,
        });
        for (const line of view.lines) assert.ok(displayWidth(line) < width);
        assert.ok(view.row < view.lines.length && view.row >= 0);
        assert.ok(view.column <= width - 1);
      },
    ),
    { numRuns: 500 },
  );
});
