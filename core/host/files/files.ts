/** Files on the real disk. */
import { isAbsent } from "../../protocol/error.ts";
import type {
  AppendFile,
  DirEntry,
  Files,
  ReadOptions,
} from "../../protocol/host.ts";
import { dirname } from "../../util/path.ts";
import { decodeText } from "../../util/text/text.ts";
import { named } from "../system/errno.ts";
import { isWritable } from "../system/libc.ts";
import { look } from "./local.ts";
import { tryLock } from "./lock.ts";
import { mayTakeAtOnce, readPart, readPartAside } from "./part.ts";
import { writePipe } from "./pipe.ts";
import {
  isProcPath,
  listProc,
  readExact,
  readProcLink,
  readProcText,
} from "./proc_files.ts";
import { findStat } from "./stat.ts";
import { forgetTemporary, writeTemporary } from "./temporary.ts";
import { readWhole, refuseSpecial, regularFile } from "./whole_file.ts";

/** The disk as the runtime sees it. */
export const denoFiles: Files = {
  readText: (path, options) => named(path, () => readText(path, options)),
  readBytes: (path, options) => named(path, () => readWhole(path, options)),
  readRange: (path, offset, bytesMax, options) =>
    named(path, () => readRange(path, offset, bytesMax, options)),
  write: (path, data, options) =>
    named(path, () => writeFile(path, data, options)),
  writePipe: (path, data) =>
    named(path, () => writePipe(path, new TextEncoder().encode(data))),
  openAppend: (path, options) => named(path, () => openAppend(path, options)),
  placeSync,
  tryLock: (path) => named(path, () => tryLock(path)),
  truncate: (path, bytes) => named(path, () => Deno.truncate(path, bytes)),
  mkdir: (path, options = {}) =>
    named(path, () => makeFolder(path, { recursive: true, ...options })),
  writeTemporary: (path, text) =>
    named(path, () => Promise.resolve(writeTemporary(path, text))),
  remove: (path, options = {}) =>
    named(path, async () => {
      await Deno.remove(path, options);
      forgetTemporary(path);
    }),
  rename: (from, to) => named(from, () => Deno.rename(from, to)),
  chmod: (path, mode) => named(path, () => Deno.chmod(path, mode)),
  setModified: (path, timeMs) =>
    named(path, () => Deno.utime(path, new Date(timeMs), new Date(timeMs))),
  symlink: (target, path) => named(path, () => Deno.symlink(target, path)),
  readLink: (path) =>
    named(
      path,
      () =>
        isProcPath(path)
          ? readProcLink(path)
          : look(() => Deno.readLinkSync(path), () => Deno.readLink(path)),
    ),
  realPath: (path) =>
    named(
      path,
      () => look(() => Deno.realPathSync(path), () => Deno.realPath(path)),
    ),
  stat: (path) => findStat(path, { follow: true }),
  lstat: (path) => findStat(path, { follow: false }),
  list: (path) => named(path, () => listFolder(path)),
  canWrite: (path) => Promise.resolve(isWritable(path)),
};

async function readText(path: string, options?: ReadOptions): Promise<string> {
  if (isProcPath(path) && !options?.pipe) return readProcText(path);
  return decodeText(await readWhole(path, options));
}

async function readRange(
  path: string,
  offset: number,
  bytesMax: number,
  options: { readonly exact?: boolean } = {},
): Promise<Uint8Array<ArrayBuffer>> {
  if (options.exact) return await readExact(path, offset, bytesMax);
  const { size } = await regularFile(path);
  const bytes = Math.max(0, Math.min(bytesMax, size - offset));
  return await readPart(path, { offset, bytes, size }) ??
    await readPartAside(path, offset, bytesMax);
}

async function writeFile(
  path: string,
  data: string | Uint8Array,
  options: { readonly mode?: number; readonly exclusive?: boolean } = {},
): Promise<void> {
  if (!options.exclusive) await refuseSpecial(path);
  const bytes = typeof data === "string"
    ? new TextEncoder().encode(data)
    : data;
  const mode = options.mode === undefined ? {} : { mode: options.mode };
  if (!options.exclusive) return await Deno.writeFile(path, bytes, mode);
  // What is new is no pipe that waits for a reader.
  const fresh = { ...mode, createNew: true };
  const aside = () => Deno.writeFile(path, bytes, fresh);
  if (!await mayTakeAtOnce(bytes.length)) return await aside();
  await look(() => Deno.writeFileSync(path, bytes, fresh), aside);
}

// Appending is synchronous: a session line is small, and a write that has returned
// is in the kernel even if the program dies in the next moment.
async function openAppend(
  path: string,
  options: { readonly mode?: number } = {},
): Promise<AppendFile> {
  await refuseSpecial(path);
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
    startSync: () => file.syncData(),
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
  const file = Deno.openSync(path, {
    write: true,
    createNew: true,
    ...options,
  });
  try {
    for (let at = 0; at < data.length;) {
      at += file.writeSync(data.subarray(at));
    }
    file.syncSync();
  } finally {
    file.close();
  }
}

// A power cut may otherwise forget the name of what is on the disk (fsync(2)). Windows
// opens no folders, and writes its names through by itself.
function syncFolder(path: string): void {
  if (Deno.build.os === "windows") return;
  const folder = Deno.openSync(path);
  try {
    folder.syncSync();
  } finally {
    folder.close();
  }
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
    if (isAbsent(error)) return false;
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
  return await look(
    () => [...Deno.readDirSync(path)],
    () => Array.fromAsync(Deno.readDir(path)),
  );
}

function makeFolder(
  path: string,
  options: Deno.MkdirOptions,
): void | Promise<void> {
  return look(
    () => Deno.mkdirSync(path, options),
    () => Deno.mkdir(path, options),
  );
}
