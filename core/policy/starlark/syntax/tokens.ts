/** The words of Starlark and their lines, by github.com/bazelbuild/starlark and Codex 0.171. */
import { configError, type UserError } from "../../../protocol/error.ts";

export interface Token {
  /** "block" opens an indented block, "blockEnd" closes it; "format" is an f-string. */
  readonly type:
    | "name"
    | "keyword"
    | "string"
    | "format"
    | "int"
    | "float"
    | "mark"
    | "line"
    | "block"
    | "blockEnd"
    | "end";
  /** The word itself; a string's value; an f-string's text as written. */
  readonly text: string;
  /** Offsets in the file. */
  readonly start: number;
  readonly end: number;
}

/** Where an error is: offsets count in the whole file. */
export interface Source {
  readonly text: string;
  readonly file: string;
}

const KEYWORDS = new Set(
  ("and break continue def elif else for if in lambda load not or pass return")
    .split(" "),
);

const RESERVED = new Set(
  ("as assert async await class del except finally from global import is " +
    "nonlocal raise try while with yield").split(" "),
);

const BLANK = /(?:[ \r]|\\\r?\n|#[^\n]*)+/y;
const NAME = /[A-Za-z_]\w*/y;
const FLOAT = /(?:\d+\.\d*|\.\d+)(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+/y;
const INT = /0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+|\d+/y;
const STRING = /(r|fr?|)("""|'''|"|')/y;
const MARK =
  /\*\*|->|\/\/=|<<=|>>=|\/\/|<<|>>|[-+*/%&|^=!<>]=|[-+*/%&|^~=<>()[\]{},.:;!]/y;

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

/** An error at an offset: UserError "config" with file, line and column. */
export function sourceError(
  { text, file }: Source,
  at: number,
  message: string,
): UserError {
  const column = at - text.slice(0, at).lastIndexOf("\n");
  return configError(
    `Cannot read rules: ${file}, line ${
      lineOf(text, at)
    }, column ${column}: ${message}`,
  );
}

/** The line, from 1, of an offset. */
export function lineOf(text: string, at: number): number {
  return text.slice(0, at).split("\n").length;
}

/**
 * Splits the text from `start` to `end` into tokens, the last one of type "end".
 * An expression inside an f-string has no lines. Throws UserError.
 */
export function parseTokens(
  source: Source,
  { start = 0, end = source.text.length, lines = true } = {},
): readonly Token[] {
  return new Tokenizer(source, end).read(start, lines);
}

class Tokenizer {
  readonly #source: Source;
  readonly #text: string;
  readonly #tokens: Token[] = [];
  readonly #indents = [0];
  #at = 0;
  #brackets = 0;

  constructor(source: Source, end: number) {
    this.#source = source;
    this.#text = source.text.slice(0, end);
  }

  read(start: number, lines: boolean): readonly Token[] {
    this.#at = start;
    if (!lines) this.#brackets = 1;
    else this.#startLine();
    for (;;) {
      this.#match(BLANK);
      if (this.#at >= this.#text.length) break;
      if (this.#text[this.#at] !== "\n") this.#word();
      else this.#newLine();
    }
    if (lines) this.#close();
    this.#push("end", "", this.#at);
    return this.#tokens;
  }

  #close(): void {
    if (this.#tokens.at(-1)?.type !== "line") this.#push("line", "", this.#at);
    this.#dedent(0);
  }

  #newLine(): void {
    const at = this.#at++;
    if (this.#brackets > 0) return;
    const last = this.#tokens.at(-1)?.type;
    if (last !== undefined && last !== "line" && last !== "blockEnd") {
      this.#push("line", "\n", at);
    }
    this.#startLine();
  }

  // Blank lines and comments do not count for the indentation.
  #startLine(): void {
    const indent = this.#match(/ */y)?.[0].length ?? 0;
    const next = this.#text[this.#at];
    if (next === undefined || next === "\n" || next === "#" || next === "\r") {
      return;
    }
    if (indent > (this.#indents.at(-1) ?? 0)) {
      this.#indents.push(indent);
      this.#push("block", "", this.#at);
    } else this.#dedent(indent);
  }

  #dedent(indent: number): void {
    while (indent < (this.#indents.at(-1) ?? 0)) {
      this.#indents.pop();
      this.#push("blockEnd", "", this.#at);
    }
    if (indent !== this.#indents.at(-1)) {
      throw this.#fail("this indentation matches no block above");
    }
  }

  #word(): void {
    const start = this.#at;
    const opening = this.#match(STRING);
    if (opening !== null) return this.#string(opening, start);
    const name = this.#match(NAME)?.[0];
    if (name !== undefined) {
      if (RESERVED.has(name)) {
        this.#at = start;
        throw this.#fail(`"${name}" is reserved and cannot be used`);
      }
      return this.#push(KEYWORDS.has(name) ? "keyword" : "name", name, start);
    }
    const float = this.#match(FLOAT)?.[0];
    if (float !== undefined) return this.#push("float", float, start);
    const int = this.#match(INT)?.[0];
    if (int !== undefined) return this.#int(int, start);
    const mark = this.#match(MARK)?.[0];
    if (mark === undefined) throw this.#fail(this.#unexpected());
    if ("([{".includes(mark)) this.#brackets++;
    if (")]}".includes(mark)) this.#brackets = Math.max(0, this.#brackets - 1);
    this.#push("mark", mark, start);
  }

  #int(text: string, start: number): void {
    if (/^0\d/.test(text)) {
      this.#at = start;
      throw this.#fail(`the number ${text} begins with a zero`);
    }
    this.#push("int", text, start);
  }

  #unexpected(): string {
    const char = String.fromCodePoint(this.#text.codePointAt(this.#at) ?? 0);
    return char === "\t"
      ? "tabs are not allowed, use blanks"
      : `unexpected ${JSON.stringify(char)}`;
  }

  #string([, prefix = "", quote = ""]: RegExpExecArray, start: number): void {
    const body = this.#at;
    let value = "";
    while (!this.#text.startsWith(quote, this.#at)) {
      const char = this.#text[this.#at];
      if (char === undefined || (quote.length === 1 && char === "\n")) {
        this.#at = start;
        throw this.#fail("this string is not closed");
      }
      if (char === "\\") value += this.#escape(prefix.includes("r"));
      else value += this.#text[this.#at++];
    }
    const written = this.#text.slice(body, this.#at);
    this.#at += quote.length;
    if (prefix.startsWith("f")) this.#push("format", written, start);
    else this.#push("string", value, start);
  }

  #escape(raw: boolean): string {
    const escape = parseEscape(this.#source, this.#at, raw);
    this.#at = escape.next;
    return escape.value;
  }

  #push(type: Token["type"], text: string, start: number): void {
    this.#tokens.push({ type, text, start, end: this.#at });
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match !== null) this.#at = pattern.lastIndex;
    return match;
  }

  #fail(message: string): Error {
    return sourceError(this.#source, this.#at, message);
  }
}

/** The value of the escape at a backslash; an unknown one stays as it is written. */
export function parseEscape(
  source: Source,
  at: number,
  raw: boolean,
): { readonly value: string; readonly next: number } {
  const next = source.text[at + 1] ?? "";
  if (raw) {
    const value = next === '"' || next === "'" ? next : `\\${next}`;
    return { value, next: at + 2 };
  }
  const code =
    /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-7]{1,3}))/y;
  code.lastIndex = at;
  const match = code.exec(source.text);
  if (match !== null) {
    const hex = match[1] ?? match[2] ?? match[3];
    const point = hex === undefined
      ? parseInt(match[4] ?? "0", 8)
      : parseInt(hex, 16);
    const value = point <= 0x10ffff ? String.fromCodePoint(point) : "\ud800";
    if (value.isWellFormed()) return { value, next: at + match[0].length };
  }
  if ("xuU".includes(next) && next !== "") {
    const text = JSON.stringify(source.text.slice(at, at + 2));
    throw sourceError(source, at, `the escape ${text} is not a character`);
  }
  return { value: ESCAPES[next] ?? `\\${next}`, next: at + 2 };
}
