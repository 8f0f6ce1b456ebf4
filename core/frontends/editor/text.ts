/** The text under the cursor and the keys that change it. Pure. */
import { nextBoundary, previousBoundary } from "../../util/text/graphemes.ts";
import type { Key } from "./key.ts";

/** Steps that Ctrl-_ takes back. */
const UNDO_STEPS = 200;

export interface EditText {
  readonly text: string;
  /** UTF-16 offset, always between two characters. */
  readonly cursor: number;
  /** What Ctrl-Y puts back. */
  readonly killed: string;
  /** Kills in a row become one. */
  readonly isKilling: boolean;
  /** Letters in a row are taken back as one. */
  readonly isTyping: boolean;
  readonly undo: readonly { readonly text: string; readonly cursor: number }[];
}

export const EMPTY_TEXT: EditText = Object.freeze({
  text: "",
  cursor: 0,
  killed: "",
  isKilling: false,
  isTyping: false,
  undo: [],
});

/** The state after a key; undefined when the key is none of editing. */
export function editText(state: EditText, key: Key): EditText | undefined {
  switch (key.type) {
    case "text":
      return insertText(state, key.text, { isTyped: true });
    case "paste":
      return insertText(state, key.text);
    case "press":
      return moveBy(state, key.name) ?? changeBy(state, key.name);
  }
}

/** The text with something put in at the cursor. */
function insertText(
  state: EditText,
  text: string,
  options: { readonly isTyped?: boolean } = {},
): EditText {
  return replaceRange(state, [state.cursor, state.cursor], text, options);
}

/** Another text in its place, the cursor at its end. */
export function setText(state: EditText, text: string): EditText {
  return replaceRange(state, [0, state.text.length], text);
}

/** A part replaced, the cursor after it. */
export function replaceRange(
  state: EditText,
  [from, to]: readonly [number, number],
  text: string,
  options: { readonly isTyped?: boolean } = {},
): EditText {
  const isTyping = options.isTyped === true && !/\s/.test(text);
  const before = { text: state.text, cursor: state.cursor };
  const undo = isTyping && state.isTyping
    ? state.undo
    : [...state.undo.slice(-UNDO_STEPS), before];
  return {
    ...state,
    text: state.text.slice(0, from) + text + state.text.slice(to),
    cursor: from + text.length,
    isKilling: false,
    isTyping,
    undo,
  };
}

function moveBy(state: EditText, name: string): EditText | undefined {
  const { text, cursor } = state;
  const to = (place: number | undefined): EditText | undefined =>
    place === undefined
      ? undefined
      : { ...state, cursor: place, isKilling: false, isTyping: false };
  switch (name) {
    case "left":
    case "ctrl-b":
      return to(leftOf(text, cursor));
    case "right":
    case "ctrl-f":
      return to(rightOf(text, cursor));
    case "ctrl-left":
    case "alt-left":
    case "alt-b":
      return to(wordLeft(text, cursor));
    case "ctrl-right":
    case "alt-right":
    case "alt-f":
      return to(wordRight(text, cursor));
    case "home":
    case "ctrl-a":
      return to(lineStart(text, cursor));
    case "end":
    case "ctrl-e":
      return to(lineEnd(text, cursor));
    case "up":
      return to(lineAway(text, cursor, -1));
    case "down":
      return to(lineAway(text, cursor, 1));
    case "ctrl-home":
    case "alt-<":
      return to(0);
    case "ctrl-end":
    case "alt->":
      return to(text.length);
    default:
      return undefined;
  }
}

function changeBy(state: EditText, name: string): EditText | undefined {
  const { text, cursor } = state;
  switch (name) {
    case "backspace":
    case "ctrl-h":
      return remove(state, leftOf(text, cursor), cursor);
    case "delete":
      return remove(state, cursor, rightOf(text, cursor));
    case "ctrl-d":
      return text === ""
        ? undefined
        : remove(state, cursor, rightOf(text, cursor));
    case "ctrl-w":
      return kill(state, blankLeft(text, cursor), cursor);
    case "alt-backspace":
    case "ctrl-backspace":
      return kill(state, wordLeft(text, cursor), cursor);
    case "alt-d":
    case "ctrl-delete":
      return kill(state, cursor, wordRight(text, cursor));
    case "ctrl-k": {
      const end = lineEnd(text, cursor);
      // At the end of a line it takes the line break.
      return kill(state, cursor, end === cursor ? rightOf(text, end) : end);
    }
    case "ctrl-u": {
      const start = lineStart(text, cursor);
      return kill(
        state,
        start === cursor ? leftOf(text, start) : start,
        cursor,
      );
    }
    case "ctrl-y":
      return insertText(state, state.killed);
    case "ctrl-t":
      return transpose(state);
    case "alt-enter":
    case "shift-enter":
    case "ctrl-j":
      return insertText(state, "\n");
    case "space":
    case "shift-space":
      return insertText(state, " ", { isTyped: true });
    case "ctrl-_":
      return undo(state);
    default:
      return undefined;
  }
}

function remove(state: EditText, from: number, to: number): EditText {
  return from === to ? state : replaceRange(state, [from, to], "");
}

function kill(state: EditText, from: number, to: number): EditText {
  if (from === to) return state;
  const cut = state.text.slice(from, to);
  const isBackward = to === state.cursor;
  const killed = !state.isKilling
    ? cut
    : isBackward
    ? cut + state.killed
    : state.killed + cut;
  return { ...replaceRange(state, [from, to], ""), killed, isKilling: true };
}

function transpose(state: EditText): EditText {
  const { text, cursor } = state;
  const end = cursor === text.length ? cursor : rightOf(text, cursor);
  const middle = leftOf(text, end);
  const start = leftOf(text, middle);
  if (start === middle) return state;
  return replaceRange(
    state,
    [start, end],
    text.slice(middle, end) + text.slice(start, middle),
  );
}

function undo(state: EditText): EditText {
  const last = state.undo.at(-1);
  if (last === undefined) return state;
  return {
    ...state,
    ...last,
    isKilling: false,
    isTyping: false,
    undo: state.undo.slice(0, -1),
  };
}

const WORD = /[\p{L}\p{N}\p{M}_]/u;

/** The place before the character on the left. */
function leftOf(text: string, at: number): number {
  return at === 0 ? 0 : previousBoundary(text, at);
}

/** The place after the character on the right. */
function rightOf(text: string, at: number): number {
  return at >= text.length ? text.length : nextBoundary(text, at);
}

function wordLeft(text: string, at: number): number {
  let to = at;
  while (to > 0 && !isWord(text, leftOf(text, to))) to = leftOf(text, to);
  while (to > 0 && isWord(text, leftOf(text, to))) to = leftOf(text, to);
  return to;
}

function wordRight(text: string, at: number): number {
  let to = at;
  while (to < text.length && !isWord(text, to)) to = rightOf(text, to);
  while (to < text.length && isWord(text, to)) to = rightOf(text, to);
  return to;
}

/** The start of what stands left up to white space, as Ctrl-W takes it. */
function blankLeft(text: string, at: number): number {
  const before = text.slice(0, at).replace(/\s+$/, "");
  return before.length - (/\S*$/.exec(before)?.[0].length ?? 0);
}

function lineStart(text: string, at: number): number {
  return at === 0 ? 0 : text.lastIndexOf("\n", at - 1) + 1;
}

function lineEnd(text: string, at: number): number {
  const end = text.indexOf("\n", at);
  return end < 0 ? text.length : end;
}

/** The same column a line up (-1) or down (+1); undefined at the edge. */
function lineAway(
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
