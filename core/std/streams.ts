/** `@std/streams` as far as it is used: std's own code, which npm has without its types. */
import { TextLineStream as Untyped } from "deno-std/streams/text_line_stream.js";

interface TextLineStreamOptions {
  /** Lets a CR alone end a line, too; false by default. */
  allowCR?: boolean;
}

export const TextLineStream: new (
  options?: TextLineStreamOptions,
) => TransformStream<string, string> = Untyped;
