/** What statx(2) says of a path; that nothing is there is an answer and no error. */
import type { FileStat } from "../../protocol/host.ts";
import { tryLibc } from "../system/errno.ts";
import { FCNTL, STAT } from "../system/fcntl.ts";
import { type Libc, openLibc } from "../system/libc.ts";
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
export interface StatPlace {
  readonly folder: number;
  /** NUL-terminated. */
  readonly name: Uint8Array<ArrayBuffer>;
  /** AT_* of <linux/fcntl.h>. */
  readonly flags: number;
}

/**
 * What is at the path; `absent` when nothing is, undefined when the runtime must be asked:
 * where there is no libc, for a path that it refuses, for the words of any other error. A
 * run looks at some thirty paths that are not there, and each error costs 15 us.
 */
export function statAtOnce(
  path: string,
  { follow }: { readonly follow: boolean },
): FileStat | "absent" | undefined {
  const libc = openLibc();
  if (libc === undefined || path.includes("\0")) return undefined;
  const flags = follow ? 0 : AT_SYMLINK_NOFOLLOW;
  const stat = statPlace(libc, {
    folder: AT_FDCWD,
    name: cString(path),
    flags,
  });
  if (isAbsence(stat)) return "absent";
  return typeof stat === "number" ? undefined : stat;
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
  return result < 0 ? -result : toStat(new DataView(bytes.buffer));
}

/** struct statx of <linux/stat.h>. */
function toStat(view: DataView): FileStat {
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
