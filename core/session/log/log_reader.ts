/** Reads a session file line by line in bounded memory, and judges each line. */
import { errorText, isAbsent, SessionError } from "../../protocol/error.ts";
import type { Files } from "../../protocol/host.ts";
import { LIMITS } from "../../protocol/limits.ts";
import type { BlobRef } from "./blob_text.ts";
import { type Chain, CHAIN_START, type Line, parseLine } from "./line.ts";
import { concatBytes } from "../../util/bytes.ts";

/** A fact that may be used. */
export interface LogEntry {
  /** From 1. */
  readonly number: number;
  readonly type: string;
  readonly payload: string;
  /** What was taken out of the payload. */
  readonly blobs: readonly BlobRef[];
  readonly timestamp: string;
  /** Where its line lies in the file, LF included. */
  readonly offset: number;
  readonly bytes: number;
  /** Whether a checksum of ours covers it. */
  readonly isProtected: boolean;
}

/** Where lines follow. */
export interface LogStart {
  readonly bytes: number;
  readonly chain: Chain;
  readonly lines: number;
}

export const LOG_START: LogStart = Object.freeze({
  bytes: 0,
  chain: CHAIN_START,
  lines: 0,
});

/** `bytes` are kept; what lies behind is a torn line. */
export interface LogEnd extends LogStart {
  readonly tornBytes: number;
  /** The last kept line lacks its LF. */
  readonly lacksNewline: boolean;
  readonly protectedLines: number;
}

/** One line as bytes of the file gave it; `text` is undefined when it is too long. */
export interface RawLine {
  readonly text: string | undefined;
  /** Its bytes, LF included. */
  readonly bytes: number;
  readonly hasNewline: boolean;
}

/** Accepts the lines of one log in order, says what is wrong, and keeps count. */
export class LogChecker {
  readonly #problems: string[] = [];
  #chain: Chain;
  #lines: number;
  #protected: number;
  #foreign = 0;
  /** Whether the first usable line is one of ours. */
  #isOurs: boolean;
  #isDamaged = false;
  #bytes: number;
  #torn = 0;
  #lacksNewline = false;

  /** From there on; lines before it are ours, and taken to be whole. */
  constructor({ bytes, chain, lines }: LogStart = LOG_START) {
    this.#bytes = bytes;
    this.#chain = chain;
    this.#lines = lines;
    this.#protected = lines;
    this.#isOurs = lines > 0;
  }

