/** The room that text takes in a terminal. */
import { unicodeWidth } from "@std/cli";
import { stripVTControlCharacters } from "node:util";
import { graphemes } from "./graphemes.ts";

// One column each, whatever stands beside them: printable ASCII, letters of Latin, and the
// punctuation, arrows and lines that Western text and our own lists use.
const NARROW =
  /^[\x20-\x7e\u00a0-\u00ac\u00ae-\u024f\u2010-\u2027\u2030-\u205e\u2190-\u21ff\u2500-\u257f]*$/;

/** Columns the text takes in a terminal; escape sequences take none. */
export function displayWidth(text: string): number {
  if (NARROW.test(text)) return text.length;
  const plain = stripVTControlCharacters(text);
  if (NARROW.test(plain)) return plain.length;
  return graphemes(plain).reduce((sum, one) => sum + graphemeWidth(one), 0);
}

// What was found for each code unit, plus one: looking it up takes microseconds.
let known: Uint8Array | undefined;

/** Columns of one of the characters that graphemes() gives. */
export function graphemeWidth(grapheme: string): number {
  if (grapheme.length > 1) return findWidth(grapheme);
  known ??= new Uint8Array(0x10000);
  const code = grapheme.charCodeAt(0);
  return (known[code] ||= findWidth(grapheme) + 1) - 1;
}

// What forms one character, such as a family of emoji, takes no more than the widest does.
function findWidth(grapheme: string): number {
  return /^\p{Extended_Pictographic}.*\ufe0f|^[#*0-9]\ufe0f?\u20e3/u.test(
      grapheme,
    )
    ? 2
    : Math.min(unicodeWidth(grapheme), 2);
}
