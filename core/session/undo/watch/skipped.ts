/** What is not kept for undo: a program makes it again, or it is another's business. */
import { LIMITS } from "../../../protocol/limits.ts";
import type { OpenFolder } from "../../../util/folder/open_folder.ts";

/** Folders by name. Those of `.git` are the guard's. */
const FOLDERS: Readonly<Record<string, string>> = {
  ".git": "a repository",
  ".hg": "a repository",
  ".jj": "a repository",
  ".svn": "a repository",
  "node_modules": "installed packages",
  "bower_components": "installed packages",
  ".venv": "installed packages",
  "__pycache__": "a cache",
  ".gradle": "a cache",
  ".terraform": "a cache",
};

// What a folder says of itself (bford.info/cachedir).
const CACHE_TAG = "CACHEDIR.TAG";
export const CACHE_REASON = "a cache";
export const TOO_LATE = `looking at the folder took more than ${
  LIMITS.checkpointMs / 1_000
} s`;

/** Whether a folder says that it holds a cache. */
export function isCache(folder: OpenFolder): boolean {
  try {
    return folder.look(CACHE_TAG)?.kind === "file";
  } catch {
    // What is in it cannot be looked at, as will be seen.
    return false;
  }
}

/** Why nothing in a folder of that name is kept; undefined when it is. */
export function skippedFolder(name: string): string | undefined {
  return Object.hasOwn(FOLDERS, name) ? FOLDERS[name] : undefined;
}

/** Whether a person need not be told that it is not kept. */
export function isRepository(path: string): boolean {
  return skippedFolder(path.slice(path.lastIndexOf("/") + 1)) ===
    "a repository";
}
