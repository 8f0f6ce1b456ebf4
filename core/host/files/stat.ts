/** What statx(2) says of a path; that nothing is there is an answer and no error. */
import { isAbsent } from "../../protocol/error.ts";
import type { FileStat } from "../../protocol/host.ts";
import { named, tryLibc } from "../system/errno.ts";
import { FCNTL, STAT } from "../system/fcntl.ts";
import { type Libc, openLibc } from "../system/libc.ts";
import { look } from "./local.ts";
import { cString } from "./proc_files.ts";

const { AT_FDCWD, AT_SYMLINK_NOFOLLOW } = FCNTL;
const { STATX_BASIC_STATS, S_IFMT, S_IFDIR, S_IFREG, S_IFLNK } = STAT;
const ENOENT = 2;
const ENOTDIR = 20;

const SPECIAL: Readonly<Record<number, string>> = {
  0o010000: "a named pipe",
  0o020000: "a device",
  0o060000: "a device",
  0o140000: "a socket",
};

/** A path, or a name in an open folder. */
interface StatPlace {
  readonly folder: number;
  /** NUL-terminated. */
  readonly name: Uint8Array<ArrayBuffer>;
  /** AT_* of <linux/fcntl.h>. */
  readonly flags: number;
}

interface StatOptions {
  /** Through a link to what it leads to. */
  readonly follow: boolean;
}

/**
 * What is at the path; undefined when nothing is. A run looks at some thirty paths that are
 * not there, and each error would cost 15 us.
 */
export async function findStat(
  path: string,
  options: StatOptions,
): Promise<FileStat | undefined> {
  try {
    return await named(path, () =>
      look(
        () => statAtOnce(path, options),
        async () =>
          toStat(await (options.follow ? Deno.stat(path) : Deno.lstat(path))),
      ));
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

function statAtOnce(
  path: string,
  { follow }: StatOptions,
): FileStat | undefined {
  const libc = isOurs(path) ? openLibc() : undefined;
  if (libc !== undefined) {
    const flags = follow ? 0 : AT_SYMLINK_NOFOLLOW;
    const name = cString(path);
    const stat = statPlace(libc, { folder: AT_FDCWD, name, flags });
    if (typeof stat !== "number") return stat;
    if (isAbsence(stat)) return undefined;
  }
  // The runtime has words for all that may be wrong.
  return toStat(follow ? Deno.statSync(path) : Deno.lstatSync(path));
}

// Each part a name, from the top; none holds a NUL.
const PLAIN = /^(?:\/(?!\.\.?(?:\/|$))[^/\0]+)+$/;

/**
 * Whether libc may be asked of a path instead of the runtime, which normalises paths by their
 * words, and keeps what lies below /proc, /sys and /dev: the process's own variables, disks.
 */
export function isOurs(path: string): boolean {
  return PLAIN.test(path) && !/^\/(?:proc|sys|dev)(?:\/|$)/.test(path);
}

/** Whether an answer is an errno that says that nothing is there. */
export function isAbsence(stat: FileStat | number): boolean {
  return stat === ENOENT || stat === ENOTDIR;
}

/** What is there, or the errno of the call. */
export function statPlace(
  libc: Libc,
  { folder, name, flags }: StatPlace,
): FileStat | number {
  const bytes = new Uint8Array(256);
  const wanted = { flags, mask: STATX_BASIC_STATS };
  const result = tryLibc(libc, () => libc.statx(folder, name, wanted, bytes));
  return result < 0 ? -result : readStat(new DataView(bytes.buffer));
}

/** The same of what the runtime says. */
export function toStat(info: Deno.FileInfo): FileStat {
  const isUsual = info.isFile || info.isDirectory || info.isSymlink;
  return {
    isFile: info.isFile,
    isDirectory: info.isDirectory,
    isSymlink: info.isSymlink,
    ...(!isUsual && { special: kindOf(info) }),
    size: info.size,
    mode: (info.mode ?? 0) & 0o7777,
    mtimeMs: info.mtime?.getTime() ?? 0,
    ino: info.ino ?? 0,
    uid: info.uid ?? -1,
  };
}

/** The words for what is no file, folder or link. */
export function kindOf(info: Deno.FileInfo): string {
  if (info.isFifo) return "a named pipe";
  if (info.isSocket) return "a socket";
  return info.isBlockDevice || info.isCharDevice ? "a device" : "no file";
}

/** struct statx of <linux/stat.h>. */
function readStat(view: DataView): FileStat {
  const mode = view.getUint16(28, true);
  const kind = mode & S_IFMT;
  const special = SPECIAL[kind];
  return {
    isFile: kind === S_IFREG,
    isDirectory: kind === S_IFDIR,
    isSymlink: kind === S_IFLNK,
    ...(special !== undefined && { special }),
    size: Number(view.getBigUint64(40, true)),
    mode: mode & 0o7777,
    mtimeMs: toMs(view, 112),
    ctimeMs: toMs(view, 96),
    ino: Number(view.getBigUint64(32, true)),
    uid: view.getUint32(20, true),
  };
}

/** struct statx_timestamp. */
function toMs(view: DataView, at: number): number {
  return Number(view.getBigInt64(at, true)) * 1000 +
    Math.floor(view.getUint32(at + 8, true) / 1e6);
}
