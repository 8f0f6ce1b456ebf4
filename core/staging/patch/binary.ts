/** What git writes of a file that is no text: contents, or what is to be taken from the old one. No I/O. */
import { concatBytes } from "../../util/bytes.ts";
import { deflateBytes, inflateBytes } from "./deflate.ts";
import { decodeLines, encodeLines } from "./base85.ts";

/** One of the two halves: how to come to a content. */
export interface BinaryHalf {
  readonly kind: "literal" | "delta";
  /** Packed, as in the patch. */
  readonly lines: readonly string[];
  /** Of what is packed. */
  readonly size: number;
}

/** The whole content. */
export function buildLiteral(bytes: Uint8Array): BinaryHalf {
  const lines = encodeLines(deflateBytes(bytes));
  return { kind: "literal", lines, size: bytes.length };
}

export function renderHalf({ kind, lines, size }: BinaryHalf): string {
  return [`${kind} ${size}`, ...lines, "", ""].join("\n");
}

/**
 * The content that a half leads to; "too large" when it says to have more than so many bytes.
 * Undefined when it is damaged, or is for another file.
 */
export function applyHalf(
  { kind, lines, size }: BinaryHalf,
  before: Uint8Array,
  bytesMax: number,
): Uint8Array<ArrayBuffer> | "too large" | undefined {
  if (size > bytesMax) return "too large";
  const packed = decodeLines(lines);
  if (packed === undefined) return undefined;
  try {
    const bytes = inflateBytes(packed, size);
    if (bytes.length !== size) return undefined;
    return kind === "literal" ? bytes : applyDelta(bytes, before, bytesMax);
  } catch {
    return undefined;
  }
}

// gitformat-pack(5), "Deltified representation".
function applyDelta(
  delta: Uint8Array,
  before: Uint8Array,
  bytesMax: number,
): Uint8Array<ArrayBuffer> | "too large" | undefined {
  const from = new DeltaReader(delta);
  if (from.size() !== before.length) return undefined;
  const wanted = from.size();
  if (wanted > bytesMax) return "too large";
  const parts: Uint8Array[] = [];
  let made = 0;
  while (!from.isOver) {
    const part = from.part(before);
    made += part.length;
    if (part.length === 0 || made > wanted) return undefined;
    parts.push(part);
  }
  return made === wanted ? concatBytes(parts) : undefined;
}

class DeltaReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isOver(): boolean {
    return this.#at >= this.#bytes.length;
  }

  size(): number {
    let size = 0;
    for (let factor = 1;; factor *= 128) {
      const byte = this.#byte();
      size += (byte & 0x7f) * factor;
      if (byte < 0x80) return size;
    }
  }

  /** What the next instruction adds; empty when there is no such place in the old content. */
  part(before: Uint8Array): Uint8Array {
    const byte = this.#byte();
    if (byte < 0x80) {
      this.#at += byte;
      return this.#bytes.subarray(this.#at - byte, this.#at);
    }
    const offset = this.#number(byte, 4);
    const size = this.#number(byte >> 4, 3) || 0x10000;
    return offset + size > before.length
      ? new Uint8Array()
      : before.subarray(offset, offset + size);
  }

  // Only the bytes whose bit is set are there.
  #number(bits: number, bytes: number): number {
    let value = 0;
    for (let at = 0; at < bytes; at++) {
      if ((bits >> at) & 1) value += this.#byte() * 256 ** at;
    }
    return value;
  }

  #byte(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw new RangeError("the delta is cut off");
    return byte;
  }
}
