/** Descriptors by libc: what lies below /proc, and the very file that a path names. */
import { concatBytes } from "../../util/bytes.ts";
import { callLibc, errnoError } from "../system/errno.ts";
import { type Libc, openLibc } from "../system/libc.ts";
import { FCNTL } from "../system/fcntl.ts";

// Below /proc the runtime asks for all permissions, and few are kept. A file there may
// wait for what happens next (/proc/kmsg).
const { O_NONBLOCK, O_NOFOLLOW, O_CLOEXEC, O_PATH } = FCNTL;

// Why one cannot be opened makes no difference: the process has gone.
const ENOENT = 2;
const ELOOP = 40;
const READ_BYTES = 64 * 1024;
const READ_BYTES_MAX = 256 * READ_BYTES;
// A directory entry of getdents64(2): inode, offset, length, type, then the name.
const NAME_AT = 19;
const LENGTH_AT = 16;

/** Whether a path is one that the runtime guards. */
export function isProcPath(path: string): boolean {
  return path.startsWith("/proc/") && openLibc() !== undefined;
}

/** The text of a file below /proc. Throws ENOENT when it cannot be opened. */
export function readProcText(path: string): string {
  // Some of them have no end (/proc/kcore).
  const bytes = withOpen(
    path,
    O_NONBLOCK,
    (libc, descriptor) => readOpen(libc, descriptor, READ_BYTES_MAX),
  );
  return new TextDecoder().decode(bytes);
}

/** What can still be read of a descriptor, up to so many bytes. */
function readOpen(
  libc: Libc,
  descriptor: number,
  bytesMax: number,
): Uint8Array<ArrayBuffer> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  for (let left = bytesMax; left > 0;) {
    const chunk = new Uint8Array(Math.min(left, READ_BYTES));
    const count = Number(libc.read(descriptor, chunk));
    if (count <= 0) break;
    chunks.push(chunk.subarray(0, count));
    left -= count;
  }
  return concatBytes(chunks);
}

/** The names in a folder below /proc. Throws ENOENT when it cannot be opened. */
export function listProc(path: string): string[] {
  return withOpen(
    path,
    O_NONBLOCK,
    (libc, descriptor) => readNames(libc, descriptor, (call) => Number(call())),
  );
}

/** The names in an open folder; `make` makes a call, and may throw for its result. */
export function readNames(
  libc: Libc,
  descriptor: number,
  make: (call: () => number | bigint) => number,
): string[] {
  const names: string[] = [];
  const buffer = new Uint8Array(READ_BYTES);
  for (;;) {
    const count = make(() => libc.getdents64(descriptor, buffer));
    if (count <= 0) break;
    names.push(...entryNames(buffer.subarray(0, count)));
  }
  return names.filter((name) => name !== "." && name !== "..");
}

/** Where a link below /proc leads. Throws ENOENT when it cannot be read. */
export function readProcLink(path: string): string {
  const libc = openLibc();
  const buffer = new Uint8Array(4096);
  const count = Number(
    libc?.readlink(cString(path), buffer) ?? -1,
  );
  if (count < 0) throw errnoError(path, ENOENT);
  return new TextDecoder().decode(buffer.subarray(0, count));
}

/** Whether there is such a path. */
export function existsProc(path: string): boolean {
  try {
    withOpen(path, O_PATH, () => {});
    return true;
  } catch {
    return false;
  }
}

function withOpen<T>(
  path: string,
  flags: number,
  use: (libc: Libc, descriptor: number) => T,
): T {
  const libc = openLibc();
  const descriptor = libc?.open(cString(path), flags | O_CLOEXEC, 0) ?? -1;
  if (libc === undefined || descriptor < 0) throw errnoError(path, ENOENT);
  try {
    return use(libc, descriptor);
  } finally {
    libc.close(descriptor);
  }
}

/** The names in what getdents64(2) gave. */
function entryNames(entries: Uint8Array): string[] {
  const view = new DataView(entries.buffer, entries.byteOffset, entries.length);
  const names: string[] = [];
  for (let at = 0; at < entries.length;) {
    const length = view.getUint16(at + LENGTH_AT, true);
    const name = entries.subarray(at + NAME_AT, at + length);
    names.push(new TextDecoder().decode(name.subarray(0, name.indexOf(0))));
    at += length;
  }
  return names;
}

/** A text as a call of C takes it. */
export function cString(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${text}\0`);
}

/** As `Files.readRange` with `exact`. Throws ELOOP when opening led through a link. */
export async function readExact(
  path: string,
  offset: number,
  bytesMax: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const libc = openLibc();
  if (libc === undefined) {
    if (await Deno.realPath(path) !== path) throw errnoError(path, ELOOP);
    return (await Deno.readFile(path)).slice(offset, offset + bytesMax);
  }
  const flags = O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC;
  const name = cString(path);
  const descriptor = callLibc(libc, path, () => libc.open(name, flags, 0));
  try {
    // Looking at the path before or after proves nothing. The kernel knows by which name
    // a descriptor was opened (proc(5)).
    if (readProcLink(`/proc/self/fd/${descriptor}`) !== path) {
      throw errnoError(path, ELOOP);
    }
    libc.lseek(descriptor, BigInt(offset), 0);
    return readOpen(libc, descriptor, bytesMax);
  } finally {
    libc.close(descriptor);
  }
}
