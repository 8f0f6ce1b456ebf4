/** Breaking styled text into lines that fit, by columns and never inside a character. */
import { displayWidth, graphemeWidth } from "../../util/text/width.ts";
import { graphemes } from "../../util/text/graphemes.ts";
import { plainText, type Span, type Style } from "./style.ts";

interface Cell {
  readonly text: string;
  readonly width: number;
  readonly styles: readonly Style[];
}

interface WrapOptions {
  /** Columns of a line, indent included; at least one character fits always. */
  readonly width: number;
  /** Put before the first line and before all others. */
  readonly first?: readonly Span[];
  readonly rest?: readonly Span[];
}

/**
 * Lines of at most `width` columns, broken at spaces, else beside a wide character, else
 * anywhere. Greedy: adding text to the end changes no line but the last.
 */
export function wrapSpans(
  spans: readonly Span[],
  options: WrapOptions,
): readonly (readonly Span[])[] {
  const first = options.first ?? [];
  const rest = options.rest ?? [];
  const breaks = breakText(
    plainText(spans),
    Math.max(1, options.width - widthOf(first)),
    Math.max(1, options.width - widthOf(rest)),
  );
  return breaks.map((range, at) => [
    ...(at === 0 ? first : rest),
    ...sliceSpans(spans, range),
  ]);
}

/** The text in lines of at most so many columns. */
export function wrapText(text: string, width: number): readonly string[] {
  return text.split("\n").flatMap((line) =>
    wrapSpans([{ text: line, styles: [] }], { width }).map(plainText)
  );
}

// The indent of a line, with the first column of a table in it.
const HANG = /^ *(?:\S+(?: \S+)* {2,})?/;

/**
 * The text in lines of so many columns, broken at spaces alone: a path or an address stays
 * whole for copying, however long it is. What follows stands below the first words.
 */
export function wrapWords(text: string, width: number): readonly string[] {
  if (displayWidth(text) <= width) return [text];
  const hang = HANG.exec(text)?.[0].length ?? 0;
  const indent = /^ */.exec(text)?.[0].length ?? 0;
  const rest = " ".repeat(
    hang <= width / 2 ? hang : Math.min(indent * 2, Math.floor(width / 2)),
  );
  const lines: string[] = [];
  let line = "";
  let columns = 0;
  for (const word of splitWords(text)) {
    if (columns + word.columns > width && line.trim() !== "") {
      lines.push(line.trimEnd());
      line = rest;
      columns = rest.length;
    }
    line += word.text + " ".repeat(word.spaces);
    columns += word.columns + word.spaces;
  }
  return [...lines, line.trimEnd()];
}

interface Word {
  text: string;
  columns: number;
  /** After it. */
  spaces: number;
}

// At once: to look for the characters of each word alone takes microseconds.
function splitWords(text: string): readonly Word[] {
  let word: Word = { text: "", columns: 0, spaces: 0 };
  const words = [word];
  for (const piece of graphemes(text)) {
    if (piece === " ") {
      word.spaces++;
      continue;
    }
    if (word.spaces > 0) {
      word = { text: "", columns: 0, spaces: 0 };
      words.push(word);
    }
    word.text += piece;
    word.columns += graphemeWidth(piece);
  }
  return words;
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

/** The text cut to so many columns, with `…` where something is missing. */
export function cutText(text: string, width: number): string {
  return plainText(cutSpans([{ text, styles: [] }], width));
}

function toCells({ text, styles }: Span): Cell[] {
  return graphemes(text).map((one) => ({
    text: one,
    width: graphemeWidth(one),
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

type Range = readonly [start: number, end: number];

// deno-lint-ignore no-control-regex
const ASCII = /^[\x00-\x7f]*$/;

function breakText(
  text: string,
  firstWidth: number,
  restWidth: number,
): readonly Range[] {
  if (!ASCII.test(text)) {
    return breakGraphemes(graphemes(text), firstWidth, restWidth);
  }
  if (text.length <= firstWidth) return [trimRange(text, 0, text.length)];
  // Control characters take no column, but there are none here that stay.
  return breakGraphemes(text, firstWidth, restWidth);
}

// Over the characters of a string or over longer pieces: most text is ASCII, and much.
function breakGraphemes(
  pieces: string | readonly string[],
  firstWidth: number,
  restWidth: number,
): readonly Range[] {
  const text = typeof pieces === "string" ? pieces : pieces.join("");
  const ranges: Range[] = [];
  let limit = firstWidth;
  let start = 0;
  let columns = 0;
  // The last place to break at, and the columns before it.
  let breakAt = 0;
  let breakColumns = 0;
  let at = 0;
  for (let index = 0; index < pieces.length; index++) {
    const piece = pieces[index] ?? "";
    const width = graphemeWidth(piece);
    const isSpace = piece === " ";
    // A space may hang over the edge: it is not shown there.
    while (!isSpace && at > start && columns + width > limit) {
      const isFree = width === 2 || breakAt <= start;
      const end = isFree ? at : breakAt;
      ranges.push(trimRange(text, start, end));
      columns -= isFree ? columns : breakColumns;
      start = end;
      limit = restWidth;
      breakColumns = 0;
    }
    columns += width;
    at += piece.length;
    if (isSpace || width === 2) {
      breakAt = at;
      breakColumns = columns;
    }
  }
  ranges.push(trimRange(text, start, text.length));
  return ranges;
}

function trimRange(text: string, start: number, end: number): Range {
  let to = end;
  while (to > start && text[to - 1] === " ") to--;
  return [start, to];
}

function sliceSpans(
  spans: readonly Span[],
  [start, end]: Range,
): readonly Span[] {
  const slices: Span[] = [];
  let from = 0;
  for (const { text, styles } of spans) {
    const to = from + text.length;
    if (to > start && from < end) {
      const part = text.slice(Math.max(0, start - from), end - from);
      slices.push({ text: part, styles });
    }
    from = to;
    if (from >= end) break;
  }
  return slices;
}
