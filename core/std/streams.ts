/** `@std/streams` as far as it is used: std's own code, which npm has without its types. */
// @ts-types="./streams.d.ts"
export { TextLineStream } from "deno-std/streams/text_line_stream.js";
