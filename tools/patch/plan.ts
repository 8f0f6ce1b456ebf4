/** What a patch would do to the disk, found out by reading alone. */
import { errorReason, ToolError } from "../../core/protocol/error.ts";
import type { Files, FileStat } from "../../core/protocol/host.ts";
import { LIMITS } from "../../core/protocol/limits.ts";
import { unreachable } from "../../core/util/assert.ts";
import { basename, dirname, resolvePath } from "../../core/util/path.ts";
import { addedContent, applyChunks } from "./apply.ts";
import { type Hunk, parsePatch } from "./parse.ts";

/** One hunk, for eyes and for the list of what was done. Paths without `shown` are absolute. */
export interface PatchStep {
  readonly kind: "add" | "update" | "delete";
  readonly path: string;
  readonly movedTo?: string;
  /** As the patch names the file that is there afterwards (or is gone). */
  readonly shownPath: string;
  readonly before?: Uint8Array;
  readonly after?: Uint8Array;
}

/** What becomes of one file when all hunks are done. */
export interface FileEffect {
  /** Links resolved: this very file is written, or this entry removed. */
  readonly target: string;
  /** The absolute path the patch names, for messages. */
  readonly path: string;
  /** What is there now, links followed. */
  readonly before?: {
    readonly stat: FileStat;
    /** Absent of a file that goes away and is too large to be shown, or not readable. */
    readonly bytes?: Uint8Array<ArrayBuffer>;
  };
  /** Absent when the file goes away. */
  readonly after?: Uint8Array<ArrayBuffer>;
  /** Permissions of the written file; absent when it is new and the umask decides. */
  readonly mode?: number;
  /** `after` is where a link leads, which the entry becomes. */
  readonly isLink?: boolean;
  /** A new file that whoever may read it may run. */
  readonly isProgram?: boolean;
}

export interface PatchPlan {
  readonly steps: readonly PatchStep[];
  readonly effects: readonly FileEffect[];
}

// As many as Linux follows.
const LINK_HOPS_MAX = 40;
const ABSENT = "No such file or directory (os error 2)";

/** Where files may be in another state than on the disk: by real path, undefined where not. */
type ReadUnsaved = (
  target: string,
  disk: Uint8Array<ArrayBuffer>,
) => Promise<Uint8Array<ArrayBuffer> | undefined>;

/** Parses the patch and tries every hunk on the files as they are. Throws ToolError. */
export async function readPatchPlan(
  files: Files,
  patch: string,
  { cwd, readUnsaved }: {
    readonly cwd: string;
    readonly readUnsaved?: ReadUnsaved | undefined;
  },
): Promise<PatchPlan> {
  const hunks = parsePatch(patch);
  if (hunks.length === 0) throw new ToolError("No files were modified.");
  const overlay = new Overlay(files, readUnsaved);
  const steps: PatchStep[] = [];
  for (const hunk of hunks) steps.push(await readStep(overlay, hunk, cwd));
  return { steps, effects: overlay.effects() };
}

async function readStep(
  overlay: Overlay,
  hunk: Hunk,
  cwd: string,
): Promise<PatchStep> {
  const path = resolvePath(cwd, hunk.path);
  const shownPath = hunk.path;
  switch (hunk.type) {
    case "add": {
      const after = addedContent(hunk.lines);
      const before = await overlay.write(path, after);
      return { kind: "add", path, shownPath, after, ...present(before) };
    }
    case "delete": {
      const before = await overlay.remove(path);
      return { kind: "delete", path, shownPath, ...present(before) };
    }
    case "update": {
      const before = await overlay.read(path);
      const after = applyChunks(before, hunk.chunks, path);
      const step = { kind: "update" as const, path, before, after };
      if (hunk.moveTo === undefined) {
        await overlay.write(path, after);
        return { ...step, shownPath };
      }
      const movedTo = resolvePath(cwd, hunk.moveTo);
      await overlay.move(path, movedTo, after);
      return { ...step, movedTo, shownPath: hunk.moveTo };
    }
    default:
      return unreachable(hunk);
  }
}

function present(
  before: Uint8Array | undefined,
): { readonly before?: Uint8Array } {
  return before === undefined ? {} : { before };
}

interface Entry {
  readonly target: string;
  readonly path: string;
  readonly before: FileEffect["before"];
  now: "untouched" | "gone" | Uint8Array<ArrayBuffer>;
  mode: number | undefined;
}

/** The disk as the hunks so far would have left it; each hunk sees those before it. */
class Overlay {
  readonly #files: Files;
  readonly #readUnsaved: ReadUnsaved | undefined;
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;

  constructor(files: Files, readUnsaved?: ReadUnsaved) {
    this.#files = files;
    this.#readUnsaved = readUnsaved;
  }

