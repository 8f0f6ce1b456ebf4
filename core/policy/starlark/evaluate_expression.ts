/** Computes Starlark's expressions. */
import { LIMITS } from "../../protocol/limits.ts";
import { builtins } from "./values/builtins.ts";
import { methodOf } from "./values/methods.ts";
import {
  computeBinary,
  computeUnary,
  itemAt,
  itemsOf,
  setItem,
  sliceOf,
} from "./values/operators.ts";
import { bindParameters, type Ending, Runtime, type Scope } from "./runtime.ts";
import type {
  Argument,
  CallExpression,
  Clause,
  Expression,
  Lambda,
  Statement,
  Target,
} from "./syntax/syntax.ts";
import { checkSize, StarlarkError } from "./values/bounds.ts";
import {
  Callable,
  type CallArguments,
  Dict,
  isTrue,
  List,
  renderRepr,
  renderValue,
  Tuple,
  typeName,
  type Value,
} from "./values/values.ts";

export abstract class ExpressionEvaluator extends Runtime {
  readonly builtins = builtins();
  #calls = 0;
  /** The call that runs, for the functions of the host. */
  call: CallExpression | undefined;

  /** Runs the body of a function. */
  abstract block(body: readonly Statement[], scope: Scope): Ending;

  set(target: Target, value: Value, scope: Scope): void {
    if (target.type === "name") {
      scope.values.set(target.name, value);
    } else if (target.type === "index") {
      const list = this.value(target.value, scope);
      const index = this.value(target.index, scope);
      this.at(target.at, () => setItem(list, index, value));
    } else {
      const items = [...this.at(target.at, () => itemsOf(value))];
      if (items.length !== target.items.length) {
        throw this.fail(
          target.at,
          `${items.length} values for ${target.items.length} names`,
        );
      }
      for (const [at, one] of target.items.entries()) {
        this.set(one, items[at] ?? null, scope);
      }
    }
  }

  value(expression: Expression, scope: Scope): Value {
    return this.nested(expression.at, () => this.#evaluate(expression, scope));
  }

  #evaluate(expression: Expression, scope: Scope): Value {
    const { at } = expression;
    const all = (items: readonly Expression[]): Value[] =>
      items.map((item) => this.value(item, scope));
    switch (expression.type) {
      case "constant":
        return expression.value;
      case "name":
        return this.lookUp(expression.name, at, scope);
      case "list":
        return new List(all(expression.items));
      case "tuple":
        return new Tuple(all(expression.items));
      case "dict":
        return this.#dict(expression, scope);
      case "comprehension":
        return this.#comprehension(expression, scope);
      case "format":
        return this.#format(expression, scope);
      case "lambda":
        return this.function(expression.value, scope);
      case "unary":
      case "not": {
        const value = this.value(expression.value, scope);
        return this.at(at, () => computeUnary(expression.operator, value));
      }
      case "binary": {
        const left = this.value(expression.left, scope);
        const right = this.value(expression.right, scope);
        return this.binary(expression.operator, left, right, at);
      }
      case "logical": {
        const left = this.value(expression.left, scope);
        if (isTrue(left) === (expression.operator === "or")) return left;
        return this.value(expression.right, scope);
      }
      case "choice": {
        const { test, then, otherwise } = expression;
        return this.value(
          isTrue(this.value(test, scope)) ? then : otherwise,
          scope,
        );
      }
      case "call":
        return this.#callOf(expression, scope);
      case "attribute": {
        const value = this.value(expression.value, scope);
        const method = methodOf(value, expression.name);
        if (method !== undefined) return method;
        throw this.fail(
          at,
          `a ${typeName(value)} has no "${expression.name}"`,
        );
      }
      case "index": {
        const value = this.value(expression.value, scope);
        const index = this.value(expression.index, scope);
        return this.at(at, () => itemAt(value, index));
      }
      case "slice":
        return this.#slice(expression, scope);
    }
  }

