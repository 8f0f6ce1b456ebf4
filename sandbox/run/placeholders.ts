/** The empty folders bubblewrap makes where nothing may be made: counted, and removed after. */
import type { Files } from "../../core/protocol/host.ts";

/** Mount points that exist only for running commands. */
export class Placeholders {
  readonly #files: Files;
  readonly #users = new Map<string, number>();

  constructor(files: Files) {
    this.#files = files;
  }

  /** Whether a running command made this path appear. */
  has(path: string): boolean {
    return this.#users.has(path);
  }

  take(paths: readonly string[]): void {
    for (const path of paths) {
      this.#users.set(path, (this.#users.get(path) ?? 0) + 1);
    }
  }

  /**
   * Removes those that nobody uses any more; never more than an empty folder. Must not
   * run beside a launch that looks at the same paths.
   */
  async release(paths: readonly string[]): Promise<void> {
    const free: string[] = [];
    for (const path of paths) {
      const left = (this.#users.get(path) ?? 1) - 1;
      if (left > 0) this.#users.set(path, left);
      else free.push(path);
    }
    for (const path of free.sort((left, right) => right.length - left.length)) {
      const stat = await this.#files.lstat(path);
      // The person may have made something of the name meanwhile: then it stays.
      if (stat?.isDirectory) await this.#files.remove(path).catch(() => {});
      this.#users.delete(path);
    }
  }
}