  effects(): FileEffect[] {
    return [...this.#entries.values()].flatMap((entry) => {
      const { target, path, before, now, mode } = entry;
      if (now === "untouched" || (now === "gone" && !before)) return [];
      return [{
        target,
        path,
        ...(before === undefined ? {} : { before }),
        ...(now === "gone" ? {} : { after: now }),
        ...(mode === undefined ? {} : { mode }),
      }];
    });
  }

  async read(path: string): Promise<Uint8Array<ArrayBuffer>> {
    const failed = `Failed to read file to update ${path}`;
    const content = contentOf(await this.#locate(path, failed));
    if (content === undefined) throw new ToolError(`${failed}: ${ABSENT}`);
    return content;
  }

  /** Gives back what was there before. */
  async write(
    path: string,
    after: Uint8Array<ArrayBuffer>,
  ): Promise<Uint8Array | undefined> {
    const entry = await this.#locate(path, `Failed to write file ${path}`);
    const before = contentOf(entry);
    entry.now = after;
    this.#count(after, path);
    return before;
  }

  async move(
    from: string,
    to: string,
    after: Uint8Array<ArrayBuffer>,
  ): Promise<void> {
    const failed = `Failed to write file ${to}`;
    const { mode } = await this.#locate(from, failed);
    const entry = await this.#locate(to, failed);
    // In this order a move onto itself keeps what it writes.
    await this.remove(from);
    entry.now = after;
    entry.mode = mode;
    this.#count(after, to);
  }

  /** Gives back what was there before, when it is known. */
  async remove(path: string): Promise<Uint8Array | undefined> {
    const failed = `Failed to delete file ${path}`;
    const target = await this.#canonical(path, failed);
    const known = this.#entries.get(target);
    if (known !== undefined) {
      const content = contentOf(known);
      if (content === undefined) throw new ToolError(`${failed}: ${ABSENT}`);
      known.now = "gone";
      return content;
    }
    // Of a link the link goes, not what it points to.
    const stat = await this.#stat(path, failed);
    if (stat === undefined) throw new ToolError(`${failed}: ${ABSENT}`);
    const bytes = await readSmall(this.#files, path, stat);
    const before = { stat, ...(bytes === undefined ? {} : { bytes }) };
    const { mode } = stat;
    this.#entries.set(target, { target, path, before, now: "gone", mode });
    return bytes;
  }

  // The entry of the file that a path leads to, read from disk at the first call.
  async #locate(path: string, failed: string): Promise<Entry> {
    let target = await this.#canonical(path, failed);
    for (let hops = 0; hops < LINK_HOPS_MAX; hops++) {
      const known = this.#entries.get(target);
      if (known !== undefined) return known;
      const link = await attempt(failed, () => this.#files.lstat(target));
      if (link?.isSymlink !== true) {
        return await this.#load(path, target, failed);
      }
      const to = await attempt(failed, () => this.#files.readLink(target));
      target = await this.#canonical(resolvePath(dirname(target), to), failed);
    }
    throw new ToolError(`${failed}: Too many levels of symbolic links`);
  }

  async #load(path: string, target: string, failed: string): Promise<Entry> {
    const stat = await this.#stat(path, failed);
    let before: FileEffect["before"];
    let now: Entry["now"] = "untouched";
    if (stat !== undefined) {
      if (stat.size > LIMITS.patchFileBytes) {
        throw new ToolError(
          `${failed}: ${stat.size} bytes, must be at most ${LIMITS.patchFileBytes}`,
        );
      }
      const bytes = await attempt(failed, () => this.#files.readBytes(target));
      this.#count(bytes, path);
      before = { stat, bytes };
      now = await this.#readUnsaved?.(target, bytes) ?? now;
    }
    const mode = stat?.mode;
    const entry: Entry = { target, path, before, now, mode };
    this.#entries.set(target, entry);
    return entry;
  }

  async #stat(path: string, failed: string): Promise<FileStat | undefined> {
    const stat = await attempt(failed, () => this.#files.stat(path));
    if (stat === undefined || stat.isFile) return stat;
    throw new ToolError(`${failed}: path \`${path}\` is not a file`);
  }

  // Links of the folders resolved, as far as these exist; the last part stays.
  async #canonical(path: string, failed: string): Promise<string> {
    const rest = [basename(path)];
    let parent = dirname(path);
    const look = (): Promise<FileStat | undefined> =>
      attempt(failed, () => this.#files.lstat(parent));
    while (parent !== "/" && await look() === undefined) {
      rest.unshift(basename(parent));
      parent = dirname(parent);
    }
    const real = await attempt(failed, () => this.#files.realPath(parent));
    const stat = await attempt(failed, () => this.#files.stat(real));
    if (stat?.isFile && this.#entries.get(real)?.now !== "gone") {
      throw new ToolError(`${failed}: Not a directory (os error 20)`);
    }
    return resolvePath(real, rest.join("/"));
  }

  #count(bytes: Uint8Array, path: string): void {
    this.#bytes += bytes.length;
    if (this.#bytes <= LIMITS.patchTotalBytes) return;
    throw new ToolError(
      `Failed to write file ${path}: the files of a patch must have at most ${LIMITS.patchTotalBytes} bytes together`,
    );
  }
}

function contentOf(entry: Entry): Uint8Array<ArrayBuffer> | undefined {
  if (entry.now === "gone") return undefined;
  return entry.now === "untouched" ? entry.before?.bytes : entry.now;
}

// Only for showing what goes away; a large file is deleted unseen.
async function readSmall(
  files: Files,
  path: string,
  stat: FileStat,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (stat.size > LIMITS.patchDiffBytes) return undefined;
  try {
    return await files.readBytes(path);
  } catch {
    // Deleting a file needs no right to read it.
    return undefined;
  }
}

async function attempt<T>(failed: string, look: () => Promise<T>): Promise<T> {
  try {
    return await look();
  } catch (error) {
    throw new ToolError(`${failed}: ${errorReason(error)}`);
  }
}
