/** System calls by number, through few doors: each one opened costs a start 0.15 ms. */
import { FCNTL } from "./fcntl.ts";

/** A pointer that the kernel is given; null is its null. */
type Memory = Uint8Array<ArrayBuffer> | null;

// All are syscall(2) of libc, which sets errno. They differ in which arguments are pointers.
const DOORS = {
  numbers: door("i64", "i64", "i64", "i64", "i64"),
  first: door("buffer", "i64", "buffer", "i64", "i64"),
  second: door("i64", "buffer", "i64", "i64", "buffer"),
  secondAndThird: door("i64", "buffer", "buffer", "i64", "i64"),
  secondAndFourth: door("i64", "buffer", "i64", "buffer", "i64"),
  third: door("i64", "i64", "buffer", "i64", "i64"),
  // In another thread, for it may never return.
  pollLater: {
    name: "poll",
    parameters: ["buffer", "u64", "i32"],
    result: "i32",
    nonblocking: true,
  },
  errnoPlace: { name: "__errno_location", parameters: [], result: "u64" },
  memcpy: { parameters: ["buffer", "u64", "usize"], result: "u64" },
} as const;

function door<const T extends readonly ("i64" | "buffer")[]>(...rest: T): {
  readonly name: "syscall";
  readonly parameters: readonly ["i64", ...T];
  readonly result: "i64";
} {
  return { name: "syscall", parameters: ["i64", ...rest], result: "i64" };
}

// [x86_64, aarch64], from arch/x86/entry/syscalls/syscall_64.tbl and
// include/uapi/asm-generic/unistd.h of Linux 6.18. Only calls that both have.
const NUMBERS = {
  close: [3, 57],
  faccessat: [269, 48],
  fchmod: [91, 52],
  fchmodat: [268, 53],
  flock: [73, 32],
  getdents64: [217, 61],
  ioctl: [16, 29],
  lseek: [8, 62],
  memfd_create: [319, 279],
  mkdirat: [258, 34],
  openat: [257, 56],
  openat2: [437, 437],
  pipe2: [293, 59],
  ppoll: [271, 73],
  prctl: [157, 167],
  read: [0, 63],
  readlinkat: [267, 78],
  renameat2: [316, 276],
  sendfile: [40, 71],
  statx: [332, 291],
  symlinkat: [266, 36],
  unlinkat: [263, 35],
  wait4: [61, 260],
  write: [1, 64],
} as const;

const COLUMN = Deno.build.arch === "aarch64" ? 1 : 0;
const { AT_FDCWD } = FCNTL;
// ioctl_ficlonerange(2)
const FICLONE = 0x40049409;

type Doors = Deno.DynamicLibrary<typeof DOORS>["symbols"];
type Path = Uint8Array<ArrayBuffer>;

/** The calls this process makes, under the names libc has for them; -1 is a failure. */
export class Libc {
  readonly #doors: Doors = Deno.dlopen("libc.so.6", DOORS).symbols;

  /** Any call that is given numbers alone. */
  syscall(number: bigint, ...args: readonly bigint[]): bigint {
    const [a = 0n, b = 0n, c = 0n, d = 0n, e = 0n] = args;
    return BigInt(this.#doors.numbers(number, a, b, c, d, e));
  }

  close(descriptor: number): number {
    return this.#numbers("close", descriptor, 0, 0);
  }

  lseek(descriptor: number, offset: bigint, whence: number): number {
    return this.#numbers("lseek", descriptor, Number(offset), whence);
  }

  flock(descriptor: number, operation: number): number {
    return this.#numbers("flock", descriptor, operation, 0);
  }

  fchmod(descriptor: number, mode: number): number {
    return this.#numbers("fchmod", descriptor, mode, 0);
  }

  prctl(option: number, value: bigint): number {
    return this.#numbers("prctl", option, Number(value), 0);
  }

  memfd_create(name: Path, flags: number): number {
    return this.#first("memfd_create", name, flags, null);
  }

  pipe(ends: Uint8Array<ArrayBuffer>): number {
    return this.#first("pipe2", ends, 0, null);
  }

  /** Waits for the milliseconds. */
  poll(
    list: Uint8Array<ArrayBuffer>,
    count: number,
    timeoutMs: number,
  ): number {
    const time = new BigInt64Array([0n, BigInt(timeoutMs) * 1_000_000n]);
    return this.#first("ppoll", list, count, new Uint8Array(time.buffer));
  }

  /** Resolves once something comes; waits for ever. */
  async pollLater(list: Uint8Array<ArrayBuffer>, count: number): Promise<void> {
    await this.#doors.pollLater(list, BigInt(count), -1);
  }

  /** `how` is a struct open_how (openat2(2), from Linux 5.6 on). */
  openat2(path: Path, how: Uint8Array<ArrayBuffer>): number {
    return Number(
      this.#doors.secondAndThird(
        numberOf("openat2"),
        BigInt(AT_FDCWD),
        path,
        how,
        BigInt(how.length),
        0n,
      ),
    );
  }

