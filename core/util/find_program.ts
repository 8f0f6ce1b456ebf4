/** Programs that rondo starts by name: never one that a command can have put there. */
import { isAbsolute, isInside, resolvePath } from "./path.ts";

interface Disk {
  realPath(path: string): Promise<string>;
  stat(path: string): Promise<{ readonly isFile: boolean } | undefined>;
}

const FOLDERS = [
  "/usr/bin",
  "/usr/local/bin",
  "/bin",
  "/opt/homebrew/bin",
  "/run/current-system/sw/bin",
];

/**
 * The path of a program without links, from the PATH or the system's folders; undefined
 * where there is none outside of `writable`.
 */
export async function findProgram(
  name: string,
  options: {
    readonly files: Disk;
    readonly path: string | undefined;
    readonly writable: readonly string[];
  },
): Promise<string | undefined> {
  const { files, path: searched = "", writable } = options;
  const closed = await Promise.all(
    writable.map((path) => files.realPath(path).catch(() => path)),
  );
  const isOpen = (path: string): boolean =>
    [...closed, ...writable].some((root) => isInside(path, root));
  const folders = [...searched.split(":").filter(isAbsolute), ...FOLDERS];
  for (const folder of new Set(folders)) {
    const path = resolvePath(folder, name);
    const real = await files.realPath(path).catch(() => undefined);
    if (real === undefined || isOpen(path) || isOpen(real)) continue;
    if ((await files.stat(real))?.isFile) return real;
  }
  return undefined;
}
