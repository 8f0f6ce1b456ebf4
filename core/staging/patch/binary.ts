/** What git writes of a file that is no text: contents, or what is to be taken from the old one. Pure. */
import { deflateBytes } from "./deflate.ts";
import { encodeLines } from "./base85.ts";

/** One of the two halves: how to come to a content. */
interface BinaryHalf {
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
