/** Programs made for one start, and where the machine lets them run. */
import { type Libc, openLibc } from "./libc.ts";
import { FCNTL } from "./fcntl.ts";

const { O_RDONLY, O_RDWR, O_EXCL, O_DIRECTORY, O_CLOEXEC } = FCNTL;

/** Memory, or a folder in which the program is a file without a name. */
export type ProgramPlace = "memory" | `/${string}`;

/**
 * Memory may be no place for programs (vm.memfd_noexec, SELinux), a folder neither (noexec).
 * A file without a name cannot be written to by others, whoever may write to the folder.
 */
const PLACES: readonly ProgramPlace[] = [
  "memory",
  "/dev/shm",
  "/tmp",
  "/var/tmp",
];

const MFD_CLOEXEC = 1;
// Since Linux 6.3; with vm.memfd_noexec=1 nothing can be executed without it.
const MFD_EXEC = 0x10;
// <fcntl.h>
const O_TMPFILE = 0o20000000 | O_DIRECTORY;

let settled: ProgramPlace | "nowhere" | undefined;

/** The place found so far; undefined where there is none or nobody has looked. */
export function knownPlace(): ProgramPlace | undefined {
  return settled === "nowhere" ? undefined : settled;
}

/**
 * Starts a made program in the first place that lets it run, once and for all; `start` is
 * told undefined for doing without, at last, or when it `mayDoWithout` at any time.
 */
export function inSomePlace<T>(
  start: (place: ProgramPlace | undefined) => T,
  { mayDoWithout }: { readonly mayDoWithout: boolean },
): T {
  let error: unknown;
  for (const place of placesToTry(mayDoWithout)) {
    try {
      const child = start(place);
      settled ??= place ?? "nowhere";
      return child;
    } catch (thrown) {
      error = thrown;
    }
  }
  throw error;
}

function placesToTry(
  mayDoWithout: boolean,
): readonly (ProgramPlace | undefined)[] {
  if (settled === "nowhere" || Deno.build.os !== "linux") return [undefined];
  if (settled === undefined) return [...PLACES, undefined];
  return mayDoWithout ? [settled, undefined] : [settled];
}

/** A descriptor of the program; one that is not inherited is gone once it runs. */
export function openProgram(
  place: ProgramPlace,
  image: Uint8Array<ArrayBuffer>,
  { isInherited }: { readonly isInherited: boolean },
): number {
  const libc = openLibc();
  if (libc === undefined) throw noDescriptor("opening libc");
  if (place === "memory") {
    const memory = createMemory(libc, isInherited ? 0 : MFD_CLOEXEC);
    writeAll(libc, memory, image);
    return memory;
  }
  const file = open(libc, place, O_TMPFILE | O_EXCL | O_RDWR | O_CLOEXEC);
  try {
    writeAll(libc, file, image);
    // What is open for writing cannot be executed (ETXTBSY).
    const flags = O_RDONLY | (isInherited ? 0 : O_CLOEXEC);
    return open(libc, programPath(file), flags);
  } finally {
    libc.close(file);
  }
}

/** Where a process finds the program that it was handed. */
export function programPath(descriptor: number | undefined): string {
  return `/proc/self/fd/${descriptor}`;
}

function createMemory(libc: Libc, flags: number): number {
  const name = new TextEncoder().encode("program\0");
  const memory = libc.memfd_create(name, flags | MFD_EXEC);
  if (memory >= 0) return memory;
  const plain = libc.memfd_create(name, flags);
  if (plain < 0) throw noDescriptor("memfd_create");
  return plain;
}

function open(libc: Libc, path: string, flags: number): number {
  const name = new TextEncoder().encode(`${path}\0`);
  const descriptor = libc.open(name, flags, 0o700);
  if (descriptor < 0) throw noDescriptor(`opening ${path}`);
  return descriptor;
}

/** Writes all of it, or throws. */
export function writeAll(
  libc: Libc,
  descriptor: number,
  bytes: Uint8Array<ArrayBuffer>,
): void {
  for (let at = 0; at < bytes.length;) {
    const rest = bytes.subarray(at);
    const count = Number(libc.write(descriptor, rest));
    if (count <= 0) throw noDescriptor("write");
    at += count;
  }
}

/** A child cannot be handed what it needs. */
export function noDescriptor(what: string): Error {
  return new Error(
    `Cannot pass a descriptor to a child: ${what} failed, must work (try another sandbox back end)`,
  );
}
