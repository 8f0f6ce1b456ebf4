/** The log of a thread on the disk: one writer, one line per fact, nothing lost in between. */
import { SessionError } from "../../protocol/error.ts";
import type { AppendFile, Host } from "../../protocol/host.ts";
import { LIMITS } from "../../protocol/limits.ts";
import type {
  LogFact,
  RestoredThread,
  ThreadLog,
  ThreadMeta,
} from "../../protocol/log.ts";
import { dirname } from "../../util/path.ts";
import { BlobWriter } from "./blob_writer.ts";
import { LOG_START, type LogStart } from "./log_reader.ts";
import { reopenThread, type RestoredLog } from "./restore.ts";
import { factBodies, metaBody } from "./fact.ts";
import { type LineBody, renderLines, type WrittenLine } from "./line.ts";
import { openWriterLock, type WriterLock } from "./lock.ts";
import { blobFolderOf, buildLogPath } from "./files.ts";
import { writeSessionName } from "./names.ts";
import { writeIndex } from "./shortcut.ts";
import { ThreadFold } from "./thread_fold.ts";

export interface LogOptions {
  /** Absolute. */
  readonly codexHome: string;
  /** Called when the log has grown to `warnBytes`, and again at each doubling. */
  readonly warn?: (message: string) => void;
  readonly warnBytes?: number;
  /** From there on a log that is closed gets an index. */
  readonly indexBytes?: number;
}

export interface OpenedThreadLog {
  readonly log: ThreadLog;
  readonly thread: RestoredThread;
}

/**
 * The log of a new thread. The file is there, locked and empty; its first line is written
 * with the first fact, and a log without facts is removed when it is closed.
 */
export async function createThreadLog(
  host: Host,
  options: LogOptions & { readonly meta: ThreadMeta },
): Promise<ThreadLog> {
  const { meta, codexHome } = options;
  const path = buildLogPath(codexHome, meta);
  return await withSessionErrors(`create session ${path}`, async () => {
    await host.files.mkdir(dirname(path), { mode: 0o700 });
    const lock = await openWriterLock(host, path);
    return await openLocked(host, { ...options, path, lock, start: { meta } });
  });
}

/**
 * Opens a log to continue its thread: takes the writer lock, restores the thread, cuts
 * a torn last line. Throws SessionError when another writer has it or it cannot be read.
 */
export async function openThreadLog(
  host: Host,
  path: string,
  options: LogOptions,
): Promise<OpenedThreadLog> {
  return await withSessionErrors(`open session ${path}`, async () => {
    const lock = await openWriterLock(host, path);
    try {
      const start = await reopenThread(host.files, path);
      const { end, thread } = start;
      if (end.tornBytes > 0) await host.files.truncate(path, end.bytes);
      const log = await openLocked(host, { ...options, path, lock, start });
      return { log, thread };
    } catch (error) {
      await lock.release();
      throw error;
    }
  });
}

interface Opening extends LogOptions {
  readonly path: string;
  readonly lock: WriterLock;
  readonly start: { readonly meta: ThreadMeta } | RestoredLog;
}

async function openLocked(host: Host, opening: Opening): Promise<SessionLog> {
  try {
    const file = await host.files.openAppend(opening.path, { mode: 0o600 });
    return new SessionLog(host, file, opening);
  } catch (error) {
    await opening.lock.release();
    throw error;
  }
}

// Appending hands the line to the kernel, so that it outlives this process whatever kills
// it. Syncing hands it to the disk (fdatasync, a fraction of a millisecond on an SSD and
// several on a spinning disk): done before effects and at the end of a turn, where a
// power cut would otherwise forget that something was done.
class SessionLog implements ThreadLog {
  readonly path: string;
  readonly #host: Host;
  readonly #file: AppendFile;
  readonly #opening: Opening;
  readonly #threadId: string;
  /** Written with the first fact. */
  #meta: ThreadMeta | undefined;
  /** What was written, as a reader would have it. */
  readonly #fold: ThreadFold;
  #end: LogStart = LOG_START;
  readonly #isWhole: boolean = true;
  readonly #blobs: BlobWriter;
  /** Whether `#end` is where the whole lines end: no longer after a failed write. */
  #isExact = true;
  /** Ends what a failed write may have left half way. */
  #lineBreak = "";
  #warnAtBytes: number;
  #state: "open" | "closed" = "open";

  constructor(host: Host, file: AppendFile, opening: Opening) {
    const { start } = opening;
    this.path = opening.path;
    this.#host = host;
    this.#file = file;
    this.#opening = opening;
    this.#blobs = new BlobWriter(host.files, blobFolderOf(opening.path));
    this.#warnAtBytes = opening.warnBytes ?? LIMITS.sessionWarnBytes;
    if ("meta" in start) {
      this.#meta = start.meta;
      this.#threadId = start.meta.id;
      this.#fold = new ThreadFold();
      return;
    }
    this.#threadId = start.thread.meta.id;
    this.#fold = start.fold;
    // A torn line is cut off by now.
    const lines = start.end.lines - Math.sign(start.end.tornBytes);
    this.#end = { ...start.end, lines };
    this.#isWhole = start.thread.problems.length === 0;
    this.#blobs.count(start.blobs, start.olderPayloadBytes);
    this.#lineBreak = start.end.lacksNewline ? "\n" : "";
  }

