/** What a child is handed as open descriptors: bytes, a place to report to, made programs. */
import type { SpawnArgument } from "../../protocol/host.ts";
import { fcntl, keepFromChildren, type Libc, openLibc } from "./libc.ts";
import {
  noDescriptor,
  openProgram,
  programPath,
  type ProgramPlace,
  writeAll,
} from "./made_program.ts";

// A pipe takes this much without a reader, even for a user over the soft limit (pipe(7)).
const PIPE_BYTES_MAX = 4096;
/** <fcntl.h>; without FD_CLOEXEC. */
const F_SETFD = 2n;

/**
 * Runs `spawn` with every byte argument replaced by the number of a descriptor that
 * holds those bytes and is inherited, REPORT by one that can be read afterwards, and a made
 * program by its path in `place`. `spawn` must start its child before it returns.
 */
export function withDescriptors<T>(
  args: readonly SpawnArgument[],
  spawn: (args: readonly string[]) => T,
  place?: ProgramPlace,
): { readonly child: T; readonly readReport?: () => string } {
  const open: number[] = [];
  let report: Channel | undefined;
  const toTexts = (argument: SpawnArgument): readonly string[] => {
    if (typeof argument === "string") return [argument];
    if (argument instanceof Uint8Array) {
      open.push(openBytes(argument));
      return [String(open.at(-1))];
    }
    if ("image" in argument) {
      if (place === undefined) return argument.instead.flatMap(toTexts);
      open.push(openProgram(place, argument.image, { isInherited: true }));
      return [programPath(open.at(-1))];
    }
    report = openChannel();
    return [String(report.writer)];
  };
  try {
    const child = spawn(args.flatMap(toTexts));
    const made = report;
    return made === undefined
      ? { child }
      : { child, readReport: () => drain(made.reader) };
  } catch (error) {
    if (report !== undefined) openLibc()?.close(report.reader);
    throw error;
  } finally {
    for (const descriptor of open) openLibc()?.close(descriptor);
    if (report !== undefined) keepForUs(report);
  }
}

/** Starts a child that has these descriptors, too, under the numbers they have here. */
export function handingOn<T>(
  descriptors: readonly number[],
  spawn: () => T,
): T {
  try {
    for (const descriptor of descriptors) fcntl(descriptor, F_SETFD);
    return spawn();
  } finally {
    for (const descriptor of descriptors) keepFromChildren(descriptor);
  }
}

interface Channel {
  readonly reader: number;
  /** The same, unless there is no memory to write to. */
  readonly writer: number;
}

function openChannel(): Channel {
  const libc = openLibc();
  const memory = libc?.memfd_create(new TextEncoder().encode("report\0"), 0);
  if (memory !== undefined && memory >= 0) {
    return { reader: memory, writer: memory };
  }
  const ends = new Int32Array(2);
  if (libc?.pipe(new Uint8Array(ends.buffer)) !== 0) throw noDescriptor("pipe");
  const [reader = -1, writer = -1] = ends;
  return { reader, writer };
}

// The next child must not inherit what this one reports to.
function keepForUs({ reader, writer }: Channel): void {
  keepFromChildren(reader);
  if (writer !== reader) openLibc()?.close(writer);
}

function drain(reader: number): string {
  const libc = openLibc();
  const buffer = new Uint8Array(PIPE_BYTES_MAX);
  libc?.lseek(reader, 0n, 0);
  const count = Number(libc?.read(reader, buffer) ?? 0);
  libc?.close(reader);
  return new TextDecoder().decode(buffer.subarray(0, Math.max(0, count)));
}

function openBytes(bytes: Uint8Array<ArrayBuffer>): number {
  const libc = openLibc();
  if (libc === undefined) {
    throw noDescriptor("opening libc");
  }
  const memory = libc.memfd_create(new TextEncoder().encode("bytes\0"), 0);
  if (memory < 0) return openPipe(libc, bytes);
  writeAll(libc, memory, bytes);
  libc.lseek(memory, 0n, 0);
  return memory;
}

// For kernels and outer sandboxes without memfd_create.
function openPipe(libc: Libc, bytes: Uint8Array<ArrayBuffer>): number {
  const ends = new Int32Array(2);
  if (
    bytes.length > PIPE_BYTES_MAX ||
    libc.pipe(new Uint8Array(ends.buffer)) !== 0
  ) {
    throw noDescriptor("pipe");
  }
  const [reader = -1, writer = -1] = ends;
  writeAll(libc, writer, bytes);
  libc.close(writer);
  return reader;
}
