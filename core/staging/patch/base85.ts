/** Bytes as lines of text, as `git diff --binary` writes them. Pure. */
const ALPHABET =
  "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~";
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
