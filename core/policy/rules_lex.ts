/** The words of a rules file: a small part of Starlark's lexical grammar. */
import { UserError } from "../protocol/error.ts";

export interface Token {
  readonly type: "name" | "string" | "mark" | "end";
  /** The name, the mark, or the string's value. */
  readonly text: string;
  /** Offsets in the file. */
  readonly start: number;
  readonly end: number;
}

const SKIP = /(?:[ \t\r\n]+|#[^\n]*)+/y;
const NAME = /[A-Za-z_]\w*/y;
const MARK = /[()[\],=]/y;
const STRING_START = /(r?)("""|'''|"|')/y;

const ESCAPES: Readonly<Record<string, string>> = {
  n: "\n",
  t: "\t",
  r: "\r",
  a: "\x07",
  b: "\b",
  f: "\f",
  v: "\v",
  "\\": "\\",
  "'": "'",
  '"': '"',
  "\n": "",
};

/** Splits a rules file into tokens; throws UserError with line and column. */
export function parseTokens(text: string, file: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  for (;;) {
    at += matchAt(SKIP, text, at)?.[0].length ?? 0;
    if (at >= text.length) break;
    const token = parseString(text, at, file) ?? parseSimple(text, at);
    if (token === undefined) {
      const char = String.fromCodePoint(text.codePointAt(at) ?? 0);
      throw syntaxError(
        { text, file, at },
        `unexpected ${JSON.stringify(char)}`,
      );
    }
    tokens.push(token);
    at = token.end;
  }
  tokens.push({ type: "end", text: "", start: text.length, end: text.length });
  return tokens;
}

/** An error at a place in a rules file. */
export function syntaxError(
  place: { readonly text: string; readonly file: string; readonly at: number },
  message: string,
): UserError {
  const { line, column } = lineAndColumn(place.text, place.at);
  return new UserError(
    "config",
    `Cannot read rules: ${place.file}, line ${line}, column ${column}: ${message}`,
  );
}

/** Line and column, both from 1, of an offset. */
export function lineAndColumn(
  text: string,
  at: number,
): { readonly line: number; readonly column: number } {
  const before = text.slice(0, at);
  return {
    line: before.split("\n").length,
    column: at - before.lastIndexOf("\n"),
  };
}

function parseSimple(text: string, at: number): Token | undefined {
  const name = matchAt(NAME, text, at)?.[0];
  const value = name ?? matchAt(MARK, text, at)?.[0];
  if (value === undefined) return undefined;
  const type = name === undefined ? "mark" : "name";
  return { type, text: value, start: at, end: at + value.length };
}

function parseString(
  text: string,
  start: number,
  file: string,
): Token | undefined {
  const opening = matchAt(STRING_START, text, start);
  if (opening === null) return undefined;
  const [, raw, quote = ""] = opening;
  let at = start + opening[0].length;
  let value = "";
  for (;;) {
    if (at >= text.length || (quote.length === 1 && text[at] === "\n")) {
      throw syntaxError({ text, file, at: start }, "this string is not closed");
    }
    if (text.startsWith(quote, at)) break;
    if (text[at] !== "\\") value += text[at++];
    else if (raw !== "") {
      value += text.slice(at, at + 2);
      at += 2;
    } else {
      const escape = parseEscape(text, at, file);
      value += escape.value;
      at = escape.next;
    }
  }
  return { type: "string", text: value, start, end: at + quote.length };
}

function parseEscape(
  text: string,
  at: number,
  file: string,
): { readonly value: string; readonly next: number } {
  const code =
    /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{1,3}))/y;
  const match = matchAt(code, text, at);
  if (match !== null) {
    const hex = match[1] ?? match[2] ?? match[3];
    const point = hex === undefined
      ? parseInt(match[4] ?? "0", 8)
      : parseInt(hex, 16);
    if (point <= 0x10ffff) {
      return {
        value: String.fromCodePoint(point),
        next: at + match[0].length,
      };
    }
  }
  const value = ESCAPES[text[at + 1] ?? ""];
  if (value === undefined) {
    throw syntaxError(
      { text, file, at },
      `unknown escape ${JSON.stringify(text.slice(at, at + 2))}`,
    );
  }
  return { value, next: at + 2 };
}

function matchAt(
  pattern: RegExp,
  text: string,
  at: number,
): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}
