/** Puts a few instructions before the first one of an ELF program, which hold signals back. */
import { ELF, elfEnd, programHeaders } from "../core/host/runtime_identity.ts";

// `rondo exec` owes its reader a last line also when a signal comes in the 30 ms that the
// runtime needs until our first line, and in which it would simply die of it.

/** Where the segment begins: the largest page there is (64 KiB on arm64). */
const PAGE = 0x10000n;
const PT_NOTE = 4;
const READ_AND_EXECUTE = 5;
/** Offset of e_machine in the ELF header. */
const MACHINE = 18;

/**
 * Data. What runs where the kernel's loader jumps to, by ELF machine (e_machine). With `exec`
 * or `e` among the words: where stdout is closed, /dev/null for reading, since the runtime
 * would open it for writing and nobody could tell; rt_sigprocmask(SIG_SETMASK) with the
 * signals of core/host/terminal/signals.ts, and signal 33 + n for each n that the parent had
 * ignored, as nohup(1) does. Then to the program's own entry, with what the loader left for it.
 */
const CODE: Readonly<Record<number, readonly string[]>> = {
  // x86-64. The stack holds argc, argv, 0; rdx is for _start; syscall(2) changes rcx and r11.
  62: [
    "4989d0", // mov r8, rdx
    "488d5c2408", // lea rbx, [rsp+8]
    "4883c308", // next: add rbx, 8
    "488b03", // mov rax, [rbx]
    "4885c0", // test rax, rax
    "0f8487000000", // jz done
    "8b08", // mov ecx, [rax]
    "81f965786563", // cmp ecx, "exec"
    "7508", // jne short
    "80780400", // cmp byte [rax+4], 0
    "7408", // je found
    "ebde", // jmp next
    "6683f965", // short: cmp cx, "e\0"
    "75d8", // jne next
    "6a015f", // found: mov rdi, 1
    "6a015e", // mov rsi, 1 (F_GETFD)
    "6a4858", // mov rax, 72 (fcntl)
    "0f05", // syscall
    "85c0", // test eax, eax
    "7920", // jns open
    "e80a000000", // call over
    "2f6465762f6e756c6c00", // "/dev/null\0"
    "5f", // over: pop rdi
    "31f6", // mov rsi, 0 (O_RDONLY)
    "6a0258", // mov rax, 2 (open)
    "0f05", // syscall
    "97", // xchg edi, eax
    "6a015e", // mov rsi, 1
    "6a2158", // mov rax, 33 (dup2)
    "0f05", // syscall
    "41b937ea8077", // open: mov r9d, 0x7780ea37
    "6a1f5f", // mov rdi, 31
    "31f6", // again: mov rsi, 0
    "488d5424c0", // lea rdx, [rsp-64]
    "6a08415a", // mov r10, 8
    "6a0d58", // mov rax, 13 (rt_sigaction)
    "0f05", // syscall
    "48837c24c001", // cmp qword [rsp-64], SIG_IGN
    "7507", // jne used
    "8d4f20", // lea ecx, [rdi+32]
    "490fabc9", // bts r9, rcx
    "ffcf", // used: dec edi
    "75dd", // jnz again
    "4c894c24c0", // mov [rsp-64], r9
    "6a025f", // mov rdi, 2 (SIG_SETMASK)
    "488d7424c0", // lea rsi, [rsp-64]
    "31d2", // mov rdx, 0
    "6a0e58", // mov rax, 14 (rt_sigprocmask)
    "0f05", // syscall
    "4c89c2", // done: mov rdx, r8
  ],
  // aarch64, little endian. The stack as above; x0 is for _start; svc changes x0 alone.
  183: [
    "e90300aa", // mov x9, x0
    "ea230091", // add x10, sp, 8
    "4b8d40f8", // next: ldr x11, [x10, 8]!
    "eb0600b4", // cbz x11, done
    "6c0140b9", // ldr w12, [x11]
    "ad0c8f52", // mov w13, "ex"
    "ad6cac72", // movk w13, "ec", lsl 16
    "9f010d6b", // cmp w12, w13
    "81000054", // b.ne short
    "6c114039", // ldrb w12, [x11, 4]
    "ac000034", // cbz w12, found
    "f7ffff17", // b next
    "8c3d0012", // short: and w12, w12, 0xffff
    "9f950171", // cmp w12, "e\0"
    "81feff54", // b.ne next
    "200080d2", // found: mov x0, 1
    "210080d2", // mov x1, 1 (F_GETFD)
    "280380d2", // mov x8, 25 (fcntl)
    "010000d4", // svc 0
    "c001f836", // tbz w0, 31, open
    "600c8092", // mov x0, -100 (AT_FDCWD)
    "21010010", // adr x1, null
    "020080d2", // mov x2, 0 (O_RDONLY)
    "080780d2", // mov x8, 56 (openat)
    "010000d4", // svc 0
    "210080d2", // mov x1, 1
    "020080d2", // mov x2, 0
    "080380d2", // mov x8, 24 (dup3)
    "010000d4", // svc 0
    "04000014", // b open
    "2f6465762f6e756c6c000000", // null: "/dev/null\0\0\0"
    "ee469d52", // open: mov w14, 0xea37
    "0ef0ae72", // movk w14, 0x7780, lsl 16
    "ef038052", // mov w15, 31
    "ed0301d1", // sub x13, sp, 64
    "e0030f2a", // again: mov w0, w15
    "010080d2", // mov x1, 0
    "e2030daa", // mov x2, x13
    "030180d2", // mov x3, 8
    "c81080d2", // mov x8, 134 (rt_sigaction)
    "010000d4", // svc 0
    "a00140f9", // ldr x0, [x13]
    "1f0400f1", // cmp x0, SIG_IGN
    "a1000054", // b.ne used
    "e0810011", // add w0, w15, 32
    "210080d2", // mov x1, 1
    "2120c09a", // lsl x1, x1, x0
    "ce0101aa", // orr x14, x14, x1
    "ef050071", // used: subs w15, w15, 1
    "41feff54", // b.ne again
    "ae0100f9", // str x14, [x13]
    "400080d2", // mov x0, 2 (SIG_SETMASK)
    "e1030daa", // mov x1, x13
    "020080d2", // mov x2, 0
    "e81080d2", // mov x8, 135 (rt_sigprocmask)
    "010000d4", // svc 0
    "e00309aa", // done: mov x0, x9
  ],
};

