/** Pipes and streams by their path, never waited for longer than stated: `<(…)`, `/dev/stdin`, a FIFO. */
import { systemError } from "../../protocol/error.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { type Libc, openLibc } from "../system/libc.ts";
import { callLibc } from "../system/errno.ts";
import { concatBytes } from "../../util/bytes.ts";
import { cString, readProcLink } from "./proc_files.ts";
import { FCNTL } from "../system/fcntl.ts";

const { O_RDONLY, O_WRONLY, O_NOCTTY, O_APPEND, O_NONBLOCK, O_CLOEXEC } = FCNTL;

// <poll.h> of Linux; these numbers are the same on ARM.
const POLLIN = 0x01;
const POLLOUT = 0x04;
const CHUNK_BYTES = 64 * 1024;
const WAIT_MS = 5;

/** Whether the runtime would refuse the path, or wait at it for another process. */
export async function isStreamPath(path: string): Promise<boolean> {
  if (/^\/(dev|proc\/self)\//.test(path)) return true;
  return (await Deno.stat(path)).isFifo ?? false;
}

/** Everything until the writers have closed it. Throws EFBIG, ETIMEDOUT, EINVAL for a device. */
export async function readPipe(
  path: string,
  bytesMax: number,
): Promise<Uint8Array<ArrayBuffer>> {
  return await withOpen(path, O_RDONLY, async (libc, pipe) => {
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    let size = 0;
    await untilDone(path, () => {
      const chunk = new Uint8Array(CHUNK_BYTES);
      const state = poll(libc, pipe, POLLIN);
      const read = (): number => Number(libc.read(pipe, chunk));
      const length = state === 0 ? read() : callLibc(libc, path, read);
      // Without a writer there is an end at once, with a silent one there is nothing.
      if (state === 0 && length <= 0) return length === 0 ? "nobody" : "wait";
      if (length === 0) return "done";
      size += length;
      if (size > bytesMax) {
        throw systemError(
          "EFBIG",
          `it has more than ${bytesMax} bytes: ${path}`,
        );
      }
      chunks.push(chunk.subarray(0, length));
      return "more";
    });
    return concatBytes(chunks);
  });
}

/** Writes all of it. Throws ENXIO when nobody reads, ETIMEDOUT when nobody reads on. */
export async function writePipe(
  path: string,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<void> {
  await withOpen(path, O_WRONLY | O_APPEND, async (libc, pipe) => {
    let at = 0;
    await untilDone(path, () => {
      if (at === bytes.length) return "done";
      if (poll(libc, pipe, POLLOUT) === 0) return "wait";
      const rest = bytes.subarray(at, at + CHUNK_BYTES);
      at += callLibc(libc, path, () => libc.write(pipe, rest));
      return "more";
    });
  });
}

async function withOpen<T>(
  path: string,
  flags: number,
  use: (libc: Libc, descriptor: number) => Promise<T>,
): Promise<T> {
  const libc = openLibc();
  if (libc === undefined) throw noStreams(path);
  const all = flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
  const name = cString(path);
  const descriptor = callLibc(libc, path, () => libc.open(name, all, 0));
  try {
    // A terminal would stop a program in the background, a disk has its own names.
    const real = readProcLink(`/proc/self/fd/${descriptor}`);
    if (flags === O_RDONLY && real.startsWith("/dev/")) throw noStreams(path);
    return await use(libc, descriptor);
  } finally {
    libc.close(descriptor);
  }
}

async function untilDone(
  path: string,
  step: () => "done" | "more" | "wait" | "nobody",
): Promise<void> {
  const startedMs = performance.now();
  for (;;) {
    const state = step();
    if (state === "done") return;
    const limitMs = state === "nobody" ? LIMITS.pipeOpenMs : LIMITS.pipeMs;
    if (performance.now() - startedMs > limitMs) {
      throw systemError(
        "ETIMEDOUT",
        `its other end was waited for ${limitMs / 1000} s: ${path}`,
      );
    }
    // After "more", too: what never ends must not keep signals and timers from coming.
    const waitMs = state === "more" ? 0 : WAIT_MS;
    await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
}

function poll(libc: Libc, descriptor: number, events: number): number {
  const request = new Int16Array(4);
  new Int32Array(request.buffer)[0] = descriptor;
  request[2] = events;
  libc.poll(new Uint8Array(request.buffer), 1, 0);
  return request[3] ?? 0;
}

function noStreams(path: string): Error {
  return systemError(
    "EINVAL",
    `it is a device, must be a regular file or a pipe: ${path}`,
  );
}
