/** The journal on the disk: appended and forced there, read in pieces, mended at its end. */
import { errorReason, isAbsent, SessionError } from "../protocol/error.ts";
import type { AppendFile, Files } from "../protocol/host.ts";
import { LIMITS } from "../protocol/limits.ts";
import { encodeJsonLine } from "../util/json/jsonl.ts";
import {
  type JournalEntry,
  JournalFold,
  type JournalState,
  parseEntry,
  type Place,
} from "./journal.ts";

const LF = 10;

/** A line of a file, and where it lies. */
interface PlacedLine extends Place {
  readonly text: string;
}

/** The whole lines of a file, read a piece at a time; what follows the last LF is none. */
export async function* readPlacedLines(
  files: Files,
  path: string,
): AsyncGenerator<PlacedLine> {
  const decoder = new TextDecoder();
  let rest = new Uint8Array(0);
  let offset = 0;
  for (let at = 0;;) {
    const piece = await files.readRange(path, at, LIMITS.sessionChunkBytes);
    if (piece.length === 0) return;
    at += piece.length;
    const bytes = new Uint8Array(rest.length + piece.length);
    bytes.set(rest);
    bytes.set(piece, rest.length);
    let start = 0;
    for (let end; (end = bytes.indexOf(LF, start)) >= 0; start = end + 1) {
      const line = bytes.subarray(start, end);
      yield {
        text: decoder.decode(line),
        offset: offset + start,
        bytes: end - start,
      };
    }
    offset += start;
    rest = bytes.slice(start);
  }
}

/** What a journal says; undefined when there is none. Throws SessionError where it is damaged. */
export async function readJournal(
  files: Files,
  path: string,
): Promise<JournalState | undefined> {
  const fold = new JournalFold();
  let number = 0;
  try {
    for await (const line of readPlacedLines(files, path)) {
      number++;
      fold.take(parseEntry(line.text, `${path} line ${number}`), line);
    }
  } catch (error) {
    if (!isAbsent(error)) throw error;
  }
  return fold.state;
}

/** The entry that lies there. */
export async function readEntry(
  files: Files,
  path: string,
  { offset, bytes }: Place,
): Promise<JournalEntry> {
  const line = await files.readRange(path, offset, bytes);
  return parseEntry(new TextDecoder().decode(line), `${path} at ${offset}`);
}

/** Appends entries. Each is on the disk before the next thing happens. */
export class JournalWriter {
  readonly #file: AppendFile;
  #offset: number;
  /** Part of an entry may be there: whatever came after it would be lost with it. */
  #isTorn = false;

  constructor(file: AppendFile, offset: number) {
    this.#file = file;
    this.#offset = offset;
  }

  /** Throws what kept it from the disk, and from then on always. */
  write(entry: JournalEntry): Place {
    if (this.#isTorn) {
      throw new SessionError(
        "Cannot write down what the batch does: an entry before could not be written, must be begun again",
      );
    }
    const line = encodeJsonLine(entry);
    const bytes = new TextEncoder().encode(line).length;
    const place = { offset: this.#offset, bytes: bytes - 1 };
    this.#isTorn = true;
    try {
      this.#file.write(line);
      this.#file.sync();
    } catch (error) {
      throw new SessionError(
        `Cannot write down what the batch does: ${
          errorReason(error)
        }; once there is room, the same command goes on`,
      );
    }
    this.#isTorn = false;
    this.#offset += bytes;
    return place;
  }

  close(): void {
    this.#file.close();
  }
}

/** Opens it for more; a line that was torn by a kill is taken off before. */
export async function openJournal(
  files: Files,
  path: string,
): Promise<JournalWriter> {
  const size = (await files.stat(path))?.size ?? 0;
  let whole = 0;
  if (size > 0) {
    for await (const { offset, bytes } of readPlacedLines(files, path)) {
      whole = offset + bytes + 1;
    }
  }
  if (whole < size) await files.truncate(path, whole);
  return new JournalWriter(await files.openAppend(path), whole);
}
