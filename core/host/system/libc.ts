/** Descriptors, adopted children and the few libc calls behind them (Linux; elsewhere they do nothing). */

import { Libc } from "./calls.ts";

export type { Libc } from "./calls.ts";

// close_range(2) has one number on all architectures; glibc names it only from 2.34 on.
const SYS_CLOSE_RANGE = 436n;
const CLOSE_RANGE_CLOEXEC = 4n;
const PR_SET_CHILD_SUBREAPER = 36;
const WNOHANG = 1;
const W_OK = 2;

const SYS_IOCTL = Deno.build.arch === "aarch64" ? 29n : 16n;
const TCFLSH = 0x540bn;
const TCIFLUSH = 0n;
const SYS_FCNTL = Deno.build.arch === "aarch64" ? 25n : 72n;

let loaded: { readonly libc: Libc | undefined } | undefined;

/**
 * libc, opened at the first call and kept; undefined where there is none to open.
 * Call it before the `ffi` permission is revoked: symbols already open keep working.
 */
export function openLibc(): Libc | undefined {
  loaded ??= { libc: tryOpenLibc() };
  return loaded.libc;
}

/** fcntl(2); -1 where it fails or there is no libc. */
export function fcntl(
  descriptor: number,
  request: bigint,
  argument = 0n,
): bigint {
  const result = openLibc()?.syscall(
    SYS_FCNTL,
    BigInt(descriptor),
    request,
    argument,
    0n,
    0n,
  );
  return BigInt(result ?? -1n);
}

/** Drops what was typed at a terminal and not read yet (TCFLSH, ioctl_tty(2)). */
export function flushInput(descriptor: number): void {
  const libc = openLibc();
  libc?.syscall(SYS_IOCTL, BigInt(descriptor), TCFLSH, TCIFLUSH, 0n, 0n);
}

/** access(2); true where there is no libc. */
export function isWritable(path: string): boolean {
  const bytes = new TextEncoder().encode(`${path}\0`);
  return (openLibc()?.access(bytes, W_OK) ?? 0) === 0;
}

function tryOpenLibc(): Libc | undefined {
  if (Deno.build.os !== "linux") return undefined;
  try {
    return new Libc();
  } catch {
    return undefined;
  }
}

/**
 * Keeps every descriptor that is open now from our children (not from us).
 * To be called once at start; false when the kernel (before 5.11) cannot.
 */
export function closeInheritedDescriptors(): boolean {
  const libc = openLibc();
  if (libc === undefined) return false;
  return libc.syscall(
    SYS_CLOSE_RANGE,
    3n,
    0xffffffffn,
    CLOSE_RANGE_CLOEXEC,
    0n,
    0n,
  ) === 0n;
}

/** Makes orphans of our children ours instead of init's, so that they can be found and ended. */
export function becomeSubreaper(): boolean {
  return openLibc()?.prctl(PR_SET_CHILD_SUBREAPER, 1n) === 0;
}

const ownChildren = new Set<number>();

/** Leaves the exit of this child to the runtime until its status is known. */
export function keepFromReaping(pid: number, status: Promise<unknown>): void {
  ownChildren.add(pid);
  status.catch(() => {}).finally(() => ownChildren.delete(pid));
}

/**
 * Collects the exit of an adopted child; true when it was dead and is gone now. A child
 * that the runtime waits for is left alone: its status would be lost.
 */
export function reapChild(pid: number): boolean {
  if (ownChildren.has(pid)) return false;
  return openLibc()?.waitpid(pid, new Uint8Array(4), WNOHANG) === pid;
}

/** Closes the descriptor in every child that is started from now on. */
export function keepFromChildren(descriptor: number): void {
  const only = BigInt(descriptor);
  openLibc()?.syscall(
    SYS_CLOSE_RANGE,
    only,
    only,
    CLOSE_RANGE_CLOEXEC,
    0n,
    0n,
  );
}
