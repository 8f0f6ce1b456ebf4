/** Files on the real disk. */
import type {
  AppendFile,
  DirEntry,
  Files,
  FileStat,
} from "../protocol/host.ts";
import { dirname } from "../util/path.ts";
import { readExact } from "./exact_file.ts";
import {
  isProcPath,
  listProc,
  readProcLink,
  readProcText,
} from "./proc_files.ts";

/** The disk as Deno sees it. Errors are Deno's own and carry an errno name in `code`. */
export const denoFiles: Files = {
  readText: async (path) =>
    isProcPath(path) ? readProcText(path) : await Deno.readTextFile(path),
  readBytes: (path) => Deno.readFile(path),
  readRange,
  write: writeFile,
  openAppend,
  placeSync,
  truncate: (path, bytes) => Deno.truncate(path, bytes),
  mkdir: (path, options = {}) =>
    Deno.mkdir(path, { recursive: true, ...options }),
  remove: (path, options = {}) => Deno.remove(path, options),
  rename: (from, to) => Deno.rename(from, to),
  chmod: (path, mode) => Deno.chmod(path, mode),
  symlink: (target, path) => Deno.symlink(target, path),
  readLink: async (path) =>
    isProcPath(path) ? readProcLink(path) : await Deno.readLink(path),
  realPath: (path) => Deno.realPath(path),
  stat: (path) => absentAsUndefined(() => Deno.stat(path)),
  lstat: (path) => absentAsUndefined(() => Deno.lstat(path)),
  list: listFolder,
};

async function readRange(
  path: string,
  offset: number,
  bytesMax: number,
  options: { readonly exact?: boolean } = {},
): Promise<Uint8Array<ArrayBuffer>> {
  if (options.exact) return await readExact(path, offset, bytesMax);
  using file = await Deno.open(path);
  await file.seek(offset, Deno.SeekMode.Start);
  const size = (await file.stat()).size;
  const wanted = Math.max(0, Math.min(bytesMax, size - offset));
  const buffer = new Uint8Array(wanted);
  let filled = 0;
  while (filled < wanted) {
    const count = await file.read(buffer.subarray(filled));
    if (count === null) break;
    filled += count;
  }
  return buffer.subarray(0, filled);
}

async function writeFile(
  path: string,
  data: string | Uint8Array,
  options: { readonly mode?: number; readonly exclusive?: boolean } = {},
): Promise<void> {
  const bytes = typeof data === "string"
    ? new TextEncoder().encode(data)
    : data;
  await Deno.writeFile(path, bytes, {
    createNew: options.exclusive ?? false,
    ...(options.mode === undefined ? {} : { mode: options.mode }),
  });
}

// Appending is synchronous: a session line is small, and a write that has returned
// is in the kernel even if the program dies in the next moment.
async function openAppend(
  path: string,
  options: { readonly mode?: number } = {},
): Promise<AppendFile> {
  const file = await Deno.open(path, {
    append: true,
    create: true,
    ...(options.mode === undefined ? {} : { mode: options.mode }),
  });
  const encoder = new TextEncoder();
  return {
    write(text) {
      const bytes = encoder.encode(text);
      for (let at = 0; at < bytes.length;) {
        at += file.writeSync(bytes.subarray(at));
      }
    },
    sync: () => file.syncDataSync(),
    close: () => file.close(),
  };
}

function placeSync(
  path: string,
  data: Uint8Array<ArrayBuffer>,
  options: { readonly mode?: number } = {},
): void {
  if (isSameSync(path, data)) return;
  const folder = dirname(path);
  Deno.mkdirSync(folder, { recursive: true, mode: 0o700 });
  const aside = `${folder}/.${crypto.randomUUID()}`;
  try {
    writeAsideSync(aside, data, options);
    Deno.renameSync(aside, path);
  } catch (error) {
    removeSync(aside);
    throw error;
  }
  syncFolder(folder);
}

function writeAsideSync(
  path: string,
  data: Uint8Array<ArrayBuffer>,
  options: { readonly mode?: number },
): void {
  using file = Deno.openSync(path, {
    write: true,
    createNew: true,
    ...options,
  });
  for (let at = 0; at < data.length;) {
    at += file.writeSync(data.subarray(at));
  }
  file.syncSync();
}

// A power cut may otherwise forget the name of what is on the disk (fsync(2)). Windows
// opens no folders, and writes its names through by itself.
function syncFolder(path: string): void {
  if (Deno.build.os === "windows") return;
  using folder = Deno.openSync(path);
  folder.syncSync();
}

function isSameSync(path: string, data: Uint8Array): boolean {
  try {
    if (Deno.statSync(path).size !== data.length) return false;
    const there = Deno.readFileSync(path);
    for (let at = 0; at < data.length; at++) {
      if (there[at] !== data[at]) return false;
    }
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function removeSync(path: string): void {
  try {
    Deno.removeSync(path);
  } catch {
    // It was never made, or cannot be removed any more than it could be written.
  }
}

async function listFolder(path: string): Promise<DirEntry[]> {
  if (isProcPath(path)) {
    // What is listed there are processes and threads.
    return listProc(path).map((name) => ({
      name,
      isFile: false,
      isDirectory: true,
      isSymlink: false,
    }));
  }
  return await Array.fromAsync(Deno.readDir(path));
}

async function absentAsUndefined(
  look: () => Promise<Deno.FileInfo>,
): Promise<FileStat | undefined> {
  try {
    return toStat(await look());
  } catch (error) {
    // ENOTDIR: a parent of the path is a file, so nothing can be there either.
    if (error instanceof Deno.errors.NotFound) return undefined;
    if (error instanceof Deno.errors.NotADirectory) return undefined;
    throw error;
  }
}

function toStat(info: Deno.FileInfo): FileStat {
  return {
    isFile: info.isFile,
    isDirectory: info.isDirectory,
    isSymlink: info.isSymlink,
    size: info.size,
    mode: (info.mode ?? 0) & 0o7777,
    mtimeMs: info.mtime?.getTime() ?? 0,
    dev: info.dev,
    ino: info.ino ?? 0,
    uid: info.uid ?? -1,
  };
}
