/** Reading the very file a path names, whoever exchanges folders for links meanwhile. */
import { openLibc } from "../system/libc.ts";
import { checkResult, errnoError } from "../system/errno.ts";
import { cString, readOpen, readProcLink } from "./proc_files.ts";

// <fcntl.h> of Linux; O_NOFOLLOW is another bit on ARM.
const O_NONBLOCK = 0o4000;
const O_NOFOLLOW = Deno.build.arch === "aarch64" ? 0o100000 : 0o400000;
const O_CLOEXEC = 0o2000000;
const ELOOP = 40;

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
  const descriptor = libc.open(cString(path), flags, 0);
  checkResult(libc, path, descriptor);
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
