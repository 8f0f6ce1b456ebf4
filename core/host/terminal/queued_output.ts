/** A standard stream for output, written to in the background, and the window behind it. */
import type { TerminalOutput } from "../../protocol/terminal.ts";
import { concatBytes } from "../../util/bytes.ts";
import { fcntl, openLibc } from "../system/libc.ts";

/** One write; a larger one would hold up what is asked of the stream in between. */
const WRITE_BYTES = 256 * 1024;
/** Before a full stream is tried again; doubles up to the second. */
const BUSY_WAIT_MS = 1;
const BUSY_WAIT_MAX_MS = 25;
const DEFAULT_COLUMNS = 80;
const DEFAULT_ROWS = 24;
// <fcntl.h>
const F_GETFL = 3n;
const O_ACCMODE = 3n;
const O_RDONLY = 0n;
const O_NONBLOCK = 0o4000n;
// poll(2): POLLERR, POLLHUP, POLLNVAL.
const GONE = 0x08 | 0x10 | 0x20;
const POLLOUT = 0x04;

/** What the streams of this process look like from inside. */
interface RawOutput {
  /** Resolves to the bytes that went out; 0 when the stream takes none now. */
  write(bytes: Uint8Array<ArrayBuffer>): Promise<number>;
  isTerminal(): boolean;
  /** Whether it can be written to at all, as far as is known before the first write. */
  isOpen(): boolean;
}

/**
 * stdout or stderr. Parents such as Node, Python's asyncio and ssh hand on streams that do
 * not block: there the runtime's own write forgets how much of a chunk went out before the
 * stream was full, and what is written again stands there twice.
 */
export class StandardOutput implements RawOutput {
  readonly #stream: typeof Deno.stdout;
  readonly #descriptor: number;

  constructor(stream: typeof Deno.stdout, descriptor: number) {
    this.#stream = stream;
    this.#descriptor = descriptor;
  }

  isTerminal(): boolean {
    return this.#stream.isTerminal();
  }

  // Where libc is not open (macOS), the first write shows it.
  isOpen(): boolean {
    if (openLibc() === undefined) return true;
    const flags = fcntl(this.#descriptor, F_GETFL);
    const isWritable = flags >= 0n && (flags & O_ACCMODE) !== O_RDONLY;
    return isWritable && !hasHungUp(this.#descriptor);
  }

  // A blocking write waits in a thread of its own, one that does not block returns at once.
  async write(bytes: Uint8Array<ArrayBuffer>): Promise<number> {
    if (isNonBlocking(this.#descriptor)) {
      return writeSome(this.#descriptor, bytes);
    }
    try {
      return await this.#stream.write(bytes);
    } catch (error) {
      // Where libc is not open (macOS), trying again is all that can be done.
      if (error instanceof Deno.errors.WouldBlock) return 0;
      throw error;
    }
  }
}

/**
 * Writes in the background, in order: a reader that does not read never stops the event
 * loop, so signals and timeouts go on working. What piles up is seen in `pendingBytes`.
 */
export class QueuedOutput implements TerminalOutput {
  readonly #raw: RawOutput;
  readonly #encoder = new TextEncoder();
  #queue: Uint8Array<ArrayBuffer>[] = [];
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

  get isGone(): boolean {
    return this.#isGone ||= !this.#raw.isOpen();
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
    // The time counts from the last byte that left: a slow reader is not a deaf one.
    for (let before = Infinity; this.#running !== undefined;) {
      if (this.#pendingBytes === before) break;
      before = this.#pendingBytes;
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
  #takeChunk(): Uint8Array<ArrayBuffer> {
    const first = this.#queue[0] as Uint8Array<ArrayBuffer>;
    let bytes = first.length;
    let count = 1;
    for (; count < this.#queue.length; count++) {
      const next = (this.#queue[count] as Uint8Array<ArrayBuffer>).length;
      if (bytes + next > WRITE_BYTES) break;
      bytes += next;
    }
    const parts = this.#queue.splice(0, count);
    return count === 1 ? first : concatBytes(parts);
  }

  async #writeAll(chunk: Uint8Array<ArrayBuffer>): Promise<void> {
    let waitMs = BUSY_WAIT_MS;
    for (let at = 0; at < chunk.length;) {
      const written = await this.#raw.write(
        chunk.subarray(at, at + WRITE_BYTES),
      );
      at += written;
      this.#pendingBytes -= written;
      if (written > 0) {
        waitMs = BUSY_WAIT_MS;
        continue;
      }
      await new Promise((resolve) => setTimeout(resolve, waitMs));
      waitMs = Math.min(waitMs * 2, BUSY_WAIT_MAX_MS);
    }
  }
}

/** Whether whoever handed this descriptor to us made it non-blocking. */
function isNonBlocking(descriptor: number): boolean {
  const flags = fcntl(descriptor, F_GETFL);
  return flags >= 0n && (flags & O_NONBLOCK) !== 0n;
}

// One write(2); 0 when the stream takes none now.
function writeSome(descriptor: number, bytes: Uint8Array<ArrayBuffer>): number {
  const count = Number(
    openLibc()?.write(descriptor, bytes) ?? -1,
  );
  if (count >= 0) return count;
  // errno does not outlive the way back from libc: the descriptor itself is asked.
  if (!hasHungUp(descriptor)) return 0;
  throw new Deno.errors.BrokenPipe("the reader has gone");
}

function hasHungUp(descriptor: number): boolean {
  const request = new Int16Array(4);
  new Int32Array(request.buffer)[0] = descriptor;
  request[2] = POLLOUT;
  openLibc()?.poll(new Uint8Array(request.buffer), 1, 0);
  return ((request[3] ?? 0) & GONE) !== 0;
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
