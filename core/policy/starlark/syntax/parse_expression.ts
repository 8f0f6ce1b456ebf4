/** Reads Starlark expressions, and notes which names they use. */
import { Cursor } from "./cursor.ts";
import { parseFormat } from "./parse_format.ts";
import { parseLambda } from "./parse_lambda.ts";
import type {
  Argument,
  Clause,
  Expression,
  Statement,
  Target,
} from "./syntax.ts";
import { BINARY_LEVELS } from "./syntax.ts";
import { sourceError, type Token } from "./tokens.ts";

export class ExpressionParser extends Cursor {
  /** One or more expressions; with commas they are a tuple. */
  expressions(close: string): Expression {
    const first = this.expression();
    if (!this.takeMark(",")) return first;
    const items = [first, ...this.#list(close)];
    if (close !== ")" && this.near(-1)?.text === ",") {
      throw this.fail("a tuple that ends with a comma needs brackets");
    }
    return { type: "tuple", items, at: first.at };
  }

  expression(): Expression {
    this.enter();
    const value = this.isKeyword("lambda") ? this.#lambda() : this.#choice();
    this.leave();
    return value;
  }

  /** `x`, `x[0]`, or several of them: what stands before `=` or after `for`. */
  target(value: Expression): Target {
    const { at } = value;
    if (value.type === "name") {
      this.bind(value.name);
      return { type: "name", name: value.name, at };
    }
    if (value.type === "index") return value;
    if (value.type === "tuple" || value.type === "list") {
      const items = value.items.map((item) => this.target(item));
      return { type: "list", items, at };
    }
    throw sourceError(this.source, at, "this cannot be assigned to");
  }

  /** The variables of a `for`, up to its `in`. */
  loopTarget(): Target {
    const at = this.peek().start;
    const items = [this.#primary()];
    while (this.takeMark(",")) items.push(this.#primary());
    this.keyword("in");
    const [first, ...more] = items;
    if (more.length === 0 && first !== undefined) return this.target(first);
    return this.target({ type: "tuple", items, at });
  }

  #lambda(): Expression {
    const { start: at } = this.take();
    const body = (): readonly Statement[] => {
      const value = this.expression();
      return [{ type: "return", value, at: value.at }];
    };
    const value = parseLambda(this, { name: "lambda", close: ":", body });
    return { type: "lambda", value, at };
  }

  #choice(): Expression {
    const then = this.#or();
    if (!this.takeKeyword("if")) return then;
    const test = this.#or();
    this.keyword("else");
    const otherwise = this.expression();
    return { type: "choice", test, then, otherwise, at: then.at };
  }

  #or(): Expression {
    return this.#logical("or", () => this.#logical("and", () => this.#not()));
  }

