/** What running Starlark costs and where its errors are. */
import { LIMITS } from "../../protocol/limits.ts";
import { itemsOf } from "./values/operators.ts";
import { type Source, sourceError } from "./syntax/tokens.ts";
import { StarlarkError } from "./values/bounds.ts";
import { Dict, List, type Value } from "./values/values.ts";

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
