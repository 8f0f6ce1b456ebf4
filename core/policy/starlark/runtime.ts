/** What running Starlark costs, where its errors are, and how a call gets its parameters. */
import { LIMITS } from "../../protocol/limits.ts";
import type { Lambda } from "./syntax/syntax.ts";
import { type Source, sourceError } from "./syntax/tokens.ts";
import { StarlarkError } from "./values/bounds.ts";
import { itemsOf } from "./values/operators.ts";
import {
  type CallArguments,
  Dict,
  List,
  Tuple,
  type Value,
} from "./values/values.ts";

export interface Scope {
  readonly values: Map<string, Value>;
  /** Names that are assigned somewhere in it. */
  readonly names: ReadonlySet<string>;
  readonly outer?: Scope;
}

/** How a block ended, when not at its end. */
export type Ending =
  | "break"
  | "continue"
  | { readonly value: Value }
  | undefined;

/** Counts steps and depth, and gives errors their place. */
export class Runtime {
  #steps = 0;
  #depth = 0;

  constructor(readonly source: Source) {
  }

  /** Goes through a value until `visit` says no; it cannot change meanwhile. */
  each(list: Value, at: number, visit: (item: Value) => boolean): void {
    const items = this.at(at, () => itemsOf(list));
    const locked = list instanceof List || list instanceof Dict
      ? list
      : undefined;
    if (locked !== undefined) locked.loops++;
    for (const item of items) {
      this.step(at);
      if (!visit(item)) break;
    }
    if (locked !== undefined) locked.loops--;
  }

  /** Runs something inside an expression: counts it, and how deep it is. */
  nested<Result>(at: number, run: () => Result): Result {
    this.step(at);
    if (++this.#depth > LIMITS.starlark.depth) {
      throw this.fail(at, "operators and calls nest too deep");
    }
    const result = run();
    this.#depth--;
    return result;
  }

  /** An error without a place gets this one. */
  at<Result>(at: number, run: () => Result): Result {
    try {
      return run();
    } catch (error) {
      if (!(error instanceof StarlarkError)) throw error;
      throw this.fail(at, error.message);
    }
  }

  step(at: number): void {
    if (++this.#steps <= LIMITS.starlark.steps) return;
    throw this.fail(at, `more than ${LIMITS.starlark.steps} steps`);
  }

  fail(at: number, message: string): Error {
    return sourceError(this.source, at, message);
  }
}

/** By place and by name; *rest and **rest take what is left. Throws StarlarkError. */
export function bindParameters(
  { name, parameters }: Lambda,
  { plain, named }: CallArguments,
  fallbacks: ReadonlyMap<string, Value>,
): Map<string, Value> {
  const of = (kind: string): string | undefined =>
    parameters.find((parameter) => parameter.kind === kind)?.name;
  const placed = parameters.filter(({ kind }) => kind === "plain");
  const [rest, namedRest] = [of("rest"), of("namedRest")];
  const values = new Map<string, Value>(
    placed.slice(0, plain.length).map((
      one,
      at,
    ) => [one.name, plain[at] ?? null]),
  );
  if (plain.length > placed.length && rest === undefined) {
    throw new StarlarkError(
      `${name}() takes ${placed.length} arguments by place, not ${plain.length}`,
    );
  }
  const others = new Dict();
  for (const [key, value] of named) {
    const isKnown = parameters.some((one) =>
      one.name === key && (one.kind === "plain" || one.kind === "named")
    );
    if (values.has(key)) throw new StarlarkError(`"${key}" is given twice`);
    if (isKnown) values.set(key, value);
    else if (namedRest !== undefined) others.set(key, value);
    else throw new StarlarkError(`${name}() has no parameter "${key}"`);
  }
  for (const parameter of parameters) {
    if (parameter.kind !== "plain" && parameter.kind !== "named") continue;
    if (values.has(parameter.name)) continue;
    const fallback = fallbacks.get(parameter.name);
    if (fallback === undefined) {
      throw new StarlarkError(`${name}() needs "${parameter.name}"`);
    }
    values.set(parameter.name, fallback);
  }
  if (rest !== undefined) {
    values.set(rest, new Tuple(plain.slice(placed.length)));
  }
  if (namedRest !== undefined) values.set(namedRest, others);
  return values;
}
