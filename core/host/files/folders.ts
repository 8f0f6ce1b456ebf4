/** Folders of the real disk, looked at at once. */
import type { FolderReader } from "../../util/folder/names.ts";

/** Folders as the runtime sees them. */
export const denoFolders: FolderReader = {
  nowMs: () => Date.now(),
  existsSync: (path) => lstatSync(path) !== undefined,
  stampSync: (path) => {
    const info = lstatSync(path);
    if (!info?.isDirectory) return undefined;
    // The inode's own time: commands can set the other, and nobody this one.
    const changed = info.ctime ?? info.mtime;
    return {
      id: `${info.dev} ${info.ino} ${changed?.getTime()}`,
      changedMs: changed?.getTime() ?? Infinity,
    };
  },
  listSync: (path) => {
    try {
      return [...Deno.readDirSync(path)];
    } catch {
      return undefined;
    }
  },
};

function lstatSync(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.lstatSync(path);
  } catch {
    return undefined;
  }
}
