/** What `@std/streams` means here: text cut into lines, with a bound on their length. */

export interface TextLineOptions {
  /** A longer line errors the stream with a RangeError. No bound when absent. */
  readonly bytesMax?: number;
}

/**
 * Cuts text into lines without their ends. A line ends at LF or CRLF; a CR alone stays
 * in the line. The last line needs no end, and an empty one is not reported.
 */
export class TextLineStream extends TransformStream<string, string> {
  constructor(options: TextLineOptions = {}) {
    const lines = new LineCutter(options.bytesMax ?? Infinity);
    super({
      transform: (chunk, controller) => {
        for (const line of lines.push(chunk)) controller.enqueue(line);
      },
      flush: (controller) => {
        const line = lines.rest();
        if (line !== "") controller.enqueue(line);
      },
    });
  }
}

class LineCutter {
  readonly #bytesMax: number;
  // Pieces of the unfinished line; joined once, so that tiny chunks stay linear.
  #pieces: string[] = [];
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  *push(chunk: string): Generator<string> {
    let start = 0;
    for (
      let at = chunk.indexOf("\n");
      at >= 0;
      at = chunk.indexOf("\n", start)
    ) {
      this.#keep(chunk.slice(start, at));
      start = at + 1;
      const line = this.rest();
      yield line.endsWith("\r") ? line.slice(0, -1) : line;
    }
    this.#keep(chunk.slice(start));
  }

  rest(): string {
    const line = this.#pieces.join("");
    this.#pieces = [];
    this.#bytes = 0;
    return line;
  }

  #keep(piece: string): void {
    if (piece === "") return;
    this.#bytes += utf8Length(piece);
    if (this.#bytes > this.#bytesMax) {
      throw new RangeError(
        `Cannot read line: it is longer than ${this.#bytesMax} bytes`,
      );
    }
    this.#pieces.push(piece);
  }
}

function utf8Length(text: string): number {
  return new TextEncoder().encode(text).length;
}
