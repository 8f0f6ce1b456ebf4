/** A thread as its log tells it, from our logs and from Codex's: read whole, or by a shortcut. */
import { SessionError } from "../../protocol/error.ts";
import type { Files } from "../../protocol/host.ts";
import type { RestoredThread } from "../../protocol/log.ts";
import { BlobStore } from "./blob_store.ts";
import type { BlobRef } from "./blob_text.ts";
import { blobFolderOf } from "./files.ts";
import {
  LOG_START,
  LogChecker,
  type LogEnd,
  readRawLines,
} from "./log_reader.ts";
import { findCompaction, openIndex, type Shortcut } from "./shortcut.ts";
import { ThreadFold } from "./thread_fold.ts";

/** A payload that lines of a log refer to. */
export interface BlobUse extends BlobRef {
  /** The first line that does. */
  readonly line: number;
}

export interface RestoredLog {
  readonly thread: RestoredThread;
  /** For going on with the file. */
  readonly end: LogEnd;
  /** It has taken all lines. */
  readonly fold: ThreadFold;
  /** All payloads that any line that was read refers to, each once. */
  readonly blobs: readonly BlobUse[];
  /** Of the payloads that lines before those refer to. */
  readonly olderPayloadBytes: number;
}

/** Reads a session file, judges every line and folds it. Throws SessionError when it is none. */
export function restoreThread(
  files: Files,
  path: string,
): Promise<RestoredLog> {
  const fold = new ThreadFold();
  return readOn(files, path, { fold, end: LOG_START, payloadBytes: 0 });
}

/**
 * The same thread, read no further back than it takes: where its index lies beside it, or
 * from its last compaction on. Damage in older lines is not looked for.
 */
export async function reopenThread(
  files: Files,
  path: string,
): Promise<RestoredLog> {
  const shortcut = await openIndex(files, path) ??
    await findCompaction(files, path);
  return shortcut === undefined
    ? await restoreThread(files, path)
    : await readOn(files, path, shortcut);
}

async function readOn(
  files: Files,
  path: string,
  { fold, end: from, payloadBytes }: Shortcut,
): Promise<RestoredLog> {
  const checker = new LogChecker(from);
  const blobs = new Map<string, BlobUse>();
  for await (const raw of readRawLines(files, path, from.bytes)) {
    const entry = checker.accept(raw);
    if (entry === undefined) continue;
    fold.add(entry);
    for (const ref of entry.blobs) {
      if (blobs.has(ref.sha256)) continue;
      blobs.set(ref.sha256, { ...ref, line: entry.number });
    }
  }
  const end = checker.end();
  if (fold.isEmpty) {
    throw new SessionError(
      `Cannot read session ${path}: none of its ${end.lines} lines belongs to a session`,
    );
  }
  // Those of earlier generations are not read: they are never sent again.
  const contents = await new BlobStore(files, blobFolderOf(path))
    .load(fold.blobs);
  const problems = checker.problems();
  return {
    thread: fold.finish(path, { problems, contents }),
    end,
    fold,
    blobs: [...blobs.values()],
    olderPayloadBytes: payloadBytes,
  };
}
