/** Files of a tree that commands may be changing: read and made through no link. */
import { isAbsent, systemError } from "../protocol/error.ts";
import type { Files, FileStat, Host } from "../protocol/host.ts";
import { dirname } from "../util/path.ts";
import type { FileMode, FileVersion } from "./patch/version.ts";

/** What is told of a file to see whether it has changed. */
export interface TreeStat extends FileStat {
  /** What git keeps of it; absent for a folder and for what no tree holds. */
  readonly kind?: FileMode;
}

/** The disk as a tree is read and filled. */
export class TreeFiles {
  readonly #host: Pick<Host, "files" | "noFollowFiles">;

  constructor(host: Pick<Host, "files" | "noFollowFiles">) {
    this.#host = host;
  }

  /** Undefined when nothing is there, or it lies behind a link. */
  async lstat(path: string): Promise<TreeStat | undefined> {
    const { files, noFollowFiles } = this.#host;
    const stat = noFollowFiles === undefined
      ? await this.#isPlain(path) ? await files.lstat(path) : undefined
      : await noFollowFiles.lstat(path);
    if (stat === undefined) return undefined;
    if (stat.isSymlink) return { ...stat, kind: "120000" };
    if (!stat.isFile) return stat;
    return { ...stat, kind: stat.mode & 0o100 ? "100755" : "100644" };
  }

  /** Names in a folder, in order. */
  async list(path: string): Promise<readonly string[]> {
    const { files, noFollowFiles } = this.#host;
    if (noFollowFiles !== undefined) {
      return (await noFollowFiles.list(path)).sort();
    }
    await this.#refuseLinks(path);
    return (await files.list(path)).map(({ name }) => name).sort();
  }

  /** Undefined when there is nothing that a tree holds. */
  async readVersion(path: string): Promise<FileVersion | undefined> {
    const stat = await this.lstat(path);
    if (stat?.kind === undefined) return undefined;
    const { files, noFollowFiles } = this.#host;
    if (stat.kind === "120000") {
      const target = await (noFollowFiles ?? files).readLink(path);
      return { mode: stat.kind, bytes: new TextEncoder().encode(target) };
    }
    const bytes = noFollowFiles === undefined
      ? await files.readBytes(path)
      : await noFollowFiles.readRange(path, 0, stat.size);
    return { mode: stat.kind, bytes };
  }

  /** Makes a copy of a file or link in a folder that is there. */
  async copy(from: string, to: string, stat: TreeStat): Promise<void> {
    const { files, noFollowFiles } = this.#host;
    if (stat.isSymlink) {
      const reader = noFollowFiles ?? files;
      return await files.symlink(await reader.readLink(from), to);
    }
    if (noFollowFiles !== undefined) {
      return await noFollowFiles.copy(from, to, stat.mode & 0o777);
    }
    await this.#refuseLinks(from);
    await files.write(to, await files.readBytes(from), { exclusive: true });
    await files.chmod(to, stat.mode & 0o777);
  }

  async #isPlain(path: string): Promise<boolean> {
    const folder = dirname(path);
    try {
      return await this.#host.files.realPath(folder) === folder;
    } catch (error) {
      if (isAbsent(error)) return false;
      throw error;
    }
  }

  async #refuseLinks(path: string): Promise<void> {
    if (await this.#isPlain(path)) return;
    throw systemError("ELOOP", `a folder above it is a link: ${path}`);
  }
}

/** Of a file that stays whole: nobody can set all of these back. */
export function stampOf(
  { size, mtimeMs, ctimeMs, ino, mode }: TreeStat,
): string {
  return [size, mtimeMs, ctimeMs, ino, mode].join(" ");
}

/** Whether what hides files from the model hides that one. */
export async function isHiddenFile(
  readable: Files,
  path: string,
): Promise<boolean> {
  try {
    await readable.lstat(path);
    return false;
  } catch {
    return true;
  }
}
