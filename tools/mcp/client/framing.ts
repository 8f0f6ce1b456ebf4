/** Splits a byte stream into messages, one a line, and bounds their length. No I/O. */
import { concatBytes } from "../../../core/util/bytes.ts";

/** What came in: a whole line, or the two ends of one that is too long to keep. */
export type Frame =
  | { readonly type: "line"; readonly text: string }
  | {
    readonly type: "oversize";
    readonly bytes: number;
    readonly head: string;
    readonly tail: string;
  };

interface FramingLimits {
  readonly messageBytesMax: number;
  /** Kept of either end of a longer message. */
  readonly edgeBytes: number;
}

const NEWLINE = 0x0a;

/** Cuts bytes into lines and never keeps more than the limits allow. */
export class MessageFramer {
  readonly #limits: FramingLimits;
  readonly #decoder = new TextDecoder();
  // Pieces of the unfinished line; joined once, so that tiny chunks stay linear.
  #pieces: Uint8Array[] = [];
  #bytes = 0;
  #head = new Uint8Array();
  #tail = new Uint8Array();

  constructor(limits: FramingLimits) {
    this.#limits = limits;
  }

  /** The frames that these bytes complete. */
  push(chunk: Uint8Array): Frame[] {
    const frames: Frame[] = [];
    const last = chunk.lastIndexOf(NEWLINE);
    let start = 0;
    while (start <= last) {
      const at = chunk.indexOf(NEWLINE, start);
      this.#keep(chunk.subarray(start, at));
      start = at + 1;
      const frame = this.end();
      if (frame !== undefined) frames.push(frame);
      // All further whole lines at once: there may be thousands of a few bytes.
      if (last - start > this.#limits.messageBytesMax) continue;
      frames.push(
        ...linesOf(this.#decoder.decode(chunk.subarray(start, last))),
      );
      start = last + 1;
    }
    this.#keep(chunk.subarray(start));
    return frames;
  }

  /** What is left when the stream has ended; undefined when that is nothing. */
  end(): Frame | undefined {
    const bytes = this.#bytes;
    const pieces = this.#pieces;
    const [head, tail] = [this.#head, this.#tail];
    this.#pieces = [];
    this.#bytes = 0;
    this.#head = this.#tail = new Uint8Array();
    if (bytes > this.#limits.messageBytesMax) {
      return {
        type: "oversize",
        bytes,
        head: this.#decoder.decode(head),
        tail: this.#decoder.decode(tail),
      };
    }
    return linesOf(this.#decoder.decode(concatBytes(pieces)))[0];
  }

  #keep(piece: Uint8Array): void {
    if (piece.length === 0) return;
    const { messageBytesMax, edgeBytes } = this.#limits;
    const wasWhole = this.#bytes <= messageBytesMax;
    this.#bytes += piece.length;
    if (this.#bytes <= messageBytesMax) {
      // The reader may use its buffer again.
      this.#pieces.push(piece.slice());
      return;
    }
    if (wasWhole) {
      const kept = concatBytes(this.#pieces);
      this.#pieces = [];
      this.#head = concatBytes([kept, piece.subarray(0, edgeBytes)]).slice(
        0,
        edgeBytes,
      );
      this.#tail = kept.slice(-edgeBytes);
    }
    const end = piece.subarray(-edgeBytes);
    this.#tail = concatBytes([this.#tail, end]).slice(-edgeBytes);
  }
}

function linesOf(text: string): Frame[] {
  return text.split("\n").map((line) => line.trim()).filter(Boolean)
    .map((line) => ({ type: "line", text: line }));
}

/**
 * The id of the answer of which these are the two ends, be it too long or no JSON. It
 * stands before the result or behind it, by implementation. Undefined when it is not there.
 */
export function findMessageId(head: string, tail: string): number | undefined {
  // Numbers only: all our requests have them.
  const first = /^\s*\{(?:"jsonrpc":\s*"2\.0",\s*)?"id":\s*(\d+)\s*,/.exec(
    head,
  );
  const last = /,\s*"id":\s*(\d+)\s*(?:,\s*"jsonrpc":\s*"2\.0"\s*)?\}\s*$/.exec(
    tail,
  );
  const text = first?.[1] ?? last?.[1];
  return text === undefined ? undefined : Number(text);
}