  #format(
    { parts, at }: Extract<Expression, { type: "format" }>,
    scope: Scope,
  ): string {
    const text = parts.map((part) => {
      if (typeof part === "string") return part;
      const value = this.value(part.value, scope);
      return part.repr ? renderRepr(value) : renderValue(value);
    }).join("");
    this.at(at, () => checkSize(text.length));
    return text;
  }

  #slice(
    { value: whole, bounds, at }: Extract<Expression, { type: "slice" }>,
    scope: Scope,
  ): Value {
    const value = this.value(whole, scope);
    const values = bounds.map((bound) =>
      bound === undefined ? null : this.value(bound, scope)
    );
    return this.at(at, () => sliceOf(value, values));
  }

  lookUp(name: string, at: number, scope: Scope): Value {
    for (let one: Scope | undefined = scope; one; one = one.outer) {
      const value = one.values.get(name);
      if (value !== undefined) return value;
      if (one.names.has(name)) {
        throw this.fail(at, `"${name}" is used before it is assigned`);
      }
    }
    return this.builtins.get(name) ?? null;
  }

  #dict(
    { entries, at }: Extract<Expression, { type: "dict" }>,
    scope: Scope,
  ): Value {
    const dict = new Dict();
    for (const [key, value] of entries) {
      const name = this.value(key, scope);
      this.at(at, () => {
        if (dict.get(name) === undefined) return;
        throw new StarlarkError(`the key ${renderRepr(name)} is there twice`);
      });
      dict.set(name, this.value(value, scope));
    }
    return dict;
  }

  #comprehension(
    { result, clauses, at }: Extract<Expression, { type: "comprehension" }>,
    scope: Scope,
  ): Value {
    const inner = { values: new Map(), names: new Set<string>(), outer: scope };
    const items: Value[] = [];
    const dict = new Dict();
    const isDict = Array.isArray(result);
    this.#clauses(clauses, inner, () => {
      if (!isDict) items.push(this.value(result as Expression, inner));
      else {
        const [key, value] = result.map((one) => this.value(one, inner));
        this.at(at, () => dict.set(key ?? null, value ?? null));
      }
    });
    return isDict ? dict : new List(items);
  }

  #clauses(
    [clause, ...rest]: readonly Clause[],
    scope: Scope,
    visit: () => void,
  ): void {
    if (clause === undefined) return visit();
    if (clause.type === "if") {
      if (!isTrue(this.value(clause.test, scope))) return;
      return this.#clauses(rest, scope, visit);
    }
    const list = this.value(clause.list, scope);
    this.each(list, clause.list.at, (item) => {
      this.set(clause.target, item, scope);
      this.#clauses(rest, scope, visit);
      return true;
    });
  }

  function(lambda: Lambda, scope: Scope): Callable {
    const fallbacks = new Map<string, Value>();
    for (const { name, fallback } of lambda.parameters) {
      if (fallback !== undefined) {
        fallbacks.set(name, this.value(fallback, scope));
      }
    }
    return new Callable(lambda.name, (given) => {
      const values = bindParameters(lambda, given, fallbacks);
      if (++this.#calls > LIMITS.starlark.calls) {
        throw new StarlarkError(
          `calls nest deeper than ${LIMITS.starlark.calls}`,
        );
      }
      const inner = { values, names: lambda.names, outer: scope };
      const ending = this.block(lambda.body, inner);
      this.#calls--;
      return typeof ending === "object" ? ending.value : null;
    });
  }

  #callOf(call: CallExpression, scope: Scope): Value {
    const callee = this.value(call.callee, scope);
    const given = this.#arguments(call.arguments, scope);
    if (!(callee instanceof Callable)) {
      throw this.fail(call.at, `a ${typeName(callee)} cannot be called`);
    }
    const outer = this.call;
    this.call = call;
    const value = this.at(call.at, () => callee.call(given));
    this.call = outer;
    return value;
  }

  #arguments(list: readonly Argument[], scope: Scope): CallArguments {
    const plain: Value[] = [];
    const named = new Map<string, Value>();
    const add = (name: string, value: Value, at: number): void => {
      if (named.has(name)) throw this.fail(at, `"${name}" is given twice`);
      named.set(name, value);
    };
    for (const { kind, name = "", value: expression } of list) {
      const value = this.value(expression, scope);
      const { at } = expression;
      if (kind === "plain") plain.push(value);
      else if (kind === "named") add(name, value, at);
      else if (kind === "rest") {
        plain.push(...this.at(at, () => itemsOf(value)));
      } else if (value instanceof Dict) {
        for (const [key, one] of value.entries.values()) {
          if (typeof key !== "string") {
            throw this.fail(at, "the names of arguments are strings");
          }
          add(key, one, at);
        }
      } else throw this.fail(at, "** needs a dict");
    }
    return { plain, named };
  }

  binary(operator: string, left: Value, right: Value, at: number): Value {
    const value = this.at(at, () => computeBinary(operator, left, right));
    const size = typeof value === "string"
      ? value.length
      : value instanceof List || value instanceof Tuple
      ? value.items.length
      : 0;
    this.at(at, () => checkSize(size));
    return value;
  }
}
