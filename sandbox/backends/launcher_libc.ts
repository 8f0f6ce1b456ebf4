/** libc as the launcher sees it: calls by descriptor and buffer, each checked. */
import { LAUNCHER } from "./landlock.ts";

const SYMBOLS = {
  syscall: {
    parameters: ["i64", "i64", "i64", "i64", "i64", "i64"],
    result: "i64",
  },
  open: { parameters: ["buffer", "i32", "i32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  dup2: { parameters: ["i32", "i32"], result: "i32" },
  prctl: { parameters: ["i32", "u64", "u64", "u64", "u64"], result: "i32" },
  kill: { parameters: ["i32", "i32"], result: "i32" },
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  read: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  write: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  setsid: { parameters: [], result: "i32" },
  getppid: { parameters: [], result: "i32" },
  signal: { parameters: ["i32", "pointer"], result: "pointer" },
  sigprocmask: { parameters: ["i32", "buffer", "pointer"], result: "i32" },
  execvpe: { parameters: ["buffer", "buffer", "buffer"], result: "i32" },
  __errno_location: { parameters: [], result: "pointer" },
  _exit: { parameters: ["i32"], result: "void" },
} as const;

type LauncherSymbols = Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];

/** Buffers whose addresses the kernel is given stay alive as long as this does. */
export class LauncherLibc {
  readonly symbols: LauncherSymbols = Deno.dlopen("libc.so.6", SYMBOLS).symbols;
  readonly #kept: Uint8Array<ArrayBuffer>[] = [];

  /** A NUL-terminated string. */
  text(text: string): Uint8Array<ArrayBuffer> {
    return new TextEncoder().encode(`${text}\0`);
  }

  /** The address of a buffer, as an integer argument. */
  address(bytes: Uint8Array<ArrayBuffer>): bigint {
    this.#kept.push(bytes);
    return BigInt(Deno.UnsafePointer.value(Deno.UnsafePointer.of(bytes)));
  }

  /** A NULL-terminated array of strings, as execve(2) takes it. */
  vector(texts: readonly string[]): Uint8Array<ArrayBuffer> {
    const array = new BigUint64Array(texts.length + 1);
    texts.forEach((text, index) => {
      array[index] = this.address(this.text(text));
    });
    return new Uint8Array(array.buffer);
  }

  syscall(number: number, ...args: readonly (number | bigint)[]): number {
    const [a = 0, b = 0, c = 0, d = 0, e = 0] = args;
    return Number(
      this.symbols.syscall(
        BigInt(number),
        BigInt(a),
        BigInt(b),
        BigInt(c),
        BigInt(d),
        BigInt(e),
      ),
    );
  }

  /** Valid only directly after a failed call. */
  errno(): number {
    const place = this.symbols.__errno_location();
    return place === null ? 0 : new Deno.UnsafePointerView(place).getInt32();
  }

  /** Ends the process when the result says that the call failed. */
  check(what: string, result: number): number {
    if (result < 0) this.fail(`${what} failed with errno ${this.errno()}`);
    return result;
  }

  fail(reason: string): never {
    this.say(`${LAUNCHER.complaint}${reason}`);
    return this.exit(LAUNCHER.failedCode);
  }

  say(text: string): void {
    const line = new TextEncoder().encode(`${text}\n`);
    this.symbols.write(2, line, BigInt(line.length));
  }

  exit(code: number): never {
    this.symbols._exit(code);
    throw new Error("Broken invariant: the process outlived _exit");
  }
}
