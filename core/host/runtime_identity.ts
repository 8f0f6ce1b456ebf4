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

/** Reads the whole runtime, some 100 MB: only for those who ask. */
export async function readRuntimeIdentity(): Promise<RuntimeIdentity> {
  using file = await Deno.open(Deno.execPath());
  const header = new Uint8Array(ELF_HEADER_BYTES);
  await file.read(header);
  await file.seek(0, Deno.SeekMode.Start);
  const end = elfEnd(header);
  const { deno, v8 } = Deno.version;
  return {
    deno,
    v8,
    part: end === undefined ? "executable" : "runtime",
    sha256: await hashHead(file, end ?? Infinity),
  };
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

async function hashHead(file: Deno.FsFile, bytes: number): Promise<string> {
  const hash = createHash("sha256");
  const chunk = new Uint8Array(CHUNK_BYTES);
  for (let left = bytes; left > 0;) {
    const count = await file.read(
      chunk.subarray(0, Math.min(left, chunk.length)),
    );
    if (count === null) break;
    hash.update(chunk.subarray(0, count));
    left -= count;
  }
  return hash.digest("hex");
}
