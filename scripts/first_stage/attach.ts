/** Puts the first stage before the first instruction of an ELF program. */
import {
  ELF,
  elfEnd,
  programHeaders,
} from "../../core/host/runtime_identity.ts";
import { CODE } from "./code.ts";
import { renderTable } from "./ends.ts";

// `rondo exec` owes its reader a last line also when a signal comes in the 30 ms that the
// runtime needs until our first line, and where the runtime does not get that far.

/** Where the segment begins: the largest page there is (64 KiB on arm64). */
const PAGE = 0x10000n;
const PT_NOTE = 4;
const READ_AND_EXECUTE = 5;
/** Offset of e_machine in the ELF header. */
const MACHINE = 18;

/**
 * The same program with the stage in front, or undefined for one that it does not fit.
 * A note segment, which nobody needs to run, becomes the segment that maps them; what was
 * changed stands behind them, so that the runtime's own hash can still be told.
 */
export function attachFirstStage(
  program: Uint8Array,
): Uint8Array<ArrayBuffer> | undefined {
  const found = findRoom(program);
  if (found === undefined) return undefined;
  const { code, note, top } = found;
  const offset = roundUp(BigInt(program.length));
  const address = roundUp(top);
  const before = new DataView(program.buffer, program.byteOffset);
  const entry = before.getBigUint64(ELF.entry, true);
  const segment = [
    ...code,
    ...renderTable(entry - address - BigInt(code.length)),
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
  return { code: Uint8Array.fromBase64(code), note, top };
}

function roundUp(value: bigint): bigint {
  return (value + PAGE - 1n) / PAGE * PAGE;
}
