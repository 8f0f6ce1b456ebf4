/** What the system calls an error: the name behind a number, and one shape for all of them. */
import { errorCode, systemError } from "../../protocol/error.ts";
import type { Libc } from "./libc.ts";

/** Numbers of <asm-generic/errno.h>, with the words of strerror(3). */
const ERRNO: Readonly<Record<number, readonly [string, string]>> = {
  1: ["EPERM", "Operation not permitted"],
  2: ["ENOENT", "No such file or directory"],
  5: ["EIO", "Input/output error"],
  6: ["ENXIO", "No such device or address"],
  11: ["EAGAIN", "Resource temporarily unavailable"],
  12: ["ENOMEM", "Cannot allocate memory"],
  13: ["EACCES", "Permission denied"],
  16: ["EBUSY", "Device or resource busy"],
  17: ["EEXIST", "File exists"],
  18: ["EXDEV", "Invalid cross-device link"],
  19: ["ENODEV", "No such device"],
  20: ["ENOTDIR", "Not a directory"],
  21: ["EISDIR", "Is a directory"],
  22: ["EINVAL", "Invalid argument"],
  23: ["ENFILE", "Too many open files in system"],
  24: ["EMFILE", "Too many open files"],
  26: ["ETXTBSY", "Text file busy"],
  27: ["EFBIG", "File too large"],
  28: ["ENOSPC", "No space left on device"],
  29: ["ESPIPE", "Illegal seek"],
  30: ["EROFS", "Read-only file system"],
  31: ["EMLINK", "Too many links"],
  32: ["EPIPE", "Broken pipe"],
  36: ["ENAMETOOLONG", "File name too long"],
  39: ["ENOTEMPTY", "Directory not empty"],
  40: ["ELOOP", "Too many levels of symbolic links"],
  107: ["ENOTCONN", "Transport endpoint is not connected"],
  110: ["ETIMEDOUT", "Connection timed out"],
  112: ["EHOSTDOWN", "Host is down"],
  116: ["ESTALE", "Stale file handle"],
  122: ["EDQUOT", "Disk quota exceeded"],
};
const EIO = 5;
const EACCES = 13;
const EINVAL = 22;

// Between a call and the look at its errno the runtime may ask the system for something of
// its own: futex(2) ends with EAGAIN or ETIMEDOUT, anything with EINTR. Some callers clear it.
const OF_THE_RUNTIME: ReadonlySet<number> = new Set([0, 4, 11, 110]);
const TRIES = 5;

/** The result of a libc call that does not wait; made again where its errno is in doubt. */
export function callLibc(
  libc: Pick<Libc, "errno">,
  path: string,
  call: () => number | bigint,
): number {
  const result = tryLibc(libc, call);
  if (result < 0) throw errnoError(path, -result);
  return result;
}

/** The same, and a negative errno when it fails: an error object costs five such calls. */
export function tryLibc(
  libc: Pick<Libc, "errno">,
  call: () => number | bigint,
): number {
  for (let tries = TRIES;; tries--) {
    const result = Number(call());
    if (result >= 0) return result;
    const errno = libc.errno();
    // What failed has had no effect.
    if (tries <= 1 || !OF_THE_RUNTIME.has(errno)) return -(errno || EIO);
  }
}

/** An error as the runtime's own would be. */
export function errnoError(path: string, errno: number): Error {
  const [code, words] = ERRNO[errno] ?? [`E${errno}`, "Unknown error"];
  return systemError(code, `${words} (os error ${errno}): ${path}`);
}

/** Runs one call for a path: what it throws names the path and has an errno. */
export async function named<T>(
  path: string,
  call: () => T | Promise<T>,
): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw withErrno(path, error);
  }
}

function withErrno(path: string, error: unknown): unknown {
  // The runtime keeps what lies below /proc, /sys and /dev from a program without all
  // permissions, and paths that hold a NUL from everybody.
  if (error instanceof Deno.errors.NotCapable) return errnoError(path, EACCES);
  if (path.includes("\0")) return errnoError(path, EINVAL);
  if (!(error instanceof Error) || error.message.includes(path)) return error;
  const number = /\(os error (\d+)\)/.exec(error.message)?.[1];
  const code = errorCode(error) ?? ERRNO[Number(number)]?.[0];
  if (code === undefined) return error;
  return systemError(code, `${error.message}: ${path}`);
}