  #logical(operator: string, operand: () => Expression): Expression {
    let left = operand();
    while (this.takeKeyword(operator)) {
      const right = operand();
      left = { type: "logical", operator, left, right, at: left.at };
    }
    return left;
  }

  #not(): Expression {
    const { start: at } = this.peek();
    let count = 0;
    while (this.takeKeyword("not")) count++;
    let value = this.#binary(0);
    while (count-- > 0) value = { type: "not", operator: "not", value, at };
    return value;
  }

  #binary(level: number): Expression {
    const operators = BINARY_LEVELS[level];
    if (operators === undefined) return this.#unary();
    let left = this.#binary(level + 1);
    for (;;) {
      const { start: at } = this.peek();
      const operator = this.#operator(operators);
      if (operator === undefined) return left;
      const right = this.#binary(level + 1);
      left = { type: "binary", operator, left, right, at };
      if (level === 0 && this.#operator(operators) !== undefined) {
        throw this.fail("comparisons do not chain, use brackets");
      }
    }
  }

  #operator(operators: readonly string[]): string | undefined {
    const { type, text } = this.peek();
    if (type !== "mark" && type !== "keyword") return undefined;
    const isNotIn = text === "not" &&
      this.near(1)?.text === "in";
    const operator = isNotIn ? "not in" : text;
    if (!operators.includes(operator)) return undefined;
    this.take();
    if (isNotIn) this.take();
    return operator;
  }

  #unary(): Expression {
    const operators: Token[] = [];
    while (["-", "+", "~"].some((mark) => this.isMark(mark))) {
      operators.push(this.take());
    }
    let value = this.#primary();
    for (const { text, start } of operators.reverse()) {
      value = { type: "unary", operator: text, value, at: start };
    }
    return value;
  }

  #primary(): Expression {
    let value = this.#operand();
    for (;;) {
      const { start: at } = this.peek();
      if (this.takeMark(".")) {
        value = { type: "attribute", value, name: this.name(), at };
      } else if (this.takeMark("(")) {
        const list = this.#arguments();
        const { end } = this.mark(")");
        value = {
          type: "call",
          callee: value,
          arguments: list,
          at: value.at,
          end,
        };
      } else if (this.takeMark("[")) value = this.#subscript(value, at);
      else return value;
    }
  }

  #subscript(value: Expression, at: number): Expression {
    const bounds: (Expression | undefined)[] = [undefined];
    while (!this.isMark("]")) {
      if (this.takeMark(":")) bounds.push(undefined);
      else {
        bounds[bounds.length - 1] = this.expression();
        if (!this.isMark(":")) break;
      }
    }
    this.mark("]");
    const [index] = bounds;
    if (bounds.length > 3) throw this.fail("a slice has at most two colons");
    if (bounds.length > 1) return { type: "slice", value, bounds, at };
    if (index === undefined) throw this.fail("an index is missing");
    return { type: "index", value, index, at };
  }

  #arguments(): readonly Argument[] {
    const list: Argument[] = [];
    while (!this.isMark(")")) {
      if (this.takeMark("**")) {
        list.push({ kind: "namedRest", value: this.expression() });
      } else if (this.takeMark("*")) {
        list.push({ kind: "rest", value: this.expression() });
      } else if (this.#isNamed()) {
        const name = this.name();
        this.mark("=");
        list.push({ kind: "named", name, value: this.expression() });
      } else if (list.some(({ kind }) => kind !== "plain")) {
        throw this.fail("an argument without a name must come first");
      } else list.push({ kind: "plain", value: this.expression() });
      if (!this.takeMark(",")) break;
    }
    return list;
  }

  #isNamed(): boolean {
    const after = this.near(1);
    return this.peek().type === "name" && after?.type === "mark" &&
      after.text === "=";
  }

  #operand(): Expression {
    const found = this.found();
    const token = this.take();
    const { start: at, text, type } = token;
    if (type === "string") return { type: "constant", value: text, at };
    if (type === "int") return { type: "constant", value: BigInt(text), at };
    if (type === "float") return { type: "constant", value: Number(text), at };
    if (type === "format") return parseFormat(this, token);
    if (type === "name") {
      this.scope.uses.push({ name: text, at });
      return { type: "name", name: text, at };
    }
    if (type === "mark") {
      if (text === "(") return this.#brackets(at);
      if (text === "[") return this.#listDisplay(at);
      if (text === "{") return this.#dictDisplay(at);
    }
    throw sourceError(this.source, at, `expected a value, found ${found}`);
  }

  #brackets(at: number): Expression {
    if (this.takeMark(")")) return { type: "tuple", items: [], at };
    const value = this.expressions(")");
    this.mark(")");
    return value;
  }

  #listDisplay(at: number): Expression {
    const uses = this.scope.uses.length;
    if (this.takeMark("]")) return { type: "list", items: [], at };
    const first = this.expression();
    if (this.isKeyword("for")) {
      return this.#comprehension({ result: first, close: "]", uses, at });
    }
    const items = [first, ...(this.takeMark(",") ? this.#list("]") : [])];
    this.mark("]");
    return { type: "list", items, at };
  }

  #dictDisplay(at: number): Expression {
    const uses = this.scope.uses.length;
    const entries: (readonly [Expression, Expression])[] = [];
    while (!this.isMark("}")) {
      const key = this.expression();
      this.mark(":");
      const entry = [key, this.expression()] as const;
      if (entries.length === 0 && this.isKeyword("for")) {
        return this.#comprehension({ result: entry, close: "}", uses, at });
      }
      entries.push(entry);
      if (!this.takeMark(",")) break;
    }
    this.mark("}");
    return { type: "dict", entries, at };
  }

  // The variables of a comprehension are its own: what its result uses is known here.
  #comprehension({ result, close, uses, at }: {
    readonly result: Expression | readonly [Expression, Expression];
    readonly close: string;
    readonly uses: number;
    readonly at: number;
  }): Expression {
    const clauses: Clause[] = [];
    this.scoped(() => {
      while (!this.isMark(close)) clauses.push(this.#clause());
    }, this.scope.uses.splice(uses));
    this.mark(close);
    return { type: "comprehension", result, clauses, at };
  }

  #clause(): Clause {
    if (this.takeKeyword("for")) {
      const target = this.loopTarget();
      return { type: "for", target, list: this.#or() };
    }
    this.keyword("if");
    return { type: "if", test: this.#or() };
  }

  #list(close: string): Expression[] {
    const items: Expression[] = [];
    while (!this.isMark(close) && this.peek().type !== "line") {
      items.push(this.expression());
      if (!this.takeMark(",")) break;
    }
    return items;
  }
}
