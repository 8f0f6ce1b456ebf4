/** The pieces of a capture: a ring of bytes, a spool file, cuts between characters. */
import { errorText } from "../../core/protocol/error.ts";
import type { AppendFile, Files } from "../../core/protocol/host.ts";
import { LIMITS } from "../../core/protocol/limits.ts";
import { dirname } from "../../core/util/path.ts";

/** The last `capacity` bytes of what was added; memory grows only as needed. */
export class Ring {
  #buffer = new Uint8Array(0);
  /** Where the oldest byte lies, once the ring is full. */
  #start = 0;
  #size = 0;

  constructor(readonly capacity: number) {
  }

  get free(): number {
    return this.capacity - this.#size;
  }

  add(chunk: Uint8Array): void {
    const fresh = chunk.subarray(Math.max(0, chunk.length - this.capacity));
    this.#grow(fresh.length);
    for (let at = 0; at < fresh.length;) {
      const end = (this.#start + this.#size) % this.#buffer.length;
      const part = fresh.subarray(at, at + this.#buffer.length - end);
      this.#buffer.set(part, end);
      at += part.length;
      const over = Math.max(0, this.#size + part.length - this.#buffer.length);
      this.#size += part.length - over;
      this.#start = (this.#start + over) % this.#buffer.length;
    }
  }

  bytes(): Uint8Array<ArrayBuffer> {
    const first = this.#buffer.subarray(this.#start, this.#start + this.#size);
    return concat(first, this.#buffer.subarray(0, this.#size - first.length));
  }

  // Only a full ring turns round, and a full ring does not grow.
  #grow(bytes: number): void {
    const wanted = Math.min(this.capacity, this.#size + bytes);
    if (wanted <= this.#buffer.length) return;
    const length = Math.min(
      this.capacity,
      Math.max(wanted, 2 * this.#buffer.length),
    );
    const buffer = new Uint8Array(length);
    buffer.set(this.#buffer.subarray(0, this.#size));
    this.#buffer = buffer;
  }
}

/** What a capture asks of the disk. */
export type SpoolFiles = Pick<Files, "openAppend" | "mkdir" | "rename">;

/** Behind the name of a spool file that rolls. */
const BEFORE = ".before";

/** The file that takes the whole output; a problem with it never harms the command. */
export class Spool {
  readonly #decoder = new TextDecoder();
  #file: AppendFile | undefined;
  #bytes = 0;
  #problem = "";
  #isOpen = false;
  #isRolled = false;

  /** One that rolls goes on for ever: the newest is in its file, what was before beside it. */
  constructor(readonly path: string, readonly rolls: boolean = false) {
  }

  /** Whether opening was tried. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Whether there is a file to read. */
  get isKept(): boolean {
    return this.#bytes > 0 || this.#isRolled;
  }

  /** Whether the file holds only the end. */
  get isRolled(): boolean {
    return this.#isRolled;
  }

  /** Why the file is not whole; empty when it is. */
  get problem(): string {
    return this.#problem;
  }

  /** Makes room for a piece: with what is there, what was put beside it before goes. */
  async makeRoom(files: SpoolFiles, bytes: number): Promise<void> {
    if (!this.rolls || this.#file === undefined) return;
    if (this.#bytes + bytes <= LIMITS.spoolBytes / 2) return;
    try {
      this.#file.close();
      await files.rename(this.path, `${this.path}${BEFORE}`);
      this.#bytes = 0;
      this.#isRolled = true;
    } catch (error) {
      return this.#fail(error);
    }
    await this.open(files);
  }

  async open(files: SpoolFiles): Promise<void> {
    this.#isOpen = true;
    try {
      await files.mkdir(dirname(this.path), { mode: 0o700 });
      this.#file = await files.openAppend(this.path, { mode: 0o600 });
    } catch (error) {
      this.#fail(error);
    }
  }

  write(chunk: Uint8Array): void {
    if (this.#file === undefined) return;
    const part = chunk.subarray(0, LIMITS.spoolBytes - this.#bytes);
    try {
      this.#file.write(this.#decoder.decode(part, { stream: true }));
      this.#bytes += part.length;
    } catch (error) {
      this.#fail(error);
      return;
    }
    if (part.length < chunk.length) {
      this.#problem = `The output file ends after ${LIMITS.spoolBytes} bytes`;
      this.close();
    }
  }

  close(): void {
    try {
      this.#file?.write(this.#decoder.decode());
      this.#file?.close();
    } catch (error) {
      this.#problem ||= `The output file is not whole: ${errorText(error)}`;
    }
    this.#file = undefined;
  }

  #fail(error: unknown): void {
    this.#problem = `The output file is not whole: ${errorText(error)}`;
    this.#file?.close();
    this.#file = undefined;
  }
}

/** Both, one after the other, in memory of their own. */
export function concat(
  left: Uint8Array,
  right: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(left.length + right.length);
  joined.set(left);
  joined.set(right, left.length);
  return joined;
}

/** Without a character at the end that lacks its last bytes (RFC 3629). */
export function cutEnd(bytes: Uint8Array): Uint8Array {
  for (let back = 1; back <= Math.min(4, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back ? bytes.subarray(0, bytes.length - back) : bytes;
  }
  return bytes;
}

/** Without the last bytes of a character that began before. */
export function cutStart(bytes: Uint8Array): Uint8Array {
  let start = 0;
  while (start < Math.min(3, bytes.length)) {
    if (((bytes[start] ?? 0) & 0xc0) !== 0x80) break;
    start++;
  }
  return bytes.subarray(start);
}
