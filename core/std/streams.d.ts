/** What std declares of the part of `@std/streams` that is used. */
export interface TextLineStreamOptions {
  /** Lets a CR alone end a line, too; false by default. */
  allowCR?: boolean;
}

export class TextLineStream extends TransformStream<string, string> {
  constructor(options?: TextLineStreamOptions);
}
