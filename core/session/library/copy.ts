/** The lines of a log rewritten: whole ones, in order, with a fresh chain. */
import type { Files } from "../../protocol/host.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { BlobStore } from "../log/blob_store.ts";
import {
  type BlobContents,
  type BlobText,
  findLost,
  wholeText,
} from "../log/blob_text.ts";
import { LogChecker, type LogEntry, readRawLines } from "../log/log_reader.ts";
import { renderLoss } from "../log/restore_items.ts";
import { plainPayload } from "../log/payload.ts";
import { CHAIN_START, type LineBody, renderLine } from "../log/line.ts";
import { blobFolderOf } from "../log/files.ts";

interface CopyOptions {
  /** Where large payloads are in the copy: beside it as they were, or in its lines. */
  readonly payloads: "beside" | "inline";
  /** Changes the JSON text of a payload; only of one that is whole, so inline. */
  readonly change?: (payload: string) => string;
  /** Called with what could not be copied. */
  readonly warn?: (message: string) => void;
}

/** One line after the other, each with its LF. Throws SessionError. */
export async function* copyLog(
  files: Files,
  path: string,
  options: CopyOptions,
): AsyncGenerator<string> {
  const checker = new LogChecker();
  const store = new BlobStore(files, blobFolderOf(path));
  let chain = CHAIN_START;
  for await (const raw of readRawLines(files, path)) {
    const entry = checker.accept(raw);
    if (entry === undefined) continue;
    const contents = await store.load(entry.blobs);
    const blobText = copyPayload(entry, contents, options);
    if (blobText === undefined) continue;
    // Types of other programs are kept as they are named.
    const type = entry.type as LineBody["type"];
    const body: LineBody = {
      type,
      payload: blobText.text,
      blobs: blobText.blobs,
    };
    const line = renderLine(body, entry.timestamp, chain);
    chain = line.chain;
    yield line.text;
  }
  for (const problem of checker.problems()) options.warn?.(problem);
}

// Undefined where a line is of no use any more.
function copyPayload(
  { type, payload, blobs, isProtected, number }: LogEntry,
  contents: BlobContents,
  { payloads, change, warn }: CopyOptions,
): BlobText | undefined {
  const blobText = {
    text: isProtected ? payload : plainPayload(type, payload),
    blobs,
  };
  const { lost, isUsable } = findLost(blobText, contents);
  for (const { reason } of lost) warn?.(renderLoss(number, isUsable, reason));
  if (!isUsable) return undefined;
  if (payloads === "beside") return withoutLost(blobText, contents);
  const text = wholeText(blobText, contents);
  if (text.length > LIMITS.sessionLineBytes) {
    warn?.(
      `line ${number} has ${text.length} characters with its images, too many to be read as a session again`,
    );
  }
  return { text: change?.(text) ?? text, blobs: [] };
}

// Its stand-in becomes the content of the line.
function withoutLost(
  { text, blobs }: BlobText,
  contents: BlobContents,
): BlobText {
  const found = blobs.filter(({ sha256 }) =>
    contents.get(sha256)?.kind === "found"
  );
  return { text, blobs: found };
}
