/** What `@std/cli` means here: text measured and cut in terminal columns, and arguments. */
import { parseArgs, stripVTControlCharacters } from "node:util";

export { parseArgs };

let segmenter: Intl.Segmenter | undefined;

// Unicode Standard Annex 11: W and F take two columns. Halfwidth forms (H) take one
// although their script is a wide one.
const NARROW_FORM = /^[\uff61-\uffdc\uffe8-\uffee]/u;
const WIDE =
  /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Yi}\p{Script=Bopomofo}\u3000-\u303e\uff01-\uff60\uffe0-\uffe6\p{Emoji_Presentation}]/u;
const EMOJI_BY_SELECTOR =
  /^\p{Extended_Pictographic}.*\ufe0f|^[#*0-9]\ufe0f?\u20e3/u;
const NO_COLUMN =
  /^[\p{Control}\p{Format}\p{Nonspacing_Mark}\p{Enclosing_Mark}]+$/u;
// One column each, whatever stands beside them: printable ASCII, letters of Latin, and the
// punctuation, arrows and lines that Western text and our own lists use.
const NARROW =
  /^[\x20-\x7e\u00a0-\u00ac\u00ae-\u024f\u2010-\u2027\u2030-\u205e\u2190-\u21ff\u2500-\u257f]*$/;

/** The text without terminal escape sequences. */
export function stripAnsi(text: string): string {
  return stripVTControlCharacters(text);
}

/** Columns the text takes in a terminal; escape sequences take none. */
export function displayWidth(text: string): number {
  if (NARROW.test(text)) return text.length;
  const plain = stripAnsi(text);
  if (NARROW.test(plain)) return plain.length;
  let columns = 0;
  for (const { segment } of graphemesOf(plain)) {
    columns += graphemeWidth(segment);
  }
  return columns;
}

/** The longest start of a text without escape sequences that fits into the columns. */
export function cutToWidth(text: string, columnsMax: number): string {
  if (NARROW.test(text)) return text.slice(0, Math.max(0, columnsMax));
  let columns = 0;
  let end = 0;
  for (const { segment } of graphemesOf(text)) {
    columns += graphemeWidth(segment);
    if (columns > columnsMax) break;
    end += segment.length;
  }
  return text.slice(0, end);
}

function graphemeWidth(grapheme: string): number {
  if (NO_COLUMN.test(grapheme)) return 0;
  if (NARROW_FORM.test(grapheme)) return 1;
  return WIDE.test(grapheme) || EMOJI_BY_SELECTOR.test(grapheme) ? 2 : 1;
}

// Made on first use: loading the break rules is not free.
function graphemesOf(text: string): Iterable<Intl.SegmentData> {
  segmenter ??= new Intl.Segmenter(undefined, { granularity: "grapheme" });
  return segmenter.segment(text);
}
