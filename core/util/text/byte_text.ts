/** Bytes as text of the same length, one character each, so that lines can be compared and cut. Pure. */
import { getBuiltinModule } from "node:process";

/** Characters U+0000 to U+00FF, one for each byte. */
export function textOfBytes(bytes: Uint8Array): string {
  const { Buffer } = getBuiltinModule("node:buffer");
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    .toString("latin1");
}

/** The bytes of such a text. */
export function bytesOfText(text: string): Uint8Array<ArrayBuffer> {
  const { Buffer } = getBuiltinModule("node:buffer");
  return new Uint8Array(Buffer.from(text, "latin1"));
}
