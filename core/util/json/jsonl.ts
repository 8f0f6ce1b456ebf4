/** JSON Lines: one JSON text, one LF. Only LF ends a line: U+2028 is legal inside JSON text. */
import { TextLineStream } from "@std/streams";

const LF = 10;

/** The line of a value, its LF included. */
export function encodeJsonLine(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}

/** The whole lines of a text, and what follows the last LF: empty unless a write was torn. */
export function splitLines(
  text: string,
): { readonly lines: readonly string[]; readonly torn: string } {
  const lines = text.split("\n");
  const torn = lines.pop() ?? "";
  return { lines, torn };
}

/**
 * The lines of a byte stream as they become whole, blank ones left out. Throws RangeError
 * at a line of more than `lineBytesMax` bytes; leaving the loop cancels the stream.
 */
export async function* readLines(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  options: { readonly lineBytesMax: number },
): AsyncGenerator<string> {
  const lines = stream
    .pipeThrough(limitLines(options.lineBytesMax))
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new TextLineStream());
  for await (const line of lines) {
    if (line.trim() !== "") yield line;
  }
}

type Bytes = Uint8Array<ArrayBuffer>;

// Before the lines are put together, so that an endless one never fills the memory.
function limitLines(bytesMax: number): TransformStream<Bytes, Bytes> {
  let bytes = 0;
  const add = (count: number): void => {
    bytes += count;
    if (bytes > bytesMax) {
      throw new RangeError(
        `Cannot read line: it is longer than ${bytesMax} bytes`,
      );
    }
  };
  return new TransformStream({
    transform: (chunk, controller) => {
      let start = 0;
      for (let at; (at = chunk.indexOf(LF, start)) >= 0; start = at + 1) {
        add(at - start);
        bytes = 0;
      }
      add(chunk.length - start);
      controller.enqueue(chunk);
    },
  });
}
