/** A program made of system calls: a static ELF file whose only code walks a table. */

export type Arch = "x86_64" | "aarch64";

/**
 * What a call is given. A text, bytes, or a list of eight-byte words become the address at
 * which they lie; a text ends with a NUL there.
 */
export type Argument = number | string | Uint8Array | readonly Argument[];

export interface Step {
  readonly call: CallName;
  readonly args?: readonly Argument[];
  /** Least and greatest result with which the next step follows; any when absent. */
  readonly from?: number;
  readonly to?: number;
  /** What follows after any other result: as many steps left out, or steps that do not return. */
  readonly otherwise?: number | readonly Step[];
}

type CallName = keyof typeof NUMBERS;

// [x86_64, aarch64], from arch/x86/entry/syscalls/syscall_64.tbl and
// include/uapi/asm-generic/unistd.h of Linux 6.18.
const NUMBERS = {
  bind: [49, 200],
  capset: [126, 91],
  clone: [56, 220],
  close: [3, 57],
  close_range: [436, 436],
  connect: [42, 203],
  dup3: [292, 24],
  execve: [59, 221],
  exit_group: [231, 94],
  getppid: [110, 173],
  ioctl: [16, 29],
  kill: [62, 129],
  landlock_add_rule: [445, 445],
  landlock_create_ruleset: [444, 444],
  landlock_restrict_self: [446, 446],
  listen: [50, 201],
  openat: [257, 56],
  ppoll: [271, 73],
  prctl: [157, 167],
  rt_sigaction: [13, 134],
  rt_sigprocmask: [14, 135],
  seccomp: [317, 277],
  sendfile: [40, 71],
  setns: [308, 268],
  setsid: [112, 157],
  socket: [41, 198],
  unshare: [272, 97],
  write: [1, 64],
} as const;

/**
 * x86_64, in which rbx is the step (rip + 0x39 is the end of this, where the first one lies):
 *
 *         lea rbx, [rip + 0x39]
 *   next: mov rax, [rbx]; mov rdi, [rbx + 8]; mov rsi, [rbx + 16]; mov rdx, [rbx + 24]
 *         mov r10, [rbx + 32]; mov r8, [rbx + 40]; mov r9, [rbx + 48]; syscall
 *         cmp eax, [rbx + 56]; jl else; cmp eax, [rbx + 60]; jg else
 *         add rbx, 72; jmp next
 *   else: add rbx, [rbx + 64]; jmp next
 *
 * aarch64, the same with x19:
 *
 *         adr x19, . + 64
 *   next: ldr x8, [x19]; ldp x0, x1, [x19, 8]; ldp x2, x3, [x19, 24]
 *         ldp x4, x5, [x19, 40]; svc 0
 *         ldp w9, w10, [x19, 56]; cmp w0, w9; b.lt else; cmp w0, w10; b.gt else
 *         add x19, x19, 72; b next
 *   else: ldr x9, [x19, 64]; add x19, x19, x9; b next
 */
const CODE: Readonly<Record<Arch, string>> = {
  x86_64:
    "488d1d39000000488b03488b7b08488b7310488b53184c8b53204c8b43284c8b4b300f053b43387c0b3b433c7f064883c348ebd348035b40ebcd660f1f440000",
  aarch64:
    "13020010680240f9608640a9628e41a9649642a9010000d4692a47291f00096bab0000541f000a6b6c00005473220191f5ffff17692240f97302098bf2ffff17",
};

/** Where the file lies in memory: what linkers choose for programs at a fixed place. */
const BASE = 0x400000;
const PROGRAM_HEADER = 56;
const CODE_AT = 64 + 2 * PROGRAM_HEADER;
const TABLE_AT = CODE_AT + 64;
const STEP_BYTES = 72;
const INT_MIN = -0x80000000;
const INT_MAX = 0x7fffffff;

/** The file. Its last step must not return. */
export function renderProgram(
  steps: readonly Step[],
  arch: Arch,
): Uint8Array<ArrayBuffer> {
  const { table, places } = placeBlocks(steps);
  const memory = new Memory(TABLE_AT + table.length * STEP_BYTES);
  const column = arch === "x86_64" ? 0 : 1;
  table.forEach(({ call, args = [], from, to, otherwise = 0 }, index) => {
    const at = TABLE_AT + index * STEP_BYTES;
    const target = typeof otherwise === "number"
      ? index + 1 + otherwise
      : places.get(otherwise) ?? 0;
    memory.setWord(at, NUMBERS[call][column]);
    args.forEach((argument, n) =>
      memory.setWord(at + 8 * (n + 1), memory.place(argument))
    );
    memory.setBounds(at + 56, from ?? INT_MIN, to ?? INT_MAX);
    memory.setWord(at + 64, (target - index) * STEP_BYTES);
  });
  return memory.finish(arch);
}

