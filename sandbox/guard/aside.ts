/** Moves files out of the way of protected names, where nobody reads or runs them. */
import { errorCode, isAbsent } from "../../core/protocol/error.ts";
import type { NoFollowFiles } from "../../core/protocol/host.ts";
import { basename, dirname } from "../../core/util/path.ts";

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

  /**
   * Renames it, beside where it was or into a folder where no name is free to choose; what
   * has gone meanwhile needs no moving.
   */
  async move(path: string, folder = dirname(path)): Promise<void> {
    const id = this.#newId().slice(-ID_CHARACTERS);
    const toIn = (place: string): string =>
      `${place}/${basename(path)}${INFIX}${id}`;
    try {
      this.#moved.push(await this.#rename(path, toIn(folder)));
    } catch (error) {
      if (isAbsent(error)) return;
      // The folder is on another disk.
      if (errorCode(error) !== "EXDEV") throw error;
      this.#moved.push(await this.#rename(path, toIn(dirname(path))));
    }
  }

  async #rename(from: string, to: string): Promise<string> {
    await this.#files.rename(from, to);
    return to;
  }
}
