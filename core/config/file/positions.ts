/** Where each key of a TOML text stands: for line numbers, and for edits that keep the rest. */
import { parseTomlKey } from "./toml.ts";

export interface TomlEntry {
  readonly kind: "table" | "array_table" | "pair";
  /** From the root; elements of an array of tables count as "0", "1", … */
  readonly path: readonly string[];
  /** Counts from 1. */
  readonly line: number;
  /** Offset where its line begins, and where its last line ends, line end included. */
  readonly start: number;
  readonly end: number;
  /** Offsets of a pair's value; of a header, both its end. */
  readonly valueStart: number;
  readonly valueEnd: number;
}

/** All headers and pairs in order. The text must be valid TOML. */
export function parseTomlEntries(text: string): TomlEntry[] {
  const entries: TomlEntry[] = [];
  const elements = new Map<string, number>();
  let table: readonly string[] = [];
  let at = text.startsWith("\ufeff") ? 1 : 0;
  let line = 1;
  while (at < text.length) {
    const start = at;
    at = skipBlank(text, at);
    const char = text[at];
    if (char !== undefined && char !== "\n" && char !== "\r" && char !== "#") {
      const entry = char === "["
        ? parseHeader(text, at, elements)
        : parsePair(text, at, table);
      if (entry.kind !== "pair") table = entry.path;
      at = entry.valueEnd;
      const end = lineEnd(text, at);
      entries.push({ ...entry, line, start, end });
      at = end;
    } else {
      at = lineEnd(text, at);
    }
    for (let i = start; i < at; i++) if (text[i] === "\n") line++;
  }
  return entries;
}

/** The line where a key is set, or of the table it would be in; undefined when nowhere. */
export function findTomlLine(
  text: string,
  path: readonly string[],
): number | undefined {
  let best: TomlEntry | undefined;
  for (const entry of parseTomlEntries(text)) {
    if (entry.path.length > 0 && isPrefix(entry.path, path)) {
      if (best === undefined || entry.path.length > best.path.length) {
        best = entry;
      }
    } else if (best === undefined && isPrefix(path, entry.path)) {
      best = entry;
    }
    if (best?.path.length === path.length) break;
  }
  return best?.line;
}

/** Whether the first path is the beginning of the second, or all of it. */
export function isPrefix(
  start: readonly string[],
  path: readonly string[],
): boolean {
  return start.length <= path.length &&
    start.every((part, at) => part === path[at]);
}

/** Whether two paths are the same. */
export function isSamePath(
  left: readonly string[],
  right: readonly string[],
): boolean {
  return left.length === right.length && isPrefix(left, right);
}

type Piece = Omit<TomlEntry, "line" | "start" | "end">;

function parseHeader(
  text: string,
  at: number,
  elements: Map<string, number>,
): Piece {
  const isArray = text.startsWith("[[", at);
  const open = at + (isArray ? 2 : 1);
  const close = findOutsideStrings(text, open, "]");
  const key = parseTomlKey(text.slice(open, close));
  const path = withElements(key.slice(0, -1), elements);
  path.push(key.at(-1) ?? "");
  if (isArray) {
    const id = JSON.stringify(path);
    const index = (elements.get(id) ?? -1) + 1;
    elements.set(id, index);
    path.push(String(index));
  }
  const end = close + (isArray ? 2 : 1);
  return {
    kind: isArray ? "array_table" : "table",
    path,
    valueStart: end,
    valueEnd: end,
  };
}

function withElements(
  key: readonly string[],
  elements: ReadonlyMap<string, number>,
): string[] {
  const path: string[] = [];
  for (const part of key) {
    path.push(part);
    const index = elements.get(JSON.stringify(path));
    if (index !== undefined) path.push(String(index));
  }
  return path;
}

function parsePair(text: string, at: number, table: readonly string[]): Piece {
  const equals = findOutsideStrings(text, at, "=");
  const path = [...table, ...parseTomlKey(text.slice(at, equals))];
  const valueStart = skipBlank(text, equals + 1);
  const valueEnd = findValueEnd(text, valueStart);
  return { kind: "pair", path, valueStart, valueEnd };
}

function findOutsideStrings(text: string, from: number, char: string): number {
  let at = from;
  while (at < text.length && text[at] !== char) at = skipToken(text, at);
  return at;
}

function findValueEnd(text: string, from: number): number {
  let at = from;
  let end = from;
  let depth = 0;
  while (at < text.length) {
    const char = text[at] ?? "";
    if (depth === 0 && (char === "\n" || char === "#")) break;
    if (char === "[" || char === "{") depth++;
    if (char === "]" || char === "}") depth--;
    const isComment = char === "#";
    at = isComment ? lineEnd(text, at) : skipToken(text, at);
    if (!isComment && !/[ \t\r\n]/.test(char)) end = at;
  }
  return end;
}

// One character, or a whole string.
function skipToken(text: string, at: number): number {
  const quote = text[at];
  if (quote !== '"' && quote !== "'") return at + 1;
  const triple = quote.repeat(3);
  const isMultiline = text.startsWith(triple, at);
  const close = isMultiline ? triple : quote;
  let end = at + close.length;
  while (end < text.length && !text.startsWith(close, end)) {
    end += quote === '"' && text[end] === "\\" ? 2 : 1;
  }
  end += close.length;
  // Up to two quotes may stand right before the closing three.
  while (isMultiline && text[end] === quote) end++;
  return end;
}

function skipBlank(text: string, from: number): number {
  let at = from;
  while (text[at] === " " || text[at] === "\t") at++;
  return at;
}

function lineEnd(text: string, at: number): number {
  const newline = text.indexOf("\n", at);
  return newline < 0 ? text.length : newline + 1;
}
