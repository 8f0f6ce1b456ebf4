/** A file's bytes as lines and back, so that every line nobody touched keeps its bytes. Pure. */
import { ToolError } from "../../core/protocol/error.ts";
import { concatBytes } from "../../core/util/bytes.ts";

type Encoding = "utf-8" | "utf-16le" | "utf-16be" | "latin1";

/** The lines of a file and what is needed to write them as they were. */
interface TextFile {
  readonly texts: readonly string[];
  /** Line end of each line: LF, CRLF, CR, or nothing after an unfinished last one. */
  readonly eols: readonly string[];
  /** What new lines end with: the most frequent line end, LF when there is none. */
  readonly eol: string;
  readonly encoding: Encoding;
  readonly bom: boolean;
  /** Bytes of those lines that are not in the file's own encoding, by index. */
  readonly odd: ReadonlyMap<number, Uint8Array>;
}

/** One line of a changed file: an old one by its index, or a new text. */
export type NewLine = number | string;

const BOMS: readonly (readonly [Encoding, readonly number[]])[] = [
  ["utf-8", [0xef, 0xbb, 0xbf]],
  ["utf-16le", [0xff, 0xfe]],
  ["utf-16be", [0xfe, 0xff]],
];

/** Looks at bytes as text. Never fails: what is not Unicode is taken as Latin-1. */
export function parseTextFile(bytes: Uint8Array): TextFile {
  const [encoding, mark] =
    BOMS.find(([, mark]) => mark.every((byte, at) => bytes[at] === byte)) ?? [];
  const body = bytes.subarray(mark?.length ?? 0);
  const bom = mark !== undefined;
  if (encoding === "utf-16le" || encoding === "utf-16be") {
    if (body.length % 2 === 0) {
      const text = decodeUtf16(body, encoding === "utf-16be");
      return { ...splitLines(text), encoding, bom, odd: new Map() };
    }
    return parseMixed(bytes, false);
  }
  const text = decodeUtf8(body);
  if (text === undefined) return parseMixed(body, bom);
  return { ...splitLines(text), encoding: "utf-8", bom, odd: new Map() };
}

/** The bytes of the changed file. Every line ends with a line end. Throws ToolError. */
export function renderTextFile(
  file: TextFile,
  lines: readonly NewLine[],
  path: string,
): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  if (file.bom) parts.push(Uint8Array.from(bomOf(file.encoding)));
  let pending: string[] = [];
  const flush = (): void => {
    parts.push(encodeText(pending.join(""), file.encoding, path));
    pending = [];
  };
  for (const line of lines) {
    if (typeof line === "string") {
      pending.push(line, file.eol);
      continue;
    }
    const odd = file.odd.get(line);
    if (odd === undefined) pending.push(file.texts[line] ?? "");
    else {
      flush();
      parts.push(odd);
    }
    pending.push(file.eols[line] || file.eol);
  }
  flush();
  return concatBytes(parts);
}

/** The bytes as text for eyes: what is not Unicode shows as Latin-1. */
export function viewText(bytes: Uint8Array): string {
  const { texts, eols } = parseTextFile(bytes);
  return texts.map((text, at) => text + eols[at]).join("");
}

// Neither UTF-8 nor UTF-16 as a whole: line by line. A file with some good multi-byte
// UTF-8 is UTF-8 with damaged lines; one with none is Latin-1 throughout.
function parseMixed(bytes: Uint8Array, bom: boolean): TextFile {
  const split = splitLines(fromUnits(bytes));
  const odd = new Map<number, Uint8Array>();
  let isUtf8 = bom;
  const texts = split.texts.map((latin1, at) => {
    const raw = encodeText(latin1, "latin1", "");
    const text = decodeUtf8(raw);
    if (text === undefined) odd.set(at, raw);
    else if (text !== latin1) isUtf8 = true;
    return text ?? latin1;
  });
  if (isUtf8) return { ...split, texts, encoding: "utf-8", bom, odd };
  return { ...split, encoding: "latin1", bom, odd: new Map() };
}

function splitLines(text: string): Pick<TextFile, "texts" | "eols" | "eol"> {
  const texts: string[] = [];
  const eols: string[] = [];
  const counts = new Map<string, number>();
  let start = 0;
  for (const found of text.matchAll(/\r\n|\n|\r/g)) {
    const eol = found[0];
    texts.push(text.slice(start, found.index));
    eols.push(eol);
    counts.set(eol, (counts.get(eol) ?? 0) + 1);
    start = found.index + eol.length;
  }
  if (start < text.length) {
    texts.push(text.slice(start));
    eols.push("");
  }
  return { texts, eols, eol: mostFrequent(counts) ?? "\n" };
}

// Among equals the first one seen: a Map keeps the order of insertion.
function mostFrequent(counts: ReadonlyMap<string, number>): string | undefined {
  let best: string | undefined;
  for (const [eol, count] of counts) {
    if (count > (counts.get(best ?? "") ?? 0)) best = eol;
  }
  return best;
}

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
      .decode(bytes);
  } catch {
    return undefined;
  }
}

// Not TextDecoder: that one replaces lone surrogates, and they have to survive.
function decodeUtf16(bytes: Uint8Array, bigEndian: boolean): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const units: number[] = [];
  for (let at = 0; at < bytes.length; at += 2) {
    units.push(view.getUint16(at, !bigEndian));
  }
  return fromUnits(units);
}

function fromUnits(units: ArrayLike<number>): string {
  const parts: string[] = [];
  for (let at = 0; at < units.length; at += 8_192) {
    const slice = Array.prototype.slice.call(units, at, at + 8_192);
    parts.push(String.fromCharCode(...slice));
  }
  return parts.join("");
}

function encodeText(
  text: string,
  encoding: Encoding,
  path: string,
): Uint8Array {
  if (encoding === "utf-8") return new TextEncoder().encode(text);
  const width = encoding === "latin1" ? 1 : 2;
  const bytes = new Uint8Array(text.length * width);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (width === 2) view.setUint16(at * 2, unit, encoding === "utf-16le");
    else if (unit <= 0xff) bytes[at] = unit;
    else {
      const hex = unit.toString(16).toUpperCase().padStart(4, "0");
      throw new ToolError(
        `Cannot write U+${hex} to ${path}: the file is in Latin-1, must be in UTF-8 for that character`,
      );
    }
  }
  return bytes;
}

function bomOf(encoding: Encoding): readonly number[] {
  return BOMS.find(([name]) => name === encoding)?.[1] ?? [];
}
