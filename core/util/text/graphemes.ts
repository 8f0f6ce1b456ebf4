/** What people see as one character: extended grapheme clusters (Unicode Annex 29). */

let segmenter: Intl.Segmenter | undefined;

// Characters that are never part of a larger cluster with another one of these: Latin, Greek
// and Cyrillic letters, marks and lines, kana without their combining marks, Han, and the
// syllables of Hangul (GraphemeBreakProperty.txt of Unicode 17).
const SINGLE =
  // deno-lint-ignore no-control-regex
  /^[\x00-\x7f\u00a0-\u02ff\u0370-\u0482\u048a-\u052f\u2010-\u2027\u2030-\u205e\u2190-\u21ff\u2500-\u257f\u3001-\u3029\u3041-\u3096\u30a1-\u30fc\u4e00-\u9fff\uac00-\ud7a3\uff01-\uff9d]*$/;

/** The characters of a text, in order; joined again they are the text. */
export function graphemes(text: string): readonly string[] {
  // CR LF is the one cluster of ASCII.
  if (SINGLE.test(text) && !text.includes("\r\n")) return text.split("");
  segmenter ??= new Intl.Segmenter(undefined, { granularity: "grapheme" });
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}

/** Where the character before that place begins. */
export function previousBoundary(text: string, at: number): number {
  // Clusters do not reach over a line break: the line is context enough.
  const from = at < 2 ? 0 : text.lastIndexOf("\n", at - 2) + 1;
  const last = graphemes(text.slice(from, at)).at(-1);
  return at - (last?.length ?? 0);
}

/** Where the character that begins at that place ends. */
export function nextBoundary(text: string, at: number): number {
  const newline = text.indexOf("\n", at);
  const to = newline === at ? at + 1 : newline < 0 ? text.length : newline;
  return at + (graphemes(text.slice(at, to))[0]?.length ?? 0);
}
