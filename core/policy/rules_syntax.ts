/** The grammar of a rules file: calls with named arguments, strings and lists. */
import { parseTokens, syntaxError, type Token } from "./rules_lex.ts";

/** A value with the place where it begins. */
export type Value =
  | { readonly type: "string"; readonly text: string; readonly at: number }
  | {
    readonly type: "list";
    readonly items: readonly Value[];
    readonly at: number;
  }
  | { readonly type: "none"; readonly at: number };

/** One call at the top level of the file. */
export interface Call {
  readonly name: string;
  readonly arguments: ReadonlyMap<string, Value>;
  readonly start: number;
  readonly end: number;
}

const PARAMETERS: Readonly<Record<string, readonly string[]>> = {
  prefix_rule: [
    "pattern",
    "decision",
    "justification",
    "match",
    "not_match",
    "sandbox",
  ],
  host_executable: ["name", "paths"],
  network_rule: ["host", "protocol", "decision", "justification"],
};

/** The calls of a rules file, in order; throws UserError with line and column. */
export function parseCalls(text: string, file: string): readonly Call[] {
  return [...new SyntaxReader(text, file).calls()];
}

class SyntaxReader {
  readonly #text: string;
  readonly #file: string;
  readonly #tokens: readonly Token[];
  #next = 0;

  constructor(text: string, file: string) {
    this.#text = text;
    this.#file = file;
    this.#tokens = parseTokens(text, file);
  }

  *calls(): Generator<Call> {
    while (this.#peek().type !== "end") {
      // A string on its own is a comment, as at the top of a Starlark file.
      if (this.#peek().type === "string") this.#take();
      else yield this.#call();
    }
  }

  #call(): Call {
    const name = this.#take();
    const known = Object.hasOwn(PARAMETERS, name.text)
      ? PARAMETERS[name.text]
      : undefined;
    if (name.type !== "name" || known === undefined) {
      const names = Object.keys(PARAMETERS).join("(), ");
      throw this.#fail(
        name.start,
        `${JSON.stringify(name.text)} is not known, must be one of ${names}()`,
      );
    }
    this.#expect("(");
    const values = new Map<string, Value>();
    while (this.#peek().text !== ")" || this.#peek().type !== "mark") {
      const key = this.#take();
      if (key.type !== "name" || !known.includes(key.text)) {
        throw this.#fail(
          key.start,
          `an argument of ${name.text}() must be given by name: ${
            known.join(", ")
          }`,
        );
      }
      if (values.has(key.text)) {
        throw this.#fail(key.start, `"${key.text}" is given twice`);
      }
      this.#expect("=");
      values.set(key.text, this.#value(0));
      if (!this.#takeComma(")")) break;
    }
    const end = this.#expect(")").end;
    return { name: name.text, arguments: values, start: name.start, end };
  }

  #value(depth: number): Value {
    const token = this.#take();
    const at = token.start;
    if (token.type === "string") {
      return { type: "string", text: token.text, at };
    }
    if (token.type === "name" && token.text === "None") {
      return { type: "none", at };
    }
    if (token.type !== "mark" || token.text !== "[" || depth > 2) {
      throw this.#fail(at, "a value must be a string or a list of strings");
    }
    const items: Value[] = [];
    while (this.#peek().text !== "]" || this.#peek().type !== "mark") {
      items.push(this.#value(depth + 1));
      if (!this.#takeComma("]")) break;
    }
    this.#expect("]");
    return { type: "list", items, at };
  }

  #peek(): Token {
    return this.#tokens[this.#next] ?? this.#tokens[this.#tokens.length - 1]!;
  }

  #take(): Token {
    const token = this.#peek();
    this.#next++;
    return token;
  }

  #expect(mark: string): Token {
    const token = this.#take();
    if (token.type === "mark" && token.text === mark) return token;
    const found = token.type === "end"
      ? "the file ends"
      : JSON.stringify(token.text);
    throw this.#fail(token.start, `expected "${mark}", found ${found}`);
  }

  // Whether another element may follow: a comma was taken and no `close` is next.
  #takeComma(close: string): boolean {
    const token = this.#peek();
    if (token.type !== "mark" || token.text !== ",") return false;
    this.#take();
    return this.#peek().type !== "mark" || this.#peek().text !== close;
  }

  #fail(at: number, message: string): Error {
    return syntaxError({ text: this.#text, file: this.#file, at }, message);
  }
}
