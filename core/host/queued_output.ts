/** A standard stream for output, written to in the background, and the window behind it. */
import type { TerminalOutput } from "../protocol/terminal.ts";

/** One write; a larger one would hold up what is asked of the stream in between. */
const WRITE_BYTES = 256 * 1024;
/** Before a stream that others have made non-blocking is tried again. */
const BUSY_WAIT_MS = 5;
const DEFAULT_COLUMNS = 80;
const DEFAULT_ROWS = 24;

/** What the streams of this process look like from inside. */
interface RawOutput {
  write(bytes: Uint8Array): Promise<number>;
  isTerminal(): boolean;
}

/**
 * Writes in the background, in order: a reader that does not read never stops the event
 * loop, so signals and timeouts go on working. What piles up is seen in `pendingBytes`.
 */
export class QueuedOutput implements TerminalOutput {
  readonly #raw: RawOutput;
  readonly #encoder = new TextEncoder();
  #queue: Uint8Array[] = [];
  #pendingBytes = 0;
  #isGone = false;
  #running: Promise<void> | undefined;

  constructor(raw: RawOutput) {
    this.#raw = raw;
  }

  get isTty(): boolean {
    return this.#raw.isTerminal();
  }

  get columns(): number {
    return this.isTty ? windowSize().columns : DEFAULT_COLUMNS;
  }

  get rows(): number {
    return this.isTty ? windowSize().rows : DEFAULT_ROWS;
  }

  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  write(text: string): boolean {
    if (this.#isGone) return false;
    if (text === "") return true;
    const bytes = this.#encoder.encode(text);
    this.#queue.push(bytes);
    this.#pendingBytes += bytes.length;
    this.#running ??= this.#drain();
    return true;
  }

  async flush(
    options: { readonly timeoutMs?: number } = {},
  ): Promise<boolean> {
    if (this.#running !== undefined) {
      await settledWithin(this.#running, options.timeoutMs);
    }
    return !this.#isGone && this.#pendingBytes === 0;
  }

  async #drain(): Promise<void> {
    try {
      while (this.#queue.length > 0) await this.#writeAll(this.#takeChunk());
    } catch {
      // EPIPE, EIO of a closed terminal, EBADF: whatever it is, nobody reads any more.
      this.#isGone = true;
      this.#queue = [];
      this.#pendingBytes = 0;
    }
    this.#running = undefined;
  }

  // Many small lines leave in one write.
  #takeChunk(): Uint8Array {
    const first = this.#queue[0] as Uint8Array;
    let bytes = first.length;
    let count = 1;
    for (; count < this.#queue.length; count++) {
      const next = (this.#queue[count] as Uint8Array).length;
      if (bytes + next > WRITE_BYTES) break;
      bytes += next;
    }
    const parts = this.#queue.splice(0, count);
    if (count === 1) return first;
    const chunk = new Uint8Array(bytes);
    let at = 0;
    for (const part of parts) {
      chunk.set(part, at);
      at += part.length;
    }
    return chunk;
  }

  async #writeAll(chunk: Uint8Array): Promise<void> {
    let at = 0;
    while (at < chunk.length) {
      try {
        const written = await this.#raw.write(
          chunk.subarray(at, at + WRITE_BYTES),
        );
        at += written;
        this.#pendingBytes -= written;
      } catch (error) {
        if (!(error instanceof Deno.errors.WouldBlock)) throw error;
        await new Promise((resolve) => setTimeout(resolve, BUSY_WAIT_MS));
      }
    }
  }
}

function windowSize(): { readonly columns: number; readonly rows: number } {
  try {
    const { columns, rows } = Deno.consoleSize();
    // A terminal that was never told its size says 0.
    return { columns: columns || DEFAULT_COLUMNS, rows: rows || DEFAULT_ROWS };
  } catch {
    return { columns: DEFAULT_COLUMNS, rows: DEFAULT_ROWS };
  }
}

async function settledWithin(
  work: Promise<void>,
  timeoutMs: number | undefined,
): Promise<void> {
  if (timeoutMs === undefined) return await work;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, timeoutMs);
  });
  await Promise.race([work, over]);
  clearTimeout(timer);
}
