/** Bytes as lines of text, as `git diff --binary` writes them. Pure. */
import { concatBytes } from "../../util/bytes.ts";

const ALPHABET =
  "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~";
const VALUES: ReadonlyMap<string, number> = new Map(
  [...ALPHABET].map((char, value) => [char, value]),
);
const LINE_BYTES = 52;
// How many bytes a line holds: A to Z for 1 to 26, a to z for 27 to 52.
const LENGTHS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

export function encodeLines(bytes: Uint8Array): readonly string[] {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += LINE_BYTES) {
    const part = bytes.subarray(at, at + LINE_BYTES);
    let line = LENGTHS.charAt(part.length - 1);
    for (let word = 0; word < part.length; word += 4) {
      line += encodeWord(part.subarray(word, word + 4));
    }
    lines.push(line);
  }
  return lines;
}

/** Undefined when a line is none of these. */
export function decodeLines(
  lines: readonly string[],
): Uint8Array<ArrayBuffer> | undefined {
  const parts: Uint8Array[] = [];
  for (const line of lines) {
    const part = decodeLine(line);
    if (part === undefined) return undefined;
    parts.push(part);
  }
  return concatBytes(parts);
}

function encodeWord(bytes: Uint8Array): string {
  let value = 0;
  for (let at = 0; at < 4; at++) value = value * 256 + (bytes[at] ?? 0);
  let word = "";
  for (let at = 0; at < 5; at++) {
    word = ALPHABET.charAt(value % 85) + word;
    value = Math.floor(value / 85);
  }
  return word;
}

function decodeLine(line: string): Uint8Array | undefined {
  const length = LENGTHS.indexOf(line.charAt(0)) + 1;
  const words = Math.ceil(length / 4);
  if (length === 0 || line.length !== 1 + words * 5) return undefined;
  const bytes = new Uint8Array(words * 4);
  const view = new DataView(bytes.buffer);
  for (let word = 0; word < words; word++) {
    let value = 0;
    for (const char of line.slice(1 + word * 5, 6 + word * 5)) {
      const digit = VALUES.get(char);
      if (digit === undefined) return undefined;
      value = value * 85 + digit;
    }
    if (value > 0xffffffff) return undefined;
    view.setUint32(word * 4, value);
  }
  return bytes.subarray(0, length);
}
