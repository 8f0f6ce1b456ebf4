/** Text measured and cut by UTF-8 bytes, never inside a character. */

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * The text of a file somebody wrote, whatever program they used: a byte order mark is not
 * part of it, and UTF-16 is known by its mark or by its zero bytes.
 */
export function decodeText(bytes: Uint8Array): string {
  return new TextDecoder(encodingOf(bytes)).decode(bytes);
}

/** What the bytes of a text are encoded in, by their beginning. */
export function encodingOf(
  bytes: Uint8Array,
): "utf-8" | "utf-16le" | "utf-16be" {
  const [first = 1, second = 1] = bytes;
  if (first === 0xff && second === 0xfe || first !== 0 && second === 0) {
    return "utf-16le";
  }
  return first === 0xfe && second === 0xff || first === 0 && second !== 0
    ? "utf-16be"
    : "utf-8";
}

export function byteLength(text: string): number {
  // Almost all text is ASCII or short; encoding is exact and fast enough.
  return encoder.encode(text).length;
}

/** Tokens of a text of that many bytes, by the rule of thumb of four bytes a token. */
export function tokensOfBytes(bytes: number): number {
  return Math.ceil(bytes / 4);
}

/** Estimated tokens of a text (UTF-8 bytes / 4, rounded up). */
export function estimateTokens(text: string): number {
  return tokensOfBytes(byteLength(text));
}

/** The longest start of the text that fits into `bytesMax` bytes. */
export function headBytes(text: string, bytesMax: number): string {
  if (text.length * 3 <= bytesMax) return text;
  const bytes = encoder.encode(text);
  if (bytes.length <= bytesMax) return text;
  return decoder.decode(bytes.subarray(0, charStart(bytes, bytesMax)));
}

/** As headBytes(), with `…` where something is missing. */
export function cutBytes(text: string, bytesMax: number): string {
  const head = headBytes(text, bytesMax);
  return head.length === text.length ? text : `${head}…`;
}

/** The longest end of the text that fits into `bytesMax` bytes. */
export function tailBytes(text: string, bytesMax: number): string {
  if (text.length * 3 <= bytesMax) return text;
  const bytes = encoder.encode(text);
  if (bytes.length <= bytesMax) return text;
  return decoder.decode(
    bytes.subarray(charEnd(bytes, bytes.length - bytesMax)),
  );
}

/** The text in pieces of at most so many UTF-16 units, no surrogate pair cut in two. */
export function splitText(text: string, unitsMax: number): readonly string[] {
  const pieces: string[] = [];
  let start = 0;
  while (text.length - start > unitsMax) {
    const cut = start + unitsMax;
    const isInPair = (text.codePointAt(cut - 1) ?? 0) > 0xffff;
    const end = isInPair ? cut - 1 : cut;
    pieces.push(text.slice(start, end));
    start = end;
  }
  return [...pieces, text.slice(start)];
}

/** Number of lines: newline characters, plus one for a last line without one. */
export function countLines(text: string): number {
  if (text === "") return 0;
  let lines = text.endsWith("\n") ? 0 : 1;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) {
    lines++;
  }
  return lines;
}

// UTF-8 continuation bytes are 10xxxxxx (RFC 3629 section 3).
function charStart(bytes: Uint8Array, at: number): number {
  while (at > 0 && ((bytes[at] ?? 0) & 0xc0) === 0x80) at--;
  return at;
}

function charEnd(bytes: Uint8Array, at: number): number {
  while (at < bytes.length && ((bytes[at] ?? 0) & 0xc0) === 0x80) at++;
  return at;
}
