/** What guarded paths were before any of the commands that run now: one truth for all of them. */
import type { Files } from "../core/protocol/host.ts";
import { type Guard, readGuard, restoreGuard } from "./guard.ts";
import type { GuardItem } from "./plan.ts";

/**
 * A command that starts beside another must not take what that one has planted for the
 * state to go back to. So nothing is looked at again until all have ended.
 */
export class GuardBook {
  readonly #files: Files;
  readonly #before = new Map<string, Guard>();
  #users = 0;

  constructor(files: Files) {
    this.#files = files;
  }

  /** Remembers the items for a command that is about to start. */
  async take(items: readonly GuardItem[]): Promise<readonly GuardItem[]> {
    this.#users++;
    for (const item of items) {
      const key = keyOf(item);
      if (this.#before.has(key)) continue;
      this.#before.set(key, await readGuard(this.#files, [item]));
    }
    return items;
  }

  /** Puts the items of an ended command back; returns the paths that had changed. */
  async release(items: readonly GuardItem[]): Promise<readonly string[]> {
    const sorted = [...items].sort((left, right) =>
      left.path.length - right.path.length
    );
    const guard = sorted.flatMap((item) => this.#before.get(keyOf(item)) ?? []);
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
