/** Reads a Starlark file: its statements, and that every name in it is known. */
import { ExpressionParser } from "./parse_expression.ts";
import { parseLambda, skipAnnotation } from "./parse_lambda.ts";
import type { Module, Statement } from "./syntax.ts";
import { sourceError } from "./tokens.ts";

const ASSIGN = /^(?:=|[-+*/%&|^]=|\/\/=|<<=|>>=)$/;

export class Parser extends ExpressionParser {
  /** Of the statement being read: may it hold `return`, `break`? */
  #isFunction = false;
  #isLoop = false;

  /** The whole file. `known` are the names that it may use without assigning them. */
  module(known: (name: string) => boolean): Module {
    const body: Statement[] = [];
    while (this.peek().type !== "end") body.push(...this.#statement());
    const { names, uses } = this.scope;
    for (const { name, at } of uses) {
      if (names.has(name) || known(name)) continue;
      throw sourceError(this.source, at, `"${name}" is not known here`);
    }
    return { body, names };
  }

  // Several simple statements can stand on one line.
  #statement(): readonly Statement[] {
    const { start: at, text, type } = this.peek();
    if (type === "keyword") {
      if (text === "def") return [this.#def(at)];
      if (text === "if") return [this.#if(at)];
      if (text === "for") return [this.#for(at)];
    }
    if (type === "line") {
      this.take();
      return [];
    }
    return this.#line();
  }

  #line(): readonly Statement[] {
    const list = [this.#simple()];
    while (this.takeMark(";") && this.peek().type !== "line") {
      list.push(this.#simple());
    }
    if (this.peek().type !== "line") {
      throw this.fail(`expected the end of the line, found ${this.found()}`);
    }
    this.take();
    return list;
  }

  #simple(): Statement {
    const { start: at, text, type } = this.peek();
    if (type === "keyword") {
      const word = this.#word(text, at);
      if (word !== undefined) return word;
    }
    const left = this.expressions("=");
    if (left.type === "name" && this.isMark(":")) {
      skipAnnotation(this);
      if (!this.isMark("=")) this.mark("=");
    }
    const mark = this.peek();
    if (mark.type !== "mark" || !ASSIGN.test(mark.text)) {
      return { type: "expression", value: left, at };
    }
    if (mark.text !== "=" && left.type !== "name" && left.type !== "index") {
      throw this.fail(`"${mark.text}" needs one name or one item before it`);
    }
    this.take();
    const target = this.target(left);
    const operator = mark.text.slice(0, -1);
    return {
      type: "assign",
      target,
      ...(operator === "" ? {} : { operator }),
      value: this.expressions(""),
      at,
    };
  }

  #word(text: string, at: number): Statement | undefined {
    if (text === "load") throw this.fail("load() is not available in rules");
    if (text === "return") {
      if (!this.#isFunction) throw this.fail("return belongs into a function");
      this.take();
      if (this.peek().type === "line" || this.isMark(";")) {
        return { type: "return", at };
      }
      return { type: "return", value: this.expressions(""), at };
    }
    if (text !== "break" && text !== "continue" && text !== "pass") {
      return undefined;
    }
    if (text !== "pass" && !this.#isLoop) {
      throw this.fail(`${text} belongs into a loop`);
    }
    this.take();
    return { type: text, at };
  }

  #def(at: number): Statement {
    this.take();
    const name = this.name();
    this.bind(name);
    this.mark("(");
    const body = (): readonly Statement[] =>
      this.#block({ isFunction: true, isLoop: false });
    const value = parseLambda(this, { name, close: ")", body });
    return { type: "def", name, value, at };
  }

  #if(at: number): Statement {
    this.take();
    const test = this.expression();
    this.mark(":");
    const then = this.#block({});
    const { start } = this.peek();
    let otherwise: readonly Statement[] = [];
    if (this.isKeyword("elif")) {
      this.enter();
      otherwise = [this.#if(start)];
      this.leave();
    } else if (this.takeKeyword("else")) {
      this.mark(":");
      otherwise = this.#block({});
    }
    return { type: "if", test, then, otherwise, at };
  }

  #for(at: number): Statement {
    this.take();
    const target = this.loopTarget();
    const list = this.expressions(":");
    this.mark(":");
    const body = this.#block({ isLoop: true });
    return { type: "for", target, list, body, at };
  }

  // Simple statements on the same line, or an indented block below.
  #block(
    { isFunction = this.#isFunction, isLoop = this.#isLoop },
  ): readonly Statement[] {
    const outer = [this.#isFunction, this.#isLoop] as const;
    [this.#isFunction, this.#isLoop] = [isFunction, isLoop];
    const body: Statement[] = [];
    if (this.peek().type !== "line") body.push(...this.#line());
    else {
      this.take();
      if (this.take().type !== "block") {
        throw this.fail("expected an indented block");
      }
      this.enter();
      while (this.peek().type !== "blockEnd") body.push(...this.#statement());
      this.leave();
      this.take();
    }
    [this.#isFunction, this.#isLoop] = outer;
    return body;
  }
}
