/** One reader for all that is named by a person, a model or a repository: regular files, and pipes where they make sense. */
import { systemError } from "../../protocol/error.ts";
import type { FileStat, ReadOptions } from "../../protocol/host.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { openLibc } from "../system/libc.ts";
import { isStreamPath, readPipe } from "./pipe.ts";
import { mustBeRegular, readPart } from "./part.ts";
import { findStat, toStat } from "./stat.ts";

/**
 * All bytes of a file. What is no regular file has no end, or none that comes by itself:
 * it is refused with EINVAL, one that is too large with EFBIG.
 */
export async function readWhole(
  path: string,
  { bytesMax = LIMITS.wholeFileBytes, pipe = false }: ReadOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  if (pipe && openLibc() !== undefined && await isStreamPath(path)) {
    return await readPipe(path, bytesMax);
  }
  const { size } = await regularFile(path);
  if (size > bytesMax) throw tooLarge(path, size, bytesMax);
  // What a kernel makes up as it is read has no size.
  const atOnce = size === 0
    ? undefined
    : await readPart(path, { offset: 0, bytes: size, size });
  return atOnce ?? await Deno.readFile(path);
}

/** What is at the path, which must be a regular file when it is there to be read. */
export async function regularFile(path: string): Promise<FileStat> {
  const stat = await findStat(path, { follow: true }) ??
    // The runtime says in which way it is not there.
    toStat(await Deno.stat(path));
  return mustBeRegular(path, stat);
}

/** Refuses to write into what is there and no regular file. */
export async function refuseSpecial(path: string): Promise<void> {
  const stat = await findStat(path, { follow: true });
  if (stat !== undefined) mustBeRegular(path, stat);
}

/** Says how large a file is and may be. */
function tooLarge(path: string, size: number, bytesMax: number): Error {
  return systemError(
    "EFBIG",
    `it has ${size} bytes, must be at most ${bytesMax}: ${path}`,
  );
}
