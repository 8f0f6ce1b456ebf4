/** Moves files out of the way of protected names, where nobody reads or runs them. */
import { isAbsent } from "../../core/protocol/error.ts";
import type { NoFollowFiles } from "../../core/protocol/host.ts";
import { basename } from "../../core/util/path.ts";

/** Between a name and its id: `.codex.rondo-moved-1f0c9a2b`. */
const INFIX = ".rondo-moved-";
const ID_CHARACTERS = 8;

export class Aside {
  readonly #files: NoFollowFiles;
  readonly #newId: () => string;
  readonly #moved: string[] = [];

  constructor(files: NoFollowFiles, newId: () => string) {
    this.#files = files;
    this.#newId = newId;
  }

  /** The new paths. */
  get moved(): readonly string[] {
    return this.#moved;
  }

  /** Whether a path has such a name, from now or from an earlier command. */
  isMoved(path: string): boolean {
    return basename(path).includes(INFIX);
  }

  /** Renames it, beside where it was; what has gone meanwhile needs no moving. */
  async move(path: string): Promise<void> {
    const to = `${path}${INFIX}${this.#newId().slice(-ID_CHARACTERS)}`;
    try {
      await this.#files.rename(path, to);
    } catch (error) {
      if (isAbsent(error)) return;
      throw error;
    }
    this.#moved.push(to);
  }
}
