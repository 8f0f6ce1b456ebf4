/** What guarded paths were before any of the commands that run now: one truth for all of them. */
import { SandboxUnavailable } from "../../core/protocol/error.ts";
import type { Host, NoFollowFiles } from "../../core/protocol/host.ts";
import { isInside } from "../../core/util/path.ts";
import {
  type Guard,
  type GuardChanges,
  readGuard,
  restoreGuard,
} from "./guard.ts";
import type { GuardItem } from "../plan/plan.ts";

type GuardHost = Pick<Host, "newId" | "noFollowFiles">;

const NOTHING: GuardChanges = { restored: [], moved: [], failed: [] };

/**
 * A command that starts beside another must not take what that one has planted for the
 * state to go back to, and nothing may be put back under the hands of a command. So
 * nothing is looked at again, or touched, until all have ended.
 */
export class SharedProtection {
  readonly #host: GuardHost;
  readonly #before = new Map<string, Guard>();
  #users = 0;

  constructor(host: GuardHost) {
    this.#host = host;
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
      this.#before.set(key, await readGuard(this.#files(), [item]));
    }
    this.#users++;
  }

  /** Puts everything back when the last command has ended. */
  async release(): Promise<GuardChanges> {
    this.#users--;
    if (this.#users > 0 || this.#before.size === 0) return NOTHING;
    const guard = [...this.#before.values()].flat()
      .sort((left, right) => left.path.length - right.path.length);
    this.#before.clear();
    return await restoreGuard(this.#files(), guard, this.#host.newId);
  }

  #files(): NoFollowFiles {
    const { noFollowFiles } = this.#host;
    if (noFollowFiles !== undefined) return noFollowFiles;
    throw new SandboxUnavailable(
      "Cannot protect files in the workspace: libc.so.6 cannot be loaded, must be installed",
    );
  }
}

function keyOf({ path, scope }: GuardItem): string {
  return `${scope} ${path}`;
}
