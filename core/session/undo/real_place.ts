/** Where a path that is written to really lies, and what else comes with it. */
import type { Files } from "../../protocol/host.ts";
import { ancestors, basename, dirname } from "../../util/path.ts";

/** The path in its real folder: a link put there later must not lead elsewhere. */
export async function findPlace(files: Files, path: string): Promise<string> {
  let folder = dirname(path);
  let rest = basename(path);
  for (;;) {
    try {
      const real = await files.realPath(folder);
      return `${real === "/" ? "" : real}/${rest}`;
    } catch {
      if (folder === "/") return path;
      rest = `${basename(folder)}/${rest}`;
      folder = dirname(folder);
    }
  }
}

/** Folders that come with a file in it, and go with it; outer before inner. */
export async function findMissing(
  files: Files,
  folder: string,
): Promise<readonly string[]> {
  const missing: string[] = [];
  for (const path of ancestors(folder)) {
    if (await files.lstat(path) !== undefined) break;
    missing.push(path);
  }
  return missing.reverse();
}

/** What is written to a link changes the file it leads to; undefined for all else. */
export async function findTarget(
  files: Files,
  path: string,
): Promise<string | undefined> {
  try {
    if ((await files.lstat(path))?.isSymlink !== true) return undefined;
    return await files.realPath(path);
  } catch {
    // It leads nowhere.
    return undefined;
  }
}
