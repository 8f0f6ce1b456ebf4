/** Which runtime this program stands on, down to its bytes. */
import { createHash } from "node:crypto";

interface RuntimeIdentity {
  readonly deno: string;
  readonly v8: string;
  /** What the hash is of: what the build put in front of the program, or the whole file. */
  readonly part: "runtime" | "executable";
  readonly sha256: string;
}

const CHUNK_BYTES = 1024 * 1024;
const ELF_HEADER_BYTES = 64;

/** Facts of elf(5), 64 bit, little endian. */
export const ELF = { entry: 24, programHeaderBytes: 56, load: 1 } as const;

/** Reads the whole runtime, some 100 MB: only for those who ask. */
export async function readRuntimeIdentity(
  path: string = Deno.execPath(),
): Promise<RuntimeIdentity> {
  const file = await Deno.open(path);
  try {
    const head = await readUpTo(file, CHUNK_BYTES);
    const end = elfEnd(head);
    if (end !== undefined) await undoChange(file, head, end);
    const { deno, v8 } = Deno.version;
    return {
      deno,
      v8,
      part: end === undefined ? "executable" : "runtime",
      sha256: await hashFrom(file, head, end ?? Infinity),
    };
  } finally {
    file.close();
  }
}

/** What `rondo --version --verbose` says of it, a fact a line. */
export async function loadRuntimeText(): Promise<string> {
  const { deno, v8, part, sha256 } = await readRuntimeIdentity();
  return `deno ${deno}, v8 ${v8}\nsha256 of the ${part} ${sha256}\n`;
}

/**
 * Where an ELF program ends by its own header (elf(5), 64 bit); what is appended to it is
 * behind. Undefined for anything else.
 */
export function elfEnd(header: Uint8Array): number | undefined {
  if (header.length < ELF_HEADER_BYTES) return undefined;
  const view = new DataView(header.buffer, header.byteOffset, header.length);
  if (view.getUint32(0) !== 0x7f454c46 || view.getUint8(4) !== 2) {
    return undefined;
  }
  return Number(view.getBigUint64(40, true)) +
    view.getUint16(58, true) * view.getUint16(60, true);
}

/** Offsets of an ELF program's segment headers. */
export function programHeaders(view: DataView): number[] {
  const first = Number(view.getBigUint64(32, true));
  return Array.from(
    { length: view.getUint16(56, true) },
    (_, index) => first + index * ELF.programHeaderBytes,
  );
}

/** Gives the head back what the build changed in it (scripts/first_stage/). */
async function undoChange(
  file: Deno.FsFile,
  head: Uint8Array,
  end: number,
): Promise<void> {
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  const added = programHeaders(view).find((at) =>
    view.getUint32(at, true) === ELF.load &&
    view.getBigUint64(at + 8, true) >= BigInt(end)
  );
  if (added === undefined) return;
  const segmentEnd = view.getBigUint64(added + 8, true) +
    view.getBigUint64(added + 32, true);
  const bytes = 8 + ELF.programHeaderBytes;
  await file.seek(segmentEnd - BigInt(bytes), Deno.SeekMode.Start);
  const was = await readUpTo(file, bytes);
  head.set(was.subarray(0, 8), ELF.entry);
  head.set(was.subarray(8), added);
}

async function hashFrom(
  file: Deno.FsFile,
  head: Uint8Array,
  end: number,
): Promise<string> {
  const hash = createHash("sha256").update(head.subarray(0, end));
  await file.seek(head.length, Deno.SeekMode.Start);
  for (let left = end - head.length; left > 0;) {
    const chunk = await readUpTo(file, Math.min(left, CHUNK_BYTES));
    if (chunk.length === 0) break;
    hash.update(chunk);
    left -= chunk.length;
  }
  return hash.digest("hex");
}

async function readUpTo(
  file: Deno.FsFile,
  bytes: number,
): Promise<Uint8Array> {
  const read = new Uint8Array(bytes);
  let length = 0;
  while (length < bytes) {
    const count = await file.read(read.subarray(length));
    if (count === null) break;
    length += count;
  }
  return read.subarray(0, length);
}
