/** How large Starlark's values may be, and the error of what a program did wrong. */
import { LIMITS } from "../../../protocol/limits.ts";

/** What a program did wrong, without its place; the evaluator adds that. */
export class StarlarkError extends Error {
  override readonly name = "StarlarkError";
}

/** Throws StarlarkError when a value would hold more characters or items than may be. */
export function checkSize(size: number): void {
  if (size <= LIMITS.starlark.valueSize) return;
  throw new StarlarkError(
    `a value has ${size} characters or items, must be at most ${LIMITS.starlark.valueSize}`,
  );
}

/** Bounds how far a value is walked: a list can hold itself, or the same one often. */
export class Walk {
  #size = 0;
  #depth = 0;

  /** Visits one value of a size; `inside` looks at what it holds. */
  visit<Result>(size: number, inside: () => Result): Result {
    checkSize(this.#size += size + 1);
    if (++this.#depth > LIMITS.starlark.nesting) {
      throw new StarlarkError("a value nests too deep");
    }
    const result = inside();
    this.#depth--;
    return result;
  }
}
