/** Output of a command, bounded: start and end in memory, exact counts, the whole in a file. */
import type { CapturedOutput } from "../../core/protocol/command.ts";
import { LIMITS } from "../../core/protocol/limits.ts";
import {
  concat,
  cutEnd,
  cutStart,
  Ring,
  Spool,
  type SpoolFiles,
} from "./capture_parts.ts";

interface CaptureOptions {
  readonly headBytes?: number;
  readonly tailBytes?: number;
  readonly onOutput?: ((text: string) => void) | undefined;
  readonly spoolPath?: string | undefined;
  /** Bytes from which the spool file is written; what memory holds at most. */
  readonly spoolOverBytes?: number | undefined;
  /** The oldest output goes when there is too much for the file, not the newest. */
  readonly rolls?: boolean;
}

const NEWLINE = 0x0a;

/** Takes a command's output piece by piece; finish() gives what is kept. */
export class OutputCapture {
  readonly #files: SpoolFiles;
  readonly #options: CaptureOptions;
  readonly #head: Ring;
  readonly #tail: Ring;
  readonly #live = new TextDecoder();
  readonly #spool: Spool | undefined;
  #liveBytes = 0;
  #totalBytes = 0;
  #newlines = 0;
  #lastByte = NEWLINE;

  constructor(
    files: SpoolFiles,
    options: CaptureOptions = {},
  ) {
    this.#files = files;
    this.#options = options;
    this.#head = new Ring(options.headBytes ?? LIMITS.captureHeadBytes);
    this.#tail = new Ring(options.tailBytes ?? LIMITS.captureTailBytes);
    this.#spool = options.spoolPath === undefined
      ? undefined
      : new Spool(options.spoolPath, options.rolls);
  }

  get totalBytes(): number {
    return this.#totalBytes;
  }

  /** Why the spool file is not whole; empty when it is, or was not wanted. */
  get spoolProblem(): string {
    return this.#spool?.problem ?? "";
  }

  async add(chunk: Uint8Array): Promise<void> {
    if (chunk.length === 0) return;
    if (this.#needsSpool(chunk)) await this.#openSpool();
    else if (this.#spool?.isOpen) {
      await this.#spool.makeRoom(this.#files, chunk.length);
    }
    this.#spool?.write(chunk);
    this.#count(chunk);
    const toHead = chunk.subarray(0, this.#head.free);
    this.#head.add(toHead);
    this.#tail.add(chunk.subarray(toHead.length));
    this.#emitLive(chunk);
  }

  /** Has the whole of it in the file, however short it is; resolves to its path. */
  async keep(): Promise<string | undefined> {
    if (this.#spool?.isOpen === false) await this.#openSpool();
    const isThere = this.#spool?.isKept || this.#spool?.problem === "";
    return isThere ? this.#spool?.path : undefined;
  }

  finish(): CapturedOutput {
    this.#spool?.close();
    const head = this.#head.bytes();
    const tail = this.#tail.bytes();
    const isWhole = head.length + tail.length === this.#totalBytes;
    const texts = isWhole
      ? { head: decode(concat(head, tail)), tail: "" }
      : { head: decode(cutEnd(head)), tail: decode(cutStart(tail)) };
    return {
      ...texts,
      totalBytes: this.#totalBytes,
      totalLines: this.#newlines + (this.#lastByte === NEWLINE ? 0 : 1),
      ...(this.#spool?.isKept ? { spoolPath: this.#spool.path } : {}),
      ...(this.spoolProblem !== "" && { isSpoolCut: true }),
      ...(this.#spool?.isRolled && { isSpoolEnd: true }),
    };
  }

  #count(chunk: Uint8Array): void {
    this.#totalBytes += chunk.length;
    for (
      let at = chunk.indexOf(NEWLINE);
      at >= 0;
      at = chunk.indexOf(NEWLINE, at + 1)
    ) this.#newlines++;
    this.#lastByte = chunk[chunk.length - 1] ?? NEWLINE;
  }

  #emitLive(chunk: Uint8Array): void {
    const { onOutput } = this.#options;
    const rest = LIMITS.deltaBytesMax - this.#liveBytes;
    if (onOutput === undefined || rest <= 0) return;
    const part = chunk.subarray(0, rest);
    this.#liveBytes += part.length;
    const text = this.#live.decode(part, { stream: true });
    if (text !== "") onOutput(text);
  }

  #needsSpool(chunk: Uint8Array): boolean {
    if (this.#spool === undefined || this.#spool.isOpen) return false;
    const limit = Math.min(
      this.#options.spoolOverBytes ?? Infinity,
      this.#head.capacity + this.#tail.capacity,
    );
    return this.#totalBytes + chunk.length > limit;
  }

  // Nothing has been dropped yet, so the file starts with everything.
  async #openSpool(): Promise<void> {
    await this.#spool?.open(this.#files);
    this.#spool?.write(this.#head.bytes());
    this.#spool?.write(this.#tail.bytes());
  }
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
