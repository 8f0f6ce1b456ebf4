/** Breaking styled text into lines that fit, by columns and never inside a character. */
import { displayWidth } from "@std/cli";
import { graphemes } from "../util/graphemes.ts";
import type { Span, Style } from "./render_style.ts";

interface Cell {
  readonly text: string;
  readonly width: number;
  readonly styles: readonly Style[];
}

export interface WrapOptions {
  /** Columns of a line, indent included; at least one character fits always. */
  readonly width: number;
  /** Put before the first line and before all others. */
  readonly first?: readonly Span[];
  readonly rest?: readonly Span[];
}

/**
 * Lines of at most `width` columns, broken at spaces, else after a wide character, else
 * anywhere. Greedy: adding text to the end changes no line but the last.
 */
export function wrapSpans(
  spans: readonly Span[],
  options: WrapOptions,
): readonly (readonly Span[])[] {
  const first = options.first ?? [];
  const rest = options.rest ?? [];
  const firstWidth = options.width - widthOf(first);
  const restWidth = options.width - widthOf(rest);
  const cells = spans.flatMap(toCells);
  return breakCells(cells, firstWidth, restWidth).map((line, at) => [
    ...(at === 0 ? first : rest),
    ...toSpans(line),
  ]);
}

/** The text in lines of at most so many columns. */
export function wrapText(text: string, width: number): readonly string[] {
  return text.split("\n").flatMap((line) =>
    wrapSpans([{ text: line, styles: [] }], { width }).map((spans) =>
      spans.map((one) => one.text).join("")
    )
  );
}

/** Columns that spans take. */
export function widthOf(spans: readonly Span[]): number {
  return spans.reduce((sum, { text }) => sum + displayWidth(text), 0);
}

/** The spans cut to so many columns, with `…` where something is missing. */
export function cutSpans(
  spans: readonly Span[],
  width: number,
): readonly Span[] {
  if (widthOf(spans) <= width) return spans;
  const kept: Cell[] = [];
  let columns = 0;
  for (const cell of spans.flatMap(toCells)) {
    if (columns + cell.width > width - 1) break;
    kept.push(cell);
    columns += cell.width;
  }
  const styles = kept.at(-1)?.styles ?? [];
  return width < 1 ? [] : toSpans([...kept, { text: "…", width: 1, styles }]);
}

/** Columns of one character; the common ones without looking anything up. */
export function columnsOfGrapheme(grapheme: string): number {
  const code = grapheme.charCodeAt(0);
  if (grapheme.length === 1 && code >= 0x20 && code < 0x7f) return 1;
  return displayWidth(grapheme);
}

function toCells({ text, styles }: Span): Cell[] {
  return graphemes(text).map((one) => ({
    text: one,
    width: columnsOfGrapheme(one),
    styles,
  }));
}

function toSpans(cells: readonly Cell[]): Span[] {
  const spans: { text: string; styles: readonly Style[] }[] = [];
  for (const cell of cells) {
    const last = spans.at(-1);
    if (last !== undefined && last.styles === cell.styles) {
      last.text += cell.text;
    } else spans.push({ text: cell.text, styles: cell.styles });
  }
  return spans;
}

function breakCells(
  cells: readonly Cell[],
  firstWidth: number,
  restWidth: number,
): readonly (readonly Cell[])[] {
  const lines: (readonly Cell[])[] = [];
  let start = 0;
  let columns = 0;
  let breakAt = 0;
  for (let at = 0; at < cells.length; at++) {
    const cell = cells[at] as Cell;
    const isSpace = cell.text === " ";
    // A space may hang over the edge: it is not shown there.
    while (!isSpace && at > start) {
      const limit = Math.max(1, lines.length === 0 ? firstWidth : restWidth);
      if (columns + cell.width <= limit) break;
      const isFree = cell.width === 2 || breakAt <= start;
      const end = isFree ? at : breakAt;
      lines.push(trimEnd(cells.slice(start, end)));
      start = end;
      columns = columnsOf(cells, start, at);
    }
    columns += cell.width;
    if (isSpace || cell.width === 2) breakAt = at + 1;
  }
  lines.push(trimEnd(cells.slice(start)));
  return lines;
}

function columnsOf(cells: readonly Cell[], from: number, to: number): number {
  let columns = 0;
  for (let at = from; at < to; at++) columns += cells[at]?.width ?? 0;
  return columns;
}

function trimEnd(cells: readonly Cell[]): readonly Cell[] {
  let end = cells.length;
  while (end > 0 && cells[end - 1]?.text === " ") end--;
  return cells.slice(0, end);
}
