/** Classic BPF as seccomp runs it: instructions, and the small patterns made of them. */

export type Instruction = readonly [
  code: number,
  jt: number,
  jf: number,
  k: number,
];

// <linux/bpf_common.h> and <linux/seccomp.h>
export const OP = {
  load: 0x20,
  jumpEqual: 0x15,
  jumpAtLeast: 0x35,
  jumpAnyBit: 0x45,
  and: 0x54,
  give: 0x06,
} as const;
/** What a program answers: struct seccomp_data in, one of these out. */
export const VERDICT = { allow: 0x7fff0000, killProcess: 0x80000000 } as const;
const ERRNO = 0x00050000;
export const EPERM = 1;
export const ENOSYS = 38;

/** Refuses when the argument has any of the bits, else allows. */
export function denyIfAnyBit(argument: number, bits: number): Instruction[] {
  return [
    loadsArgument(argument),
    [OP.jumpAnyBit, 0, 1, bits],
    refuse(EPERM),
    give(VERDICT.allow),
  ];
}

/** Refuses when the argument is one of the values, else allows. */
export function denyIfOneOf(
  argument: number,
  values: readonly number[],
): Instruction[] {
  const jumps = jumpsPastNext(argument, values);
  return [...jumps, give(VERDICT.allow), refuse(EPERM)];
}

/** Allows when the argument is one of the values, else refuses. */
export function denyUnlessOneOf(
  argument: number,
  values: readonly number[],
): Instruction[] {
  const jumps = jumpsPastNext(argument, values);
  return [...jumps, refuse(EPERM), give(VERDICT.allow)];
}

// An argument that is one of the values skips the instruction after these.
function jumpsPastNext(
  argument: number,
  values: readonly number[],
): Instruction[] {
  return [
    loadsArgument(argument),
    ...values.map((value, index): Instruction => [
      OP.jumpEqual,
      values.length - index,
      0,
      value,
    ]),
  ];
}

/**
 * Takes up an argument. Only its low word: the kernel ignores the high one of those we
 * look at, so a filter that compared it could be passed by setting it.
 */
export function loadsArgument(index: number): Instruction {
  return [OP.load, 0, 0, 16 + 8 * index];
}

/** Ends the program: the call fails with that errno. */
export function refuse(errno: number): Instruction {
  return give(ERRNO | errno);
}

/** Ends the program with a verdict. */
export function give(verdict: number): Instruction {
  return [OP.give, 0, 0, verdict];
}

/** The program as an array of struct sock_filter, little endian. */
export function encodeProgram(
  program: readonly Instruction[],
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(program.length * 8);
  const view = new DataView(bytes.buffer);
  program.forEach(([code, jt, jf, k], index) => {
    view.setUint16(index * 8, code, true);
    view.setUint8(index * 8 + 2, jt);
    view.setUint8(index * 8 + 3, jf);
    view.setUint32(index * 8 + 4, k >>> 0, true);
  });
  return bytes;
}
