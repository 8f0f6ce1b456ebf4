/** Puts files back: by descriptors, through no link, each under its name only when it is whole. */
import {
  errorCode,
  errorText,
  isAbsent,
  SessionError,
} from "../../protocol/error.ts";
import type { Host } from "../../protocol/host.ts";
import type {
  OpenFolder,
  OpenFolderAt,
} from "../../util/folder/open_folder.ts";
import { basename, dirname } from "../../util/path.ts";
import { unreachable } from "../../util/assert.ts";
import type { FileState, UndoPlan } from "./kept/plan.ts";

type Change = UndoPlan["restore"][number];

interface RestoreOptions {
  readonly host: Pick<Host, "newId"> & Required<Pick<Host, "openFolder">>;
  /** The content of a file that was kept. */
  readonly load: (
    state: Extract<FileState, { kind: "file" }>,
  ) => Promise<Uint8Array<ArrayBuffer>>;
}

// Of a folder that is not finished yet: what is missing comes into it.
const OPEN_MODE = 0o700;
const NEW_MODE = 0o755;

/** Does these changes. Throws SessionError that names the path which could not be restored. */
export async function restoreFiles(
  changes: readonly Change[],
  options: RestoreOptions,
): Promise<void> {
  await new Restore(options).run(changes);
}

class Restore {
  readonly #options: RestoreOptions;
  /** Modes of folders that were opened to be written to. */
  readonly #opened = new Map<string, number>();

  constructor(options: RestoreOptions) {
    this.#options = options;
  }

  async run(changes: readonly Change[]): Promise<void> {
    const sorted = [...changes].sort((a, b) => a.path < b.path ? -1 : 1);
    const gone = sorted.filter(goesFirst).reverse();
    for (const { path } of gone) await this.#at(path, (...at) => remove(...at));
    for (const { path, to } of sorted) await this.#put(path, to);
    // A folder that cannot be written to gets its mode when all is in it.
    for (const { path, to } of sorted.toReversed()) {
      if (to.kind !== "folder") continue;
      this.#opened.delete(path);
      await this.#at(path, (folder, name) => folder.chmod(name, to.mode));
    }
    const gonePaths = new Set(gone.map(({ path }) => path));
    for (const [path, mode] of this.#opened) {
      if (gonePaths.has(path)) continue;
      await this.#at(path, (folder, name) => folder.chmod(name, mode));
    }
  }

  async #put(path: string, to: FileState): Promise<void> {
    const aside = `.${this.#options.host.newId()}`;
    switch (to.kind) {
      case "absent":
        return;
      case "folder":
        return await this.#at(path, (folder, name) => {
          if (folder.look(name)?.kind === "folder") return;
          // What a kill leaves is mostly what was wanted, and no change of somebody's.
          folder.makeFolder(name, to.mode | OPEN_MODE);
        });
      case "link":
        return await this.#at(path, (folder, name) => {
          folder.makeLink(aside, to.target);
          replace(folder, aside, name);
        });
      case "file": {
        const bytes = await naming(path, () => this.#options.load(to));
        return await this.#at(path, (folder, name) => {
          folder.create(aside, bytes, to.mode);
          replace(folder, aside, name);
        });
      }
      case "unkept":
        throw failure(path, new Error(`it was not kept: ${to.reason}`));
      default:
        return unreachable(to);
    }
  }

  // In the folder of the path, which is opened to its owner where it is shut.
  async #at(
    path: string,
    use: (folder: OpenFolder, name: string) => void,
  ): Promise<void> {
    await naming(path, () => {
      const parent = dirname(path);
      try {
        this.#in(parent, (folder) => use(folder, basename(path)));
      } catch (error) {
        if (errorCode(error) !== "EACCES") throw error;
        this.#openUp(parent);
        this.#in(parent, (folder) => use(folder, basename(path)));
      }
    });
  }

  #in(path: string, use: (folder: OpenFolder) => void): void {
    const folder = enterOrMake(this.#options.host.openFolder, path);
    try {
      use(folder);
    } finally {
      folder.close();
    }
  }

  #openUp(path: string): void {
    this.#in(dirname(path), (above) => {
      const name = basename(path);
      const mode = above.look(name)?.mode ?? NEW_MODE;
      if (!this.#opened.has(path)) this.#opened.set(path, mode);
      above.chmod(name, mode | OPEN_MODE);
    });
  }
}

// What is no folder any more, or becomes one, cannot be replaced at once.
function goesFirst({ from, to }: Change): boolean {
  if (from.kind === "absent") return false;
  return to.kind === "absent" ||
    (from.kind === "folder") !== (to.kind === "folder");
}

function remove(folder: OpenFolder, name: string): void {
  if (folder.look(name) !== undefined) folder.remove(name);
}

// A rename that replaces has some file systems write the new content to the disk first
// (ext4: auto_da_alloc), milliseconds each. What goes is not needed, and what comes is kept.
function replace(folder: OpenFolder, aside: string, name: string): void {
  try {
    remove(folder, name);
    folder.rename(aside, name);
  } catch (error) {
    folder.remove(aside);
    throw error;
  }
}

function enterOrMake(open: OpenFolderAt, path: string): OpenFolder {
  try {
    return open(path);
  } catch (error) {
    const isFile = errorCode(error) === "ENOTDIR";
    if (!isAbsent(error) || isFile || path === "/") throw error;
  }
  const above = enterOrMake(open, dirname(path));
  try {
    above.makeFolder(basename(path), NEW_MODE);
    return above.enter(basename(path));
  } finally {
    above.close();
  }
}

async function naming<T>(
  path: string,
  run: () => T | Promise<T>,
): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw failure(path, error);
  }
}

function failure(path: string, error: unknown): SessionError {
  const isLink = ["ELOOP", "ENOTDIR"].includes(errorCode(error) ?? "");
  const why = isLink
    ? "a folder above it is now a link or a file"
    : errorText(error);
  return new SessionError(`Cannot restore ${path}: ${why}`);
}

/**
 * Throws SessionError when later changes would be lost and nobody has said so. What was never
 * kept cannot be forced, so it does not stand in the way.
 */
export function refuseConflicts(
  plan: UndoPlan,
  options: { readonly force?: boolean },
): void {
  const paths = plan.conflicts.filter((one) => one.isForceable)
    .map(({ path, reason }) => `${path} (${reason})`);
  if (options.force || paths.length === 0) return;
  throw new SessionError(
    `Cannot undo: ${paths.join(", ")}; must be forced to lose later changes`,
  );
}
