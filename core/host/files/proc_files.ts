/** Reads /proc through libc: the runtime asks for all permissions, and few are kept. */
import { openLibc } from "../system/libc.ts";
import { errnoError } from "../system/errno.ts";

// A file there may wait for what happens next (/proc/kmsg).
const O_RDONLY = 0o4000;
// Why one cannot be opened makes no difference: the process has gone.
const ENOENT = 2;
const O_CLOEXEC = 0x80000;
const O_PATH = 0x200000;
const READ_BYTES = 64 * 1024;
const READ_BYTES_MAX = 256 * READ_BYTES;
// A directory entry of getdents64(2): inode, offset, length, type, then the name.
const NAME_AT = 19;
const LENGTH_AT = 16;
const SYS_GETDENTS64 = Deno.build.arch === "aarch64" ? 61n : 217n;

/** Whether a path is one that the runtime guards. */
export function isProcPath(path: string): boolean {
  return path.startsWith("/proc/") && openLibc() !== undefined;
}

/** The text of a file below /proc. Throws ENOENT when it cannot be opened. */
export function readProcText(path: string): string {
  const chunks: Uint8Array[] = [];
  withOpen(path, O_RDONLY, (libc, descriptor) => {
    // Some of them have no end (/proc/kcore).
    for (let left = READ_BYTES_MAX; left > 0; left -= READ_BYTES) {
      const chunk = new Uint8Array(READ_BYTES);
      const count = Number(libc.read(descriptor, chunk, BigInt(READ_BYTES)));
      if (count <= 0) break;
      chunks.push(chunk.subarray(0, count));
    }
  });
  const decoder = new TextDecoder();
  return chunks.map((chunk) => decoder.decode(chunk, { stream: true }))
    .join("") + decoder.decode();
}

/** The names in a folder below /proc. Throws ENOENT when it cannot be opened. */
export function listProc(path: string): string[] {
  const names: string[] = [];
  withOpen(path, O_RDONLY, (libc, descriptor) => {
    const buffer = new Uint8Array(READ_BYTES);
    for (;;) {
      const count = Number(
        libc.getdents64(
          SYS_GETDENTS64,
          BigInt(descriptor),
          buffer,
          BigInt(READ_BYTES),
        ),
      );
      if (count <= 0) break;
      names.push(...entryNames(buffer.subarray(0, count)));
    }
  });
  return names.filter((name) => name !== "." && name !== "..");
}

/** Where a link below /proc leads. Throws ENOENT when it cannot be read. */
export function readProcLink(path: string): string {
  const libc = openLibc();
  const buffer = new Uint8Array(4096);
  const count = Number(
    libc?.readlink(cString(path), buffer, BigInt(buffer.length)) ?? -1,
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

type Libc = NonNullable<ReturnType<typeof openLibc>>;

function withOpen(
  path: string,
  flags: number,
  use: (libc: Libc, descriptor: number) => void,
): void {
  const libc = openLibc();
  const descriptor = libc?.open(cString(path), flags | O_CLOEXEC, 0) ?? -1;
  if (libc === undefined || descriptor < 0) throw errnoError(path, ENOENT);
  try {
    use(libc, descriptor);
  } finally {
    libc.close(descriptor);
  }
}

/** The names in what getdents64(2) gave. */
export function entryNames(entries: Uint8Array): string[] {
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

function cString(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${text}\0`);
}