  /** The fact of a line, or undefined when the line is not to be used. */
  accept(raw: RawLine): LogEntry | undefined {
    this.#lines++;
    const entry = raw.text === "" ? undefined : this.#judge(raw);
    if (this.#torn === 0) this.#bytes += raw.bytes;
    if (entry !== undefined) this.#lacksNewline = !raw.hasNewline;
    return entry;
  }

  /** In words, with line numbers. */
  problems(): readonly string[] {
    // In a file that another program began they are nothing special.
    if (!this.#isOurs || this.#foreign === 0) return this.#problems;
    const count = this.#foreign === 1
      ? "1 line has"
      : `${this.#foreign} lines have`;
    return [
      ...this.#problems,
      `${count} no checksum: written by another program`,
    ];
  }

  end(): LogEnd {
    return {
      bytes: this.#bytes,
      tornBytes: this.#torn,
      lacksNewline: this.#lacksNewline,
      chain: this.#chain,
      lines: this.#lines,
      protectedLines: this.#protected,
    };
  }

  #judge(raw: RawLine): LogEntry | undefined {
    const line: Line = raw.text === undefined
      ? { kind: "bad", reason: "it is too long" }
      : parseLine(raw.text, { isOurs: this.#protected > 0 });
    if (line.kind === "bad") return this.#reject(raw, line.reason);
    if (!this.#follows(line)) return undefined;
    this.#isDamaged = false;
    this.#chain = {
      ordinal: (line.ordinal ?? this.#chain.ordinal) + 1,
      check: line.check,
    };
    const isFirst = this.#protected + this.#foreign === 0;
    if (isFirst) this.#isOurs = line.previous !== undefined;
    if (line.previous === undefined) this.#foreign++;
    else this.#protected++;
    return {
      number: this.#lines,
      type: line.type,
      payload: line.payload,
      blobs: line.blobs,
      timestamp: line.timestamp,
      offset: this.#bytes,
      bytes: raw.bytes,
      isProtected: line.previous !== undefined,
    };
  }

  #reject(raw: RawLine, reason: string): undefined {
    if (!raw.hasNewline) {
      this.#torn = raw.bytes;
      this.#problems.push(
        `line ${this.#lines} is torn: its ${raw.bytes} bytes are left out`,
      );
    } else {
      this.#isDamaged = true;
      this.#problems.push(`line ${this.#lines} is left out: ${reason}`);
    }
    return undefined;
  }

  // A line of ours names the line before it. A repeated one is left out; behind a gap
  // reading continues, because every item that is there is as it was written.
  #follows(line: Extract<Line, { kind: "fact" }>): boolean {
    const { previous, ordinal = 0 } = line;
    if (previous === undefined || previous === this.#chain.check) return true;
    const missing = ordinal - this.#chain.ordinal;
    if (missing < 0 && this.#protected > 0) {
      this.#problems.push(
        `line ${this.#lines} is left out: it is repeated or out of order`,
      );
      return false;
    }
    const what = missing > 0
      ? `${missing} ${missing === 1 ? "line is" : "lines are"} missing`
      : "the line is not the one that was written";
    if (!this.#isDamaged || missing !== 1) {
      this.#problems.push(`before line ${this.#lines} ${what}`);
    }
    return true;
  }
}

/** The lines of a file from a byte offset on, a long one without its text. */
export async function* readRawLines(
  files: Files,
  path: string,
  offset = 0,
): AsyncGenerator<RawLine> {
  const decoder = new TextDecoder();
  let rest: Uint8Array[] = [];
  let restBytes = 0;
  for await (const chunk of readChunks(files, path, offset)) {
    let from = 0;
    if (restBytes > 0 && chunk.includes(10)) {
      from = chunk.indexOf(10) + 1;
      rest.push(chunk.subarray(0, from - 1));
      const bytes = restBytes + from;
      yield { text: decode(decoder, rest, bytes), bytes, hasNewline: true };
      rest = [];
      restBytes = 0;
    }
    // A call of the decoder costs more than all else about a line: one for all of them.
    const end = chunk.lastIndexOf(10);
    const whole = end < from ? undefined : chunk.subarray(from, end);
    for (const text of whole ? decoder.decode(whole).split("\n") : []) {
      const bytes = chunk.indexOf(10, from) + 1 - from;
      yield { text, bytes, hasNewline: true };
      from += bytes;
    }
    restBytes += chunk.length - from;
    // Of a line that is too long only the length is remembered.
    if (restBytes <= LIMITS.sessionLineBytes) rest.push(chunk.subarray(from));
    else rest = [];
  }
  if (restBytes > 0) {
    const text = decode(decoder, rest, restBytes);
    yield { text, bytes: restBytes, hasNewline: false };
  }
}

async function* readChunks(
  files: Files,
  path: string,
  offset: number,
): AsyncGenerator<Uint8Array> {
  for (let at = offset;;) {
    const chunk = await readChunk(files, path, at);
    if (chunk.length === 0) return;
    yield chunk;
    // Less than asked for is the end: ranges come whole.
    if (chunk.length < LIMITS.sessionChunkBytes) return;
    at += chunk.length;
  }
}

async function readChunk(
  files: Files,
  path: string,
  offset: number,
): Promise<Uint8Array> {
  try {
    return await files.readRange(path, offset, LIMITS.sessionChunkBytes);
  } catch (error) {
    const why = isAbsent(error) ? "there is no such file" : errorText(error);
    throw new SessionError(`Cannot read session ${path}: ${why}`);
  }
}

function decode(
  decoder: TextDecoder,
  parts: readonly Uint8Array[],
  bytes: number,
): string | undefined {
  if (bytes > LIMITS.sessionLineBytes) return undefined;
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return decoder.decode(only);
  return decoder.decode(concatBytes(parts));
}
