/** Server-sent events: bytes in any pieces to whole messages. No I/O. */
import { ModelError } from "../protocol/error.ts";
import { LIMITS } from "../protocol/limits.ts";

interface SseMessage {
  readonly data: string;
  /** Of the `event:` line; empty without one. */
  readonly event: string;
}

/**
 * Reads a stream as the HTML standard has it (section 9.2.6), of which `data` and `event`
 * are of use here: `id`, `retry` and comments are passed over. One thing is more lenient:
 * a message that lacks only its empty line at the end of the stream still counts.
 */
export class SseParser {
  // Keeps split characters for the next piece. The leading byte order mark is ours to take:
  // the runtime's decoder also takes one that begins a later piece.
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  #begun = false;
  readonly #bytesMax: number;
  /** The start of a line whose end has not come; never searched again. */
  #partial = "";
  #isData = false;
  /** `data` lines of the open message; null when there is none yet. */
  #data: string | null = null;
  #event = "";
  #endedInCr = false;
  #out: SseMessage[] = [];

  constructor(options: { readonly messageBytesMax?: number } = {}) {
    this.#bytesMax = options.messageBytesMax ?? LIMITS.sseMessageBytes;
  }

  /** How much of a message has come that is not complete yet. */
  get openLength(): number {
    const line = this.#isData ? this.#partial.length : 0;
    return line + (this.#data?.length ?? 0);
  }

  /** The messages completed by these bytes. */
  push(bytes: Uint8Array<ArrayBuffer>): SseMessage[] {
    this.#takeText(this.#decoder.decode(bytes, { stream: true }));
    return this.#take();
  }

  /** The last message, when the stream ended without an empty line. */
  end(): SseMessage[] {
    this.#takeText(this.#decoder.decode());
    if (this.#partial !== "") this.#takeLine(this.#partial);
    this.#partial = "";
    this.#takeLine("");
    return this.#take();
  }

  #take(): SseMessage[] {
    const out = this.#out;
    this.#out = [];
    return out;
  }

  #takeText(piece: string): void {
    const text = this.#withLineFeeds(this.#withoutMark(piece));
    let start = 0;
    for (
      let at = text.indexOf("\n");
      at >= 0;
      at = text.indexOf("\n", start)
    ) {
      const line = text.slice(start, at);
      this.#takeLine(this.#partial === "" ? line : this.#partial + line);
      this.#partial = "";
      start = at + 1;
    }
    if (start < text.length) this.#keep(text.slice(start));
    this.#checkSize();
  }

  // Pieces are joined once, at the end: to look into them here would join them each time.
  #keep(rest: string): void {
    const { length } = this.#partial;
    this.#partial += rest;
    if (length < 4) this.#isData = this.#partial.startsWith("data");
  }

  #withoutMark(piece: string): string {
    if (this.#begun || piece === "") return piece;
    this.#begun = true;
    return piece.startsWith("\ufeff") ? piece.slice(1) : piece;
  }

  // Lines end in LF, CR LF or CR; a CR LF may be split between two pieces.
  #withLineFeeds(piece: string): string {
    if (piece === "") return piece;
    const text = this.#endedInCr && piece.startsWith("\n")
      ? piece.slice(1)
      : piece;
    this.#endedInCr = piece.endsWith("\r");
    return text.includes("\r") ? text.replace(/\r\n?/g, "\n") : text;
  }

  #takeLine(line: string): void {
    if (line === "") {
      if (this.#data !== null && this.#data !== "") {
        this.#out.push({ data: this.#data, event: this.#event });
      }
      this.#data = null;
      this.#event = "";
      return;
    }
    if (line.startsWith("event:")) this.#event = line.slice(6).trim();
    const value = line.startsWith("data") ? dataValue(line) : undefined;
    if (value === undefined) return;
    this.#data = this.#data === null ? value : `${this.#data}\n${value}`;
  }

  // UTF-16 units are at most a third of the bytes' count away from them: close enough.
  #checkSize(): void {
    const size = this.#partial.length + (this.#data?.length ?? 0);
    if (size <= this.#bytesMax) return;
    throw new ModelError(
      `Cannot read the response: a message is longer than ${this.#bytesMax} bytes`,
      { kind: "stream", retryable: false },
    );
  }
}

// The value of a `data` line, one leading space removed; undefined for `database: …`.
function dataValue(line: string): string | undefined {
  if (line.length === 4) return "";
  if (line.charCodeAt(4) !== 58) return undefined;
  return line.charCodeAt(5) === 32 ? line.slice(6) : line.slice(5);
}
