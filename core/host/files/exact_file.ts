/** Reading the very file a path names, whoever exchanges folders for links meanwhile. */
import { type Libc, openLibc } from "../system/libc.ts";
import { checkResult, errnoError } from "../system/errno.ts";
import { readProcLink } from "./proc_files.ts";
import { concatBytes } from "../../util/bytes.ts";

// <fcntl.h> of Linux; O_NOFOLLOW is another bit on ARM.
const O_NONBLOCK = 0o4000;
const O_NOFOLLOW = Deno.build.arch === "aarch64" ? 0o100000 : 0o400000;
const O_CLOEXEC = 0o2000000;
const ELOOP = 40;
const CHUNK_BYTES = 256 * 1024;

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
  const name = new TextEncoder().encode(`${path}\0`);
  const flags = O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC;
  const descriptor = libc.open(name, flags, 0);
  checkResult(libc, path, descriptor);
  try {
    // Looking at the path before or after proves nothing. The kernel knows by which name
    // a descriptor was opened (proc(5)).
    if (readProcLink(`/proc/self/fd/${descriptor}`) !== path) {
      throw errnoError(path, ELOOP);
    }
    libc.lseek(descriptor, BigInt(offset), 0);
    return readAll(libc, descriptor, bytesMax);
  } finally {
    libc.close(descriptor);
  }
}

function readAll(
  libc: Libc,
  descriptor: number,
  bytesMax: number,
): Uint8Array<ArrayBuffer> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  for (let left = bytesMax; left > 0;) {
    const chunk = new Uint8Array(Math.min(left, CHUNK_BYTES));
    const count = Number(libc.read(descriptor, chunk, BigInt(chunk.length)));
    if (count <= 0) break;
    chunks.push(chunk.subarray(0, count));
    left -= count;
  }
  return concatBytes(chunks);
}
