/** The input line as it is drawn: wrapped, scrolled, with the cursor. Pure. */
import { displayWidth, graphemeWidth } from "../../util/text/width.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { graphemes } from "../../util/text/graphemes.ts";
import { visibleLine } from "../../util/text/visible_text.ts";
import type { EditorState } from "./editor.ts";
import { paint, paintSpans, type RenderOptions } from "../render/style.ts";
import { cutSpans, cutText } from "../render/wrap.ts";

/** Lines to draw and where the cursor belongs; both from 0. */
export interface EditorView {
  readonly lines: readonly string[];
  readonly row: number;
  readonly column: number;
}

interface EditorViewOptions extends RenderOptions {
  /** At most so many rows for the text. */
  readonly rowsMax: number;
  /** What Ctrl-R has found. */
  readonly hit?: string | undefined;
  /** Before the first line; other lines get as many spaces. */
  readonly mark: string;
}

const TAB = "    ";

/** Draws the state. Every line is narrower than the width. */
export function renderEditor(
  state: EditorState,
  options: EditorViewOptions,
): EditorView {
  if (state.search !== undefined) return renderSearch(state, options);
  const rows = wrapEdit(state, options);
  const from = Math.max(
    0,
    Math.min(
      rows.row - Math.floor(options.rowsMax / 2),
      rows.lines.length - options.rowsMax,
    ),
  );
  const shown = rows.lines.slice(from, from + options.rowsMax);
  const indent = " ".repeat(displayWidth(options.mark));
  const lines = shown.map((line, at) => {
    const mark = from + at === 0
      ? paint(options.mark, options, "bold")
      : indent;
    return mark + line;
  });
  return {
    lines: [...lines, ...renderMenu(state, options)],
    row: rows.row - from,
    column: rows.column + indent.length,
  };
}

interface Wrapped {
  readonly lines: readonly string[];
  readonly row: number;
  readonly column: number;
}

function wrapEdit(state: EditorState, options: EditorViewOptions): Wrapped {
  const { text, cursor } = state.edit;
  const width = Math.max(
    2,
    options.width - displayWidth(options.mark) - 1,
  );
  const lines: string[] = [];
  let line = "";
  let columns = 0;
  let at = 0;
  let place = { row: 0, column: 0 };
  for (const grapheme of graphemes(text)) {
    if (at === cursor) place = { row: lines.length, column: columns };
    at += grapheme.length;
    if (grapheme === "\n") {
      lines.push(line);
      line = "";
      columns = 0;
      continue;
    }
    const shown = grapheme === "\t" ? TAB : grapheme;
    const cells = shown === TAB ? TAB.length : graphemeWidth(shown);
    if (columns + cells > width) {
      if (at - grapheme.length === cursor) {
        place = { row: lines.length + 1, column: 0 };
      }
      lines.push(line);
      line = "";
      columns = 0;
    }
    line += shown;
    columns += cells;
  }
  if (cursor >= at) place = { row: lines.length, column: columns };
  lines.push(line);
  return { lines, ...place };
}

function renderSearch(
  state: EditorState,
  options: EditorViewOptions,
): EditorView {
  const query = visibleLine(state.search?.query ?? "");
  const label = options.hit === undefined ? "no such input" : "earlier input";
  const head = `${label} with "${query}": `;
  const spans = cutSpans(
    [
      { text: head, styles: ["dim"] },
      { text: visibleLine(options.hit ?? "", 1_000), styles: [] },
    ],
    options.width - 1,
  );
  const line = paintSpans(spans, options);
  const column = Math.min(displayWidth(head) - 3, options.width - 1);
  return { lines: [line], row: 0, column: Math.max(0, column) };
}

function renderMenu(
  state: EditorState,
  options: EditorViewOptions,
): readonly string[] {
  const { menu } = state;
  if (menu === undefined) return [];
  const rows = Math.min(LIMITS.completionsShown, Math.max(3, options.rowsMax));
  const from = Math.max(
    0,
    Math.min(menu.at - rows + 1, menu.candidates.length - rows),
  );
  const lines = menu.candidates.slice(from, from + rows).map((one, at) => {
    const isChosen = from + at === menu.at;
    const label = visibleLine(one.label, 400);
    const cut = cutText(`  ${label}`, options.width - 1);
    return paint(cut, options, isChosen ? "bold" : "dim");
  });
  const more = menu.candidates.length - from - lines.length;
  return more <= 0
    ? lines
    : [...lines, paint(`  … ${more} more, press Tab`, options, "dim")];
}