  /** From one file's place to another's, at most so many bytes. */
  sendfile(to: number, from: number, count: number): number {
    return Number(
      this.#doors.numbers(
        numberOf("sendfile"),
        BigInt(to),
        BigInt(from),
        0n,
        BigInt(count),
        0n,
      ),
    );
  }

  /** Makes the empty file share the blocks of the other, where the disk can. */
  shareBlocks(to: number, from: number): boolean {
    return this.#numbers("ioctl", to, FICLONE, from) === 0;
  }

  ioctl(
    descriptor: number,
    request: bigint,
    argument: Uint8Array<ArrayBuffer>,
  ): number {
    const args = [BigInt(descriptor), request, argument, 0n, 0n] as const;
    return Number(this.#doors.third(numberOf("ioctl"), ...args));
  }

  symlinkat(target: Path, folder: number, path: Path): number {
    return this.#first("symlinkat", target, folder, path);
  }

  read(descriptor: number, buffer: Uint8Array<ArrayBuffer>): number {
    return this.#second("read", descriptor, buffer, buffer.length);
  }

  write(descriptor: number, bytes: Uint8Array<ArrayBuffer>): number {
    return this.#second("write", descriptor, bytes, bytes.length);
  }

  getdents64(folder: number, buffer: Uint8Array<ArrayBuffer>): number {
    return this.#second("getdents64", folder, buffer, buffer.length);
  }

  open(path: Path, flags: number, mode: number): number {
    return this.openat(AT_FDCWD, path, flags, mode);
  }

  openat(folder: number, path: Path, flags: number, mode: number): number {
    return this.#second("openat", folder, path, flags, mode);
  }

  mkdirat(folder: number, path: Path, mode: number): number {
    return this.#second("mkdirat", folder, path, mode);
  }

  unlinkat(folder: number, path: Path, flags: number): number {
    return this.#second("unlinkat", folder, path, flags);
  }

  chmod(path: Path, mode: number): number {
    return this.#second("fchmodat", AT_FDCWD, path, mode);
  }

  access(path: Path, mode: number): number {
    return this.#second("faccessat", AT_FDCWD, path, mode);
  }

  waitpid(pid: number, status: Uint8Array<ArrayBuffer>, flags: number): number {
    return this.#second("wait4", pid, status, flags);
  }

  statx(
    folder: number,
    path: Path,
    ask: { readonly flags: number; readonly mask: number },
    result: Uint8Array<ArrayBuffer>,
  ): number {
    return this.#second("statx", folder, path, ask.flags, ask.mask, result);
  }

  readlink(path: Path, buffer: Uint8Array<ArrayBuffer>): number {
    return this.readlinkat(AT_FDCWD, path, buffer);
  }

  readlinkat(
    folder: number,
    path: Path,
    buffer: Uint8Array<ArrayBuffer>,
  ): number {
    const args = [path, buffer, BigInt(buffer.length), 0n] as const;
    const number = numberOf("readlinkat");
    return Number(this.#doors.secondAndThird(number, BigInt(folder), ...args));
  }

  /** renameat2(2). */
  rename(
    [folder, name]: readonly [number, Path],
    [other, fresh]: readonly [number, Path],
    flags: number,
  ): number {
    return Number(
      this.#doors.secondAndFourth(
        numberOf("renameat2"),
        BigInt(folder),
        name,
        BigInt(other),
        fresh,
        BigInt(flags),
      ),
    );
  }

  /** Of the last call, while no other was made. */
  errno(): number {
    // Pointers need a permission that is revoked by then.
    const errno = new Int32Array(1);
    const bytes = new Uint8Array(errno.buffer);
    this.#doors.memcpy(bytes, this.#doors.errnoPlace(), 4n);
    return errno[0] ?? 0;
  }

  #numbers(
    name: keyof typeof NUMBERS,
    a: number,
    b: number,
    c: number,
  ): number {
    const args = [BigInt(a), BigInt(b), BigInt(c), 0n, 0n] as const;
    return Number(this.#doors.numbers(numberOf(name), ...args));
  }

  #first(name: keyof typeof NUMBERS, a: Memory, b: number, c: Memory): number {
    return Number(
      this.#doors.first(numberOf(name), a, BigInt(b), c, 0n, 0n),
    );
  }

  #second(
    name: keyof typeof NUMBERS,
    a: number,
    b: Memory,
    c: number,
    d = 0,
    e: Memory = null,
  ): number {
    return Number(
      this.#doors.second(numberOf(name), BigInt(a), b, BigInt(c), BigInt(d), e),
    );
  }
}

function numberOf(name: keyof typeof NUMBERS): bigint {
  return BigInt(NUMBERS[name][COLUMN]);
}
