/** Lines of a program that speaks to us, from whatever stream they come. */
import type { TerminalInput } from "../../protocol/terminal.ts";
import { readLines } from "../../util/json/jsonl.ts";

/** Where bytes come from: null at the end. */
export type ByteSource = Pick<TerminalInput, "read">;

/** Its lines, blank ones left out. Throws RangeError at a line that is too long. */
export function linesOf(
  source: ByteSource,
  options: { readonly lineBytesMax: number },
): AsyncIterable<string> {
  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull: async (controller) => {
      const chunk = await source.read();
      if (chunk === null) controller.close();
      else controller.enqueue(chunk.slice());
    },
  });
  return readLines(stream, options);
}
