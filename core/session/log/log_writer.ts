/** The log of a thread on the disk: one writer, one line per fact, nothing lost in between. */
import { errorText, SessionError } from "../../protocol/error.ts";
import { addUsage, NO_USAGE, type Usage } from "../../protocol/event.ts";
import type { AppendFile, Host } from "../../protocol/host.ts";
import { LIMITS } from "../../protocol/limits.ts";
import type {
  LogFact,
  RestoredThread,
  ThreadLog,
  ThreadMeta,
} from "../../protocol/log.ts";
import { byteLength } from "../../util/text/text.ts";
import { dirname } from "../../util/path.ts";
import { BlobWriter } from "./blob_writer.ts";
import type { LogEnd } from "./log_reader.ts";
import { type BlobUse, restoreThread } from "./restore.ts";
import { factBodies, metaBody } from "./fact.ts";
import { type Chain, CHAIN_START, type LineBody, renderLine } from "./line.ts";
import { openWriterLock, type WriterLock } from "./lock.ts";
import { blobFolderOf, buildLogPath } from "./files.ts";
import { writeSessionName } from "./names.ts";

export interface LogOptions {
  /** Absolute. */
  readonly codexHome: string;
  /** Called when the log has grown to `warnBytes`, and again at each doubling. */
  readonly warn?: (message: string) => void;
  readonly warnBytes?: number;
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
      const { thread, end, blobs } = await restoreThread(host.files, path);
      if (end.tornBytes > 0) await host.files.truncate(path, end.bytes);
      const start = { thread, end, blobs };
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
  readonly start:
    | { readonly meta: ThreadMeta }
    | {
      readonly thread: RestoredThread;
      readonly end: LogEnd;
      readonly blobs: readonly BlobUse[];
    };
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
  #chain: Chain = CHAIN_START;
  #usage: Usage = NO_USAGE;
  #contextWindow: number | undefined;
  #name: string | undefined;
  readonly #blobs: BlobWriter;
  #bytes = 0;
  /** Whether `#bytes` is where the whole lines end: no longer after a failed write. */
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
      return;
    }
    this.#threadId = start.thread.meta.id;
    this.#chain = start.end.chain;
    this.#usage = start.thread.usage;
    this.#contextWindow = start.thread.settings?.model.contextWindow;
    this.#bytes = start.end.bytes;
    this.#blobs.count(start.blobs);
    this.#lineBreak = start.end.lacksNewline ? "\n" : "";
  }

  append(fact: LogFact): void {
    const bodies = factBodies(fact, {
      threadId: this.#threadId,
      usage: this.#usage,
      contextWindow: this.#contextWindow,
    });
    this.#write(this.#meta ? [metaBody(this.#meta), ...bodies] : bodies);
    this.#remember(fact);
  }

  sync(): void {
    if (this.#state === "closed") return;
    this.#orFail("sync", () => this.#file.sync());
  }

  async startSync(): Promise<void> {
    if (this.#state === "closed") return;
    try {
      await this.#file.startSync();
    } catch (error) {
      throw this.#failure("sync", error);
    }
  }

  async close(): Promise<void> {
    if (this.#state === "closed") return;
    const failure = this.#syncAtEnd();
    this.#state = "closed";
    await withSessionErrors(`close session ${this.path}`, async () => {
      try {
        this.#file.close();
        await this.#tidyFile();
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
    const { text, chain } = this.#render(bodies);
    const bytes = this.#checkedLength(text);
    this.#orFail("write", () => this.#blobs.place());
    this.#appendText(text, bytes);
    this.#chain = chain;
    this.#meta = undefined;
    this.#orFail("write", () => this.#blobs.confirm());
    this.#warnIfLarge();
  }

  #render(bodies: readonly LineBody[]): { text: string; chain: Chain } {
    const timestamp = this.#host.now().toISOString();
    let chain = this.#chain;
    let text = "";
    this.#blobs.begin();
    for (const body of bodies) {
      const line = renderLine(this.#blobs.blobText(body), timestamp, chain);
      text += line.text;
      chain = line.chain;
    }
    return { text, chain };
  }

  #appendText(text: string, bytes: number): void {
    try {
      this.#file.write(this.#lineBreak + text);
    } catch (error) {
      // Part of it may be in the file: the next line must not be glued to that.
      this.#lineBreak = "\n";
      throw this.#failure("write", error);
    }
    if (this.#lineBreak !== "") this.#isExact = false;
    this.#bytes += this.#lineBreak.length + bytes;
    this.#lineBreak = "";
  }

  #checkedLength(text: string): number {
    const bytes = byteLength(text);
    if (bytes <= LIMITS.sessionLineBytes) return bytes;
    throw new SessionError(
      `Cannot write session ${this.path}: a line of ${bytes} bytes, must be at most ${LIMITS.sessionLineBytes}`,
    );
  }

  #remember(fact: LogFact): void {
    if (fact.type === "request" && fact.usage !== null) {
      this.#usage = addUsage(this.#usage, fact.usage);
    }
    if (fact.type === "turn_started" || fact.type === "provider_switched") {
      this.#contextWindow = fact.settings.model.contextWindow;
    }
    if (fact.type === "named") this.#name = fact.name;
  }

  #warnIfLarge(): void {
    const bytes = this.#bytes + this.#blobs.bytes;
    if (bytes < this.#warnAtBytes) return;
    while (bytes >= this.#warnAtBytes) this.#warnAtBytes *= 2;
    const megabytes = Math.round(bytes / 1024 / 1024);
    this.#opening.warn?.(
      `The session has grown to ${megabytes} MiB, images included: ${this.path}`,
    );
  }

  #syncAtEnd(): SessionError | undefined {
    try {
      if (this.#bytes > 0) this.#file.sync();
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
      await files.truncate(this.path, this.#bytes);
    }
  }

  async #keepName(): Promise<void> {
    if (this.#name === undefined) return;
    await writeSessionName(this.#host, this.#opening.codexHome, {
      id: this.#threadId,
      name: this.#name,
    });
  }

  #orFail(what: string, run: () => void): void {
    try {
      run();
    } catch (error) {
      throw this.#failure(what, error);
    }
  }

  #failure(what: string, error: unknown): SessionError {
    return new SessionError(
      `Cannot ${what} session ${this.path}: ${errorText(error)}`,
    );
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
    throw new SessionError(`Cannot ${what}: ${errorText(error)}`);
  }
}
