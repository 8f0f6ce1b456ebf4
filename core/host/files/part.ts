/** Parts of regular files: small ones of a local disk at once, all others in another thread. */
import { systemError } from "../../protocol/error.ts";
import type { FileStat } from "../../protocol/host.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { callLibc } from "../system/errno.ts";
import { FCNTL } from "../system/fcntl.ts";
import { type Libc, openLibc } from "../system/libc.ts";
import { look } from "./local.ts";
import { cString, readProcLink } from "./proc_files.ts";
import { isOurs, statPlace } from "./stat.ts";

const { O_NONBLOCK, O_CLOEXEC, AT_EMPTY_PATH } = FCNTL;

/** What a small file counts for: opening it costs as much as so many bytes. */
const FILE_BYTES = 4096;

/** Since the event loop last had a turn: a signal must not wait for the end of many files. */
let bytesAtOnce = 0;

interface Part {
  readonly offset: number;
  readonly bytes: number;
  /** Of the file when `bytes` was chosen. */
  readonly size: number;
}

/**
 * Whether so many bytes may be read or written in this thread; if not, they go aside. Gives
 * timers and signals a turn from time to time, and by a timer: what another thread has done
 * may come before they are looked at.
 */
export async function mayTakeAtOnce(bytes: number): Promise<boolean> {
  if (bytes >= LIMITS.diskAtOnceBytes) return false;
  bytesAtOnce += Math.max(bytes, FILE_BYTES);
  if (bytesAtOnce > LIMITS.diskAtOnceBytes) {
    await new Promise((resolve) => setTimeout(resolve, 0));
    bytesAtOnce = bytes;
  }
  return true;
}

/**
 * `bytes` bytes from `offset`, fewer at the end of the file; undefined where that is to be
 * done aside. Each way to another thread costs 0.15 ms, and a part takes five. Throws EISDIR
 * and EINVAL for what is no regular file.
 */
export async function readPart(
  path: string,
  part: Part,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const { offset, bytes } = part;
  const isPlace = Number.isSafeInteger(offset) && offset >= 0;
  const libc = isPlace && isOurs(path) ? openLibc() : undefined;
  if (libc === undefined || !await mayTakeAtOnce(bytes)) return undefined;
  return await look(
    () => readAtOnce(libc, path, part),
    () => Promise.resolve(undefined),
  );
}

function readAtOnce(
  libc: Libc,
  path: string,
  { offset, bytes, size }: Part,
): Uint8Array<ArrayBuffer> | undefined {
  const name = cString(path);
  // A pipe that has taken the place of the file would be waited for.
  const flags = O_NONBLOCK | O_CLOEXEC;
  const file = callLibc(libc, path, () => libc.open(name, flags, 0));
  try {
    const place = { folder: file, name: cString(""), flags: AT_EMPTY_PATH };
    const stat = statPlace(libc, place);
    // Older filters refuse statx(2); a link may lead to where the runtime guards files.
    if (typeof stat === "number") return undefined;
    if (!isOurs(readProcLink(`/proc/self/fd/${file}`))) return undefined;
    mustBeRegular(path, stat);
    // Another file has its name by now: `bytes` says nothing of this one.
    if (stat.size !== size) return undefined;
    return readOpenPart(libc, path, { file, offset, bytes });
  } finally {
    libc.close(file);
  }
}

/** The same of an open file; `path` is for the words of an error. */
export function readOpenPart(
  libc: Libc,
  path: string,
  part: {
    readonly file: number;
    readonly offset: number;
    readonly bytes: number;
  },
): Uint8Array<ArrayBuffer> {
  callLibc(libc, path, () => libc.lseek(part.file, BigInt(part.offset), 0));
  const buffer = new Uint8Array(part.bytes);
  let filled = 0;
  while (filled < buffer.length) {
    const rest = buffer.subarray(filled);
    const count = callLibc(libc, path, () => libc.read(part.file, rest));
    if (count === 0) break;
    filled += count;
  }
  return buffer.subarray(0, filled);
}

/** The same in another thread. */
export async function readPartAside(
  path: string,
  offset: number,
  bytesMax: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const file = await Deno.open(path);
  try {
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
  } finally {
    file.close();
  }
}

/** Gives it back, or throws. */
export function mustBeRegular(path: string, stat: FileStat): FileStat {
  if (stat.isFile) return stat;
  const kind = stat.isDirectory ? "a folder" : stat.special ?? "no file";
  throw systemError(
    stat.isDirectory ? "EISDIR" : "EINVAL",
    `it is ${kind}, must be a regular file: ${path}`,
  );
}
