/** Cursor movements in a text. Pure; offsets are in UTF-16 units. */
import { nextBoundary, previousBoundary } from "../../util/text/graphemes.ts";

const WORD = /[\p{L}\p{N}\p{M}_]/u;

/** The place before the character on the left. */
export function leftOf(text: string, at: number): number {
  return at === 0 ? 0 : previousBoundary(text, at);
}

/** The place after the character on the right. */
export function rightOf(text: string, at: number): number {
  return at >= text.length ? text.length : nextBoundary(text, at);
}

export function wordLeft(text: string, at: number): number {
  let to = at;
  while (to > 0 && !isWord(text, leftOf(text, to))) to = leftOf(text, to);
  while (to > 0 && isWord(text, leftOf(text, to))) to = leftOf(text, to);
  return to;
}

export function wordRight(text: string, at: number): number {
  let to = at;
  while (to < text.length && !isWord(text, to)) to = rightOf(text, to);
  while (to < text.length && isWord(text, to)) to = rightOf(text, to);
  return to;
}

/** The start of what stands left up to white space, as Ctrl-W takes it. */
export function blankLeft(text: string, at: number): number {
  const before = text.slice(0, at).replace(/\s+$/, "");
  return before.length - (/\S*$/.exec(before)?.[0].length ?? 0);
}

export function lineStart(text: string, at: number): number {
  return at === 0 ? 0 : text.lastIndexOf("\n", at - 1) + 1;
}

export function lineEnd(text: string, at: number): number {
  const end = text.indexOf("\n", at);
  return end < 0 ? text.length : end;
}

/** The same column a line up (-1) or down (+1); undefined at the edge. */
export function lineAway(
  text: string,
  at: number,
  direction: -1 | 1,
): number | undefined {
  const start = lineStart(text, at);
  const column = at - start;
  if (direction === -1) {
    if (start === 0) return undefined;
    const above = lineStart(text, start - 1);
    return snap(text, Math.min(above + column, start - 1));
  }
  const end = lineEnd(text, at);
  if (end === text.length) return undefined;
  return snap(text, Math.min(end + 1 + column, lineEnd(text, end + 1)));
}

// Never between the parts of one character.
function snap(text: string, at: number): number {
  let place = lineStart(text, at);
  while (place < at) {
    const next = rightOf(text, place);
    if (next > at) break;
    place = next;
  }
  return place;
}

function isWord(text: string, at: number): boolean {
  const point = text.codePointAt(at);
  return point !== undefined && WORD.test(String.fromCodePoint(point));
}
