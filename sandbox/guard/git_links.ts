/** Links in a repository that lead out of it: git writes through them (COMMIT_EDITMSG, logs, refs). */
import type { NoFollowFiles } from "../../core/protocol/host.ts";
import { LIMITS } from "../../core/protocol/limits.ts";
import { dirname, isInside, resolvePath } from "../../core/util/path.ts";

interface Folder {
  readonly ctimeMs: number | undefined;
  /** It was read a second time, as it was: the clock of the disk has moved on since. */
  readonly isSettled: boolean;
  readonly folders: readonly string[];
  /** With where each leads. */
  readonly links: readonly (readonly [string, string])[];
}

/** By its path: what was in a folder that has not changed since. */
type Known = Map<string, Folder>;

/** Of a repository: what lies in its `objects` is only read by the names it has. */
const OF_REPOSITORY = ["HEAD", "config", "objects", "refs"];
const known = new WeakMap<NoFollowFiles, Known>();

/** Paths and where they lead; beyond the limit a folder is not searched, and may lead anywhere. */
export async function findLinksOut(
  files: NoFollowFiles,
  repository: string,
): Promise<readonly string[]> {
  const before = known.get(files) ?? new Map<string, Folder>();
  known.set(files, before);
  const found: string[] = [];
  const open = [repository];
  for (const [looked, at] of open.entries()) {
    if (looked >= LIMITS.gitFolders) {
      found.push(join(at, ""));
      continue;
    }
    const folder = await readFolder(files, at, before);
    open.push(...folder?.folders ?? []);
    for (const [link, text] of folder?.links ?? []) {
      if (leadsOut(link, text, repository)) found.push(join(link, text));
    }
  }
  return found;
}

/** The path of one that was found. */
export function linkOf(found: string): string {
  return found.slice(0, found.indexOf("\0"));
}

// No path has the character between them.
function join(path: string, text: string): string {
  return `${path}\0${text}`;
}

async function readFolder(
  files: NoFollowFiles,
  path: string,
  before: Known,
): Promise<Folder | undefined> {
  const stat = await files.lstat(path);
  if (!stat?.isDirectory) return undefined;
  const was = before.get(path);
  const isSettled = was !== undefined && was.ctimeMs === stat.ctimeMs;
  if (isSettled && was.isSettled) return was;
  const names = await files.list(path);
  const isRepository = OF_REPOSITORY.every((name) => names.includes(name));
  const folders: string[] = [];
  const links: [string, string][] = [];
  for (const name of names) {
    const below = `${path}/${name}`;
    const entry = await files.lstat(below);
    if (entry?.isSymlink) links.push([below, await files.readLink(below)]);
    const isRead = entry?.isDirectory && !(isRepository && name === "objects");
    if (isRead) folders.push(below);
  }
  const folder = { ctimeMs: stat.ctimeMs, isSettled, folders, links };
  before.set(path, folder);
  return folder;
}

// Of a text with `..` behind a name nobody can say where it leads without the disk.
function leadsOut(link: string, text: string, repository: string): boolean {
  return /(?:^|\/)(?!\.\.?\/)[^/]+\/+\.\.(?:\/|$)/.test(text) ||
    !isInside(resolvePath(dirname(link), text), repository);
}
