/** A small classic BPF machine, enough to run seccomp programs on made-up calls. */

export interface MadeUpCall {
  /** AUDIT_ARCH_* of <linux/audit.h>. */
  readonly arch: number;
  readonly number: number;
  readonly args?: readonly (number | bigint)[];
}

/** Runs the program as the kernel would; the answer is its return value. */
export function runProgram(program: Uint8Array, call: MadeUpCall): number {
  const data = new DataView(new ArrayBuffer(64));
  data.setUint32(0, call.number, true);
  data.setUint32(4, call.arch, true);
  (call.args ?? []).forEach((argument, index) =>
    data.setBigUint64(
      16 + 8 * index,
      BigInt.asUintN(64, BigInt(argument)),
      true,
    )
  );
  const code = new DataView(program.buffer, program.byteOffset);
  let accumulator = 0;
  for (let pc = 0; pc * 8 < program.length; pc++) {
    const operation = code.getUint16(pc * 8, true);
    const [jt, jf] = [code.getUint8(pc * 8 + 2), code.getUint8(pc * 8 + 3)];
    const k = code.getUint32(pc * 8 + 4, true);
    switch (operation) {
      case 0x20:
        accumulator = data.getUint32(k, true);
        break;
      case 0x54:
        accumulator = (accumulator & k) >>> 0;
        break;
      case 0x15:
        pc += accumulator === k ? jt : jf;
        break;
      case 0x35:
        pc += accumulator >= k ? jt : jf;
        break;
      case 0x45:
        pc += (accumulator & k) !== 0 ? jt : jf;
        break;
      case 0x06:
        return k;
      default:
        throw new Error(`Unknown operation 0x${operation.toString(16)}`);
    }
  }
  throw new Error("The program ran off its end");
}

/** Every jump lands inside the program, and the last instruction returns (kernel's check). */
export function isWellFormed(program: Uint8Array): boolean {
  const code = new DataView(program.buffer, program.byteOffset);
  const length = program.length / 8;
  if (length === 0 || length > 4096) return false;
  for (let pc = 0; pc < length; pc++) {
    const operation = code.getUint16(pc * 8, true);
    if ((operation & 0x07) !== 0x05) continue;
    const jt = code.getUint8(pc * 8 + 2);
    const jf = code.getUint8(pc * 8 + 3);
    if (pc + 1 + Math.max(jt, jf) >= length) return false;
  }
  return code.getUint16((length - 1) * 8, true) === 0x06;
}