/** Steps that go on with the block, whatever came before. */
export function goTo(block: readonly Step[]): Step {
  return { call: "getppid", from: 1, to: 0, otherwise: block };
}

/** Steps that say something on stderr and end the process. */
export function endWith(text: string, code: number): readonly Step[] {
  const bytes = new TextEncoder().encode(`${text}\n`);
  return [
    { call: "write", args: [2, bytes, bytes.length] },
    { call: "exit_group", args: [code] },
  ];
}

// Every block once, after the one that first leads to it.
function placeBlocks(first: readonly Step[]): {
  readonly table: readonly Step[];
  readonly places: ReadonlyMap<readonly Step[], number>;
} {
  const table: Step[] = [];
  const places = new Map<readonly Step[], number>();
  const blocks = [first];
  for (
    let block = blocks.shift();
    block !== undefined;
    block = blocks.shift()
  ) {
    if (places.has(block)) continue;
    places.set(block, table.length);
    table.push(...block);
    for (const { otherwise } of block) {
      if (typeof otherwise === "object") blocks.push(otherwise);
    }
  }
  return { table, places };
}

/** The file as it grows: what is ahead of it is given, data follow. */
class Memory {
  #bytes: Uint8Array<ArrayBuffer>;
  #view: DataView;
  #used: number;
  readonly #placed = new Map<Exclude<Argument, number>, number>();
  readonly #encoder = new TextEncoder();

  constructor(used: number) {
    this.#used = used;
    this.#bytes = new Uint8Array(used + 8192);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** The argument itself, or where it lies from now on. */
  place(argument: Argument): number {
    if (typeof argument === "number") return argument;
    const known = this.#placed.get(argument);
    if (known !== undefined) return known;
    const address = BASE +
      (typeof argument === "string"
        ? this.#addText(argument)
        : argument instanceof Uint8Array
        ? this.#addBytes(argument)
        : this.#addWords(argument));
    this.#placed.set(argument, address);
    return address;
  }

  /** Two's complement where it is negative. */
  setWord(at: number, value: number): void {
    this.#view.setInt32(at, value | 0, true);
    this.#view.setInt32(at + 4, Math.floor(value / 2 ** 32), true);
  }

  setBounds(at: number, from: number, to: number): void {
    this.#view.setInt32(at, from, true);
    this.#view.setInt32(at + 4, to, true);
  }

  finish(arch: Arch): Uint8Array<ArrayBuffer> {
    for (let n = 0; n < TABLE_AT - CODE_AT; n++) {
      const byte = CODE[arch].slice(2 * n, 2 * n + 2);
      this.#bytes[CODE_AT + n] = parseInt(byte, 16);
    }
    addHeaders(this.#view, arch, this.#used);
    return this.#bytes.subarray(0, this.#used);
  }

  #addText(text: string): number {
    // A unit of a string is three bytes at most.
    const at = this.#reserve(text.length * 3 + 1);
    const { written } = this.#encoder.encodeInto(
      text,
      this.#bytes.subarray(at),
    );
    this.#bytes[at + written] = 0;
    this.#used = at + written + 1;
    return at;
  }

  #addBytes(bytes: Uint8Array): number {
    const at = this.#reserve(bytes.length);
    this.#bytes.set(bytes, at);
    return at;
  }

  #addWords(words: readonly Argument[]): number {
    const values = words.map((word) => this.place(word));
    const at = this.#reserve(values.length * 8);
    values.forEach((value, n) => this.setWord(at + 8 * n, value));
    return at;
  }

  #reserve(count: number): number {
    const at = (this.#used + 7) & ~7;
    this.#used = at + count;
    if (this.#used > this.#bytes.length) {
      const larger = new Uint8Array(this.#used * 2);
      larger.set(this.#bytes);
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    return at;
  }
}

// <elf.h>: an Elf64_Ehdr, and two Elf64_Phdr: the whole file to read and execute, and a
// stack that is not executable.
function addHeaders(view: DataView, arch: Arch, size: number): void {
  const half = (at: number, value: number) => view.setUint16(at, value, true);
  const word = (at: number, value: number) => view.setUint32(at, value, true);
  const load = 64;
  const stack = load + PROGRAM_HEADER;
  view.setUint32(0, 0x7f454c46);
  view.setUint32(4, 0x02010100);
  half(16, 2);
  half(18, arch === "x86_64" ? 62 : 183);
  word(20, 1);
  word(24, BASE + CODE_AT);
  word(32, load);
  half(52, 64);
  half(54, PROGRAM_HEADER);
  half(56, 2);
  word(load, 1);
  word(load + 4, 5);
  word(load + 16, BASE);
  word(load + 24, BASE);
  word(load + 32, size);
  word(load + 40, size);
  word(load + 48, 0x10000);
  word(stack, 0x6474e551);
  word(stack + 4, 6);
  word(stack + 48, 16);
}