  append(fact: LogFact): void {
    const first = this.#meta ? [metaBody(this.#meta)] : [];
    const before = {
      lines: this.#end.lines + first.length,
      payloadBytes: this.#blobs.bytes,
      carried: this.#fold.carried,
    };
    const bodies = factBodies(fact, { threadId: this.#threadId, before });
    this.#write([...first, ...bodies]);
  }

  sync(): void {
    if (this.#state === "closed") return;
    this.#orFail("sync", () => this.#file.sync());
  }

  async startSync(): Promise<void> {
    if (this.#state === "closed") return;
    await this.#file.startSync().catch((error) => {
      throw this.#failure("sync", error);
    });
  }

  async close(): Promise<void> {
    if (this.#state === "closed") return;
    const failure = this.#syncAtEnd();
    this.#state = "closed";
    await withSessionErrors(`close session ${this.path}`, async () => {
      try {
        this.#file.close();
        await this.#tidyFile();
        await this.#keepIndex();
        await this.#keepName();
      } finally {
        await this.#opening.lock.release();
      }
    });
    if (failure !== undefined) throw failure;
  }

  // All lines of a fact go out in one write, so that a reader finds all or a torn one.
  #write(bodies: readonly LineBody[]): void {
    if (this.#state === "closed") {
      throw new SessionError(`Cannot write session ${this.path}: it is closed`);
    }
    this.#blobs.begin();
    const lines = renderLines(
      bodies.map((body) => this.#blobs.blobText(body)),
      this.#host.now().toISOString(),
      this.#end.chain,
    );
    for (const { bytes } of lines) this.#checkLength(bytes);
    this.#orFail("write", () => this.#blobs.place());
    this.#appendText(lines.map(({ text }) => text).join(""));
    for (const line of lines) this.#take(line);
    this.#meta = undefined;
    this.#orFail("write", () => this.#blobs.confirm());
    this.#warnIfLarge();
  }

  #appendText(text: string): void {
    try {
      this.#file.write(this.#lineBreak + text);
    } catch (error) {
      // Part of it may be in the file: the next line must not be glued to that.
      this.#lineBreak = "\n";
      throw this.#failure("write", error);
    }
    if (this.#lineBreak !== "") this.#isExact = false;
    this.#lineBreak = "";
  }

  #take(line: WrittenLine): void {
    const { bytes: offset, lines } = this.#end;
    const number = lines + 1;
    this.#fold.add({ ...line, number, offset, isProtected: true });
    const { bytes, chain } = line;
    this.#end = { bytes: offset + bytes, chain, lines: number };
  }

  #checkLength(bytes: number): void {
    if (bytes <= LIMITS.sessionLineBytes) return;
    throw new SessionError(
      `Cannot write session ${this.path}: a line of ${bytes} bytes, must be at most ${LIMITS.sessionLineBytes}`,
    );
  }

  #warnIfLarge(): void {
    const bytes = this.#end.bytes + this.#blobs.bytes;
    if (bytes < this.#warnAtBytes) return;
    while (bytes >= this.#warnAtBytes) this.#warnAtBytes *= 2;
    const megabytes = Math.round(bytes / 1024 / 1024);
    this.#opening.warn?.(
      `The session has grown to ${megabytes} MiB, images included: ${this.path}`,
    );
  }

  #syncAtEnd(): SessionError | undefined {
    try {
      if (this.#end.bytes > 0) this.#file.sync();
    } catch (error) {
      return this.#failure("sync", error);
    }
    return undefined;
  }

  // A log without facts, or the torn end of a failed write, does not stay.
  async #tidyFile(): Promise<void> {
    const { files } = this.#host;
    if (this.#meta !== undefined) await files.remove(this.path);
    else if (this.#lineBreak !== "" && this.#isExact) {
      await files.truncate(this.path, this.#end.bytes);
    }
  }

  async #keepIndex(): Promise<void> {
    const { indexBytes = LIMITS.sessionIndexBytes } = this.#opening;
    const end = this.#end;
    if (!this.#isWhole || !this.#isExact || end.bytes < indexBytes) return;
    const { bytes: payloadBytes } = this.#blobs;
    const point = { fold: this.#fold, end, payloadBytes };
    await writeIndex(this.#host.files, this.path, point);
  }

  async #keepName(): Promise<void> {
    const { codexHome, start } = this.#opening;
    const { name } = this.#fold.carried;
    const known = "meta" in start ? undefined : start.thread.name;
    if (name === undefined || name === known) return;
    await writeSessionName(this.#host, codexHome, { id: this.#threadId, name });
  }

  #orFail(what: string, run: () => void): void {
    try {
      run();
    } catch (error) {
      throw this.#failure(what, error);
    }
  }

  #failure(what: string, error: unknown): SessionError {
    return SessionError.of(`${what} session ${this.path}`, error);
  }
}

async function withSessionErrors<T>(
  what: string,
  run: () => Promise<T>,
): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof SessionError) throw error;
    throw SessionError.of(what, error);
  }
}
