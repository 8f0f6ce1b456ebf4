/** Output that nobody has read yet, within bounds. */
import type { CapturedOutput } from "../../core/protocol/command.ts";
import { LIMITS } from "../../core/protocol/limits.ts";
import { OutputCapture } from "../../sandbox/run/capture.ts";
import {
  concat,
  cutEnd,
  type SpoolFiles,
} from "../../sandbox/run/capture_parts.ts";

/** Bytes go in, texts come out; each byte once, and no character in two halves. */
export class UnreadOutput {
  readonly #files: SpoolFiles;
  #capture: OutputCapture;
  #rest: Uint8Array<ArrayBuffer> = new Uint8Array(0);

  constructor(files: SpoolFiles) {
    this.#files = files;
    this.#capture = this.#open();
  }

  get bytes(): number {
    return this.#capture.totalBytes;
  }

  push(chunk: Uint8Array<ArrayBuffer>): void {
    const whole = this.#rest.length === 0 ? chunk : concat(this.#rest, chunk);
    const text = cutEnd(whole);
    this.#rest = whole.slice(text.length);
    // Without a file it takes them at once.
    void this.#capture.add(text);
  }

  /** All since the last time; with `isEnd` also what is no whole character. */
  take({ isEnd }: { readonly isEnd: boolean }): CapturedOutput {
    if (isEnd) {
      void this.#capture.add(this.#rest);
      this.#rest = new Uint8Array(0);
    }
    const taken = this.#capture.finish();
    this.#capture = this.#open();
    return taken;
  }

  #open(): OutputCapture {
    return new OutputCapture(this.#files, {
      headBytes: LIMITS.liveHeadBytes,
      tailBytes: LIMITS.liveTailBytes,
    });
  }
}
