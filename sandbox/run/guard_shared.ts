/** What guarded paths were before any of the commands that run now: one truth for all of them. */
import type { Files } from "../../core/protocol/host.ts";
import { isInside } from "../../core/util/path.ts";
import { type Guard, readGuard, restoreGuard } from "./guard.ts";
import type { GuardItem } from "../plan/plan.ts";

/**
 * A command that starts beside another must not take what that one has planted for the
 * state to go back to. So nothing is looked at again until all have ended, and whoever
 * ends puts back all that any of them may not change.
 */
export class SharedProtection {
  readonly #files: Files;
  readonly #before = new Map<string, Guard>();
  #users = 0;

  constructor(files: Files) {
    this.#files = files;
  }

  /** Whether the path was absent before the commands that run now: what is there, they made. */
  wasAbsent(path: string): boolean {
    return [...this.#before.values()].some((guard) =>
      guard.some((was) => was.kind === "absent" && isInside(path, was.path))
    );
  }

  /** Remembers the items for a command that is about to start. */
  async take(items: readonly GuardItem[]): Promise<void> {
    // What a failed start has left here is old by now.
    if (this.#users === 0) this.#before.clear();
    for (const item of items) {
      const key = keyOf(item);
      if (this.#before.has(key) || this.wasAbsent(item.path)) continue;
      this.#before.set(key, await readGuard(this.#files, [item]));
    }
    this.#users++;
  }

  /** Puts everything back after a command has ended; returns the paths that had changed. */
  async release(): Promise<readonly string[]> {
    const guard = [...this.#before.values()].flat()
      .sort((left, right) => left.path.length - right.path.length);
    try {
      return await restoreGuard(this.#files, guard);
    } finally {
      this.#users--;
      if (this.#users === 0) this.#before.clear();
    }
  }
}

function keyOf({ path, scope }: GuardItem): string {
  return `${scope} ${path}`;
}