/**
 * The same program with the instructions in front, or undefined for one that they do not fit.
 * A note segment, which nobody needs to run, becomes the segment that maps them; what was
 * changed stands behind them, so that the runtime's own hash can still be told.
 */
export function holdEarlySignals(
  program: Uint8Array,
): Uint8Array<ArrayBuffer> | undefined {
  const found = findRoom(program);
  if (found === undefined) return undefined;
  const { code, note, top } = found;
  const offset = roundUp(BigInt(program.length));
  const address = roundUp(top);
  const before = new DataView(program.buffer, program.byteOffset);
  const entry = before.getBigUint64(ELF.entry, true);
  const jump = jumpTo(before.getUint16(MACHINE, true), {
    from: address + BigInt(code.length),
    to: entry,
  });
  const segment = [
    ...code,
    ...jump,
    ...program.subarray(ELF.entry, ELF.entry + 8),
    ...program.subarray(note, note + ELF.programHeaderBytes),
  ];
  const changed = new Uint8Array(Number(offset) + segment.length);
  changed.set(program);
  changed.set(segment, Number(offset));
  const view = new DataView(changed.buffer);
  view.setBigUint64(ELF.entry, address, true);
  view.setUint32(note, ELF.load, true);
  view.setUint32(note + 4, READ_AND_EXECUTE, true);
  const size = BigInt(segment.length);
  [offset, address, address, size, size, PAGE].forEach((value, index) =>
    view.setBigUint64(note + 8 * (index + 1), value, true)
  );
  return changed;
}

/** The code for its machine, its last note segment, and the end of its memory. */
function findRoom(program: Uint8Array): {
  readonly code: Uint8Array;
  readonly note: number;
  readonly top: bigint;
} | undefined {
  if (elfEnd(program) === undefined) return undefined;
  const view = new DataView(program.buffer, program.byteOffset);
  const code = CODE[view.getUint16(MACHINE, true)];
  if (code === undefined) return undefined;
  const headers = programHeaders(view);
  const isType = (type: number) => (at: number) =>
    view.getUint32(at, true) === type;
  // Loadable segments stand in the order of their addresses (elf(5)): a late one.
  const note = headers.findLast(isType(PT_NOTE));
  const last = headers.findLast(isType(ELF.load));
  if (note === undefined || last === undefined || note < last) return undefined;
  const top = view.getBigUint64(last + 16, true) +
    view.getBigUint64(last + 40, true);
  return { code: Uint8Array.fromHex(code.join("")), note, top };
}

/** `jmp rel32`, or `b` with 26 bits of words. */
function jumpTo(
  machine: number,
  { from, to }: { readonly from: bigint; readonly to: bigint },
): Uint8Array {
  const bytes = new Uint8Array(machine === 62 ? 5 : 4);
  const view = new DataView(bytes.buffer);
  if (machine === 62) {
    view.setUint8(0, 0xe9);
    view.setInt32(1, Number(to - from) - bytes.length, true);
  } else {
    const words = Number(to - from) / 4;
    view.setUint32(0, 0x14000000 | (words & 0x3ffffff), true);
  }
  return bytes;
}

function roundUp(value: bigint): bigint {
  return (value + PAGE - 1n) / PAGE * PAGE;
}
