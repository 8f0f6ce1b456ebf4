/** Walks through the tokens of a Starlark file, and keeps the names of its scopes. */
import { LIMITS } from "../../../protocol/limits.ts";
import { parseTokens, type Source, sourceError, type Token } from "./tokens.ts";

/** A name that was read before it is known where it is assigned. */
interface Use {
  readonly name: string;
  readonly at: number;
}

/** The names of one function, or of the file. */
interface Scope {
  readonly names: Set<string>;
  readonly uses: Use[];
}

export class Cursor {
  #tokens: readonly Token[];
  #next = 0;
  #depth = 0;
  scope: Scope = { names: new Set(), uses: [] };

  constructor(readonly source: Source) {
    this.#tokens = parseTokens(source);
  }

  /** Counts what stands inside what: a file cannot exhaust the stack. */
  enter(): void {
    if (++this.#depth <= LIMITS.starlark.nesting) return;
    throw this.fail(`nested deeper than ${LIMITS.starlark.nesting}`);
  }

  leave(): void {
    this.#depth--;
  }

  bind(name: string): void {
    this.scope.names.add(name);
  }

  /**
   * Reads something with names of its own, to which the given uses belong, too. What
   * they do not cover is used of the scope around.
   */
  scoped<Result>(
    read: () => Result,
    uses: Use[] = [],
  ): { readonly result: Result; readonly names: ReadonlySet<string> } {
    const outer = this.scope;
    const inner: Scope = { names: new Set(), uses };
    this.scope = inner;
    const result = read();
    this.scope = outer;
    outer.uses.push(...inner.uses.filter((use) => !inner.names.has(use.name)));
    return { result, names: inner.names };
  }

  /** Reads what stands from `start` to `end` of the file, then goes on as before. */
  inside<Result>(start: number, end: number, read: () => Result): Result {
    const [tokens, next] = [this.#tokens, this.#next];
    this.#tokens = parseTokens(this.source, { start, end, lines: false });
    this.#next = 0;
    const result = read();
    if (this.peek().type !== "end") {
      throw this.fail(`unexpected ${this.found()}`);
    }
    [this.#tokens, this.#next] = [tokens, next];
    return result;
  }

  peek(): Token {
    return this.#tokens[this.#next] ?? this.#tokens[this.#tokens.length - 1]!;
  }

  take(): Token {
    const token = this.peek();
    this.#next++;
    return token;
  }

  isMark(text: string): boolean {
    const token = this.peek();
    return token.type === "mark" && token.text === text;
  }

  takeMark(text: string): boolean {
    if (!this.isMark(text)) return false;
    this.#next++;
    return true;
  }

  mark(text: string): Token {
    if (this.isMark(text)) return this.take();
    throw this.fail(`expected "${text}", found ${this.found()}`);
  }

  isKeyword(text: string): boolean {
    const token = this.peek();
    return token.type === "keyword" && token.text === text;
  }

  takeKeyword(text: string): boolean {
    if (!this.isKeyword(text)) return false;
    this.#next++;
    return true;
  }

  keyword(text: string): void {
    if (!this.takeKeyword(text)) {
      throw this.fail(`expected "${text}", found ${this.found()}`);
    }
  }

  name(): string {
    if (this.peek().type === "name") return this.take().text;
    throw this.fail(`expected a name, found ${this.found()}`);
  }

  /** The next token in words. */
  found(): string {
    const { type, text } = this.peek();
    if (type === "end") return "the end";
    if (type === "line") return "the end of the line";
    if (type === "block" || type === "blockEnd") return "another indentation";
    return JSON.stringify(text);
  }

  fail(message: string): Error {
    return sourceError(this.source, this.peek().start, message);
  }

  /** The token `offset` away from the next one. */
  near(offset: number): Token | undefined {
    return this.#tokens[this.#next + offset];
  }
}
