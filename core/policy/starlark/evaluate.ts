/** Runs a Starlark file: what its calls give the functions of the host, within bounds. */
import { bindArguments } from "./values/arguments.ts";
import { ExpressionEvaluator } from "./evaluate_expression.ts";
import type { Ending, Scope } from "./runtime.ts";
import { Parser } from "./syntax/parse.ts";
import type { Expression, Statement } from "./syntax/syntax.ts";
import type { Source } from "./syntax/tokens.ts";
import { checkSize } from "./values/bounds.ts";
import { Callable, isTrue, List, type Value } from "./values/values.ts";

/** A call of a function of the host, with where it stands in the file. */
export interface HostCall {
  /** In the order of the function's parameters; what is not given is undefined. */
  readonly given: readonly (Value | undefined)[];
  /** Offsets of the whole call. */
  readonly start: number;
  readonly end: number;
  /** Whether the call is a statement of the file itself and runs once. */
  readonly isTopLevel: boolean;
}

/** A function that the host offers; it may throw StarlarkError. */
interface HostFunction {
  /** As bindArguments() takes them. */
  readonly parameters: readonly string[];
  readonly call: (call: HostCall) => void;
}

/** Runs a whole file. Throws UserError "config" with file, line and column. */
export function runStarlark(
  source: Source,
  functions: Readonly<Record<string, HostFunction>>,
): void {
  new Evaluator(source, functions).run();
}

class Evaluator extends ExpressionEvaluator {
  readonly #topLevel = new Set<Expression>();

  constructor(
    source: Source,
    functions: Readonly<Record<string, HostFunction>>,
  ) {
    super(source);
    for (const [name, one] of Object.entries(functions)) {
      this.builtins.set(name, this.#hostFunction(name, one));
    }
  }

  run(): void {
    const { body, names } = new Parser(this.source).module((name) =>
      this.builtins.has(name)
    );
    for (const statement of body) {
      if (statement.type === "expression") this.#topLevel.add(statement.value);
    }
    this.block(body, { values: new Map(), names });
  }

  #hostFunction(name: string, { parameters, call }: HostFunction): Callable {
    return new Callable(name, (arguments_) => {
      const given = bindArguments(name, parameters, arguments_);
      const { at: start = 0, end = 0 } = this.call ?? {};
      const isTopLevel = this.call !== undefined &&
        this.#topLevel.has(this.call);
      call({ given, start, end, isTopLevel });
      return null;
    });
  }

  block(body: readonly Statement[], scope: Scope): Ending {
    for (const statement of body) {
      const ending = this.#statement(statement, scope);
      if (ending !== undefined) return ending;
    }
    return undefined;
  }

  #statement(statement: Statement, scope: Scope): Ending {
    this.step(statement.at);
    switch (statement.type) {
      case "expression":
        this.value(statement.value, scope);
        return undefined;
      case "assign":
        this.#assign(statement, scope);
        return undefined;
      case "def":
        scope.values.set(
          statement.name,
          this.function(statement.value, scope),
        );
        return undefined;
      case "if": {
        const { test, then, otherwise } = statement;
        const branch = isTrue(this.value(test, scope)) ? then : otherwise;
        return this.block(branch, scope);
      }
      case "for":
        return this.#loop(statement, scope);
      case "return":
        return {
          value: statement.value === undefined
            ? null
            : this.value(statement.value, scope),
        };
      case "pass":
        return undefined;
      default:
        return statement.type;
    }
  }

  #loop(
    { target, list, body, at }: Extract<Statement, { type: "for" }>,
    scope: Scope,
  ): Ending {
    let ending: Ending;
    this.each(this.value(list, scope), at, (item) => {
      this.set(target, item, scope);
      ending = this.block(body, scope);
      if (ending === "continue") ending = undefined;
      return ending === undefined;
    });
    return ending === "break" ? undefined : ending;
  }

  #assign(
    { target, operator, value, at }: Extract<Statement, { type: "assign" }>,
    scope: Scope,
  ): void {
    if (operator === undefined) {
      return this.set(target, this.value(value, scope), scope);
    }
    if (target.type === "list") return;
    const before = this.value(target, scope);
    const more = this.value(value, scope);
    if (operator === "+" && before instanceof List && more instanceof List) {
      this.at(at, () => {
        checkSize(before.items.length + more.items.length);
        for (const item of [...more.items]) before.change().push(item);
      });
    } else {
      this.set(target, this.binary(operator, before, more, at), scope);
    }
  }
}
