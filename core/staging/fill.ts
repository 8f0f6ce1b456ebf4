/** Fills a tree and the copy of its first contents, and tells afterwards what differs. */
import { errorCode, usageError } from "../protocol/error.ts";
import type { Files, Host } from "../protocol/host.ts";
import { LIMITS } from "../protocol/limits.ts";
import { dirname } from "../util/path.ts";
import type { Listing } from "./listing.ts";
import { type FileDifference, isSameVersion } from "./patch/version.ts";
import {
  isHiddenFile,
  stampOf,
  type TreeFiles,
  type TreeStat,
} from "./tree_files.ts";

/** What a tree was when it was filled. */
export interface FirstState {
  /** Path -> how its file looked: an empty stamp says that only its content tells. */
  readonly stamps: ReadonlyMap<string, string>;
  /** When the last file was made, by the disk's clock; 0 where it cannot be told. */
  readonly filledMs: number;
  /** Folders that were repositories of their own. */
  readonly inner: readonly string[];
  /** What is not in it, in sentences. */
  readonly leftOut: readonly string[];
}

/** A look at the clock of others between so many files. */
const FILES_AT_ONCE = 200;

/** Copies what is listed from the first folder to the second, and on to the third, if any. */
export async function fillTree(
  host: Host,
  tree: TreeFiles,
  options: {
    readonly listing: Listing;
    readonly from: string;
    readonly base: string;
    /** The tree; absent where it is what is copied from. */
    readonly to?: string;
    /** The disk as the model may see it. */
    readonly readable: Files;
    /** Files are as old as those that they are copies of: make(1) looks at that. */
    readonly keepsTimes?: boolean;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<FirstState> {
  const { listing, from, base, to, signal } = options;
  const stamps = new Map<string, string>();
  const leftOut = [...listing.leftOut];
  const folders = new FolderMaker(host);
  let bytes = 0;
  let filledMs = 0;
  for (const [at, path] of listing.files.entries()) {
    if (at % FILES_AT_ONCE === 0) await host.sleep(0, signal);
    const stat = await tree.lstat(`${from}/${path}`);
    // Deleted in the work tree, or never checked out.
    if (stat?.kind === undefined) continue;
    bytes += stat.size;
    refuseTooMuch(from, bytes);
    if (await isHiddenFile(options.readable, `${from}/${path}`)) continue;
    const targets = [base, ...(to === undefined ? [] : [to])]
      .map((folder) => `${folder}/${path}`);
    for (const target of targets) await folders.make(dirname(target));
    const problem = await copyAlong(
      tree,
      [`${from}/${path}`, ...targets],
      stat,
    );
    if (problem !== undefined) {
      leftOut.push(`${path}: ${problem}`);
      continue;
    }
    if (options.keepsTimes && !stat.isSymlink) {
      await host.files.setModified(`${to ?? from}/${path}`, stat.mtimeMs);
    }
    const made = await tree.lstat(`${to ?? from}/${path}`);
    if (made === undefined) continue;
    stamps.set(path, made.ctimeMs === undefined ? "" : stampOf(made));
    filledMs = Math.max(filledMs, made.ctimeMs ?? 0);
  }
  for (const path of to === undefined ? [] : listing.empty) {
    await folders.make(`${to}/${path}`);
  }
  return { stamps, filledMs, inner: listing.inner, leftOut };
}

/** What differs from the first contents, in order of names. */
export async function readDifferences(
  tree: TreeFiles,
  options: {
    readonly first: FirstState;
    readonly listing: Listing;
    readonly base: string;
    readonly to: string;
  },
): Promise<{
  readonly differences: readonly FileDifference[];
  readonly leftOut: readonly string[];
}> {
  const { first, listing, base, to } = options;
  const differences: FileDifference[] = [];
  const leftOut = listing.leftOut.filter((text) =>
    !first.leftOut.includes(text)
  );
  let room = LIMITS.stagePatchBytes;
  const paths = new Set([...first.stamps.keys(), ...listing.files]);
  for (const path of [...paths].sort()) {
    const stat = await tree.lstat(`${to}/${path}`);
    const known = first.stamps.get(path);
    if (isUntouched(first, known, stat)) continue;
    if (known === undefined && stat?.kind === undefined) continue;
    const old = known === undefined
      ? undefined
      : await tree.lstat(`${base}/${path}`);
    const size = Math.max(stat?.kind ? stat.size : 0, old?.size ?? 0);
    room -= size;
    if (size > LIMITS.stagePatchFileBytes || room < 0) {
      leftOut.push(
        `${path}: it has ${size} bytes, which is too much for a patch`,
      );
      continue;
    }
    const before = known === undefined
      ? undefined
      : await tree.readVersion(`${base}/${path}`);
    const after = await tree.readVersion(`${to}/${path}`);
    if (isSameVersion(before, after)) continue;
    differences.push({
      path,
      ...(before !== undefined && { before }),
      ...(after !== undefined && { after }),
    });
  }
  return { differences, leftOut };
}

// What was changed in the very moment that the filling ended in looks as if it was not.
function isUntouched(
  { filledMs }: FirstState,
  known: string | undefined,
  stat: TreeStat | undefined,
): boolean {
  return known !== undefined && known !== "" && stat !== undefined &&
    stampOf(stat) === known && (stat.ctimeMs ?? filledMs) < filledMs;
}

function refuseTooMuch(root: string, bytes: number): void {
  if (bytes <= LIMITS.stageBytes) return;
  throw usageError(
    `Cannot stage ${root}: its files have more than ${LIMITS.stageBytes} bytes, must have fewer (start in a smaller folder)`,
  );
}

/** Why it could not be copied; then nothing of it is there. */
async function copyAlong(
  tree: TreeFiles,
  [from = "", ...targets]: readonly string[],
  stat: TreeStat,
): Promise<string | undefined> {
  try {
    for (const [at, target] of targets.entries()) {
      await tree.copy(targets[at - 1] ?? from, target, stat);
    }
    return undefined;
  } catch (error) {
    // Others may be at work there: what has gone, or is no file any more, is none of it.
    if (
      !["EACCES", "EPERM", "ENOENT", "ELOOP", "ENOTDIR", "EINVAL"].includes(
        errorCode(error) ?? "",
      )
    ) throw error;
    return "it cannot be read";
  }
}

class FolderMaker {
  readonly #host: Pick<Host, "files">;
  readonly #made = new Set<string>();

  constructor(host: Pick<Host, "files">) {
    this.#host = host;
  }

  async make(path: string): Promise<void> {
    if (this.#made.has(path)) return;
    await this.#host.files.mkdir(path);
    this.#made.add(path);
  }
}
