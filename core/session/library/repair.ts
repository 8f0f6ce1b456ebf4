/** Checks a session's log, and mends it: what is whole is kept, the original too. */
import type { SessionCheck } from "../../contract/reports.ts";
import { errorText, SessionError } from "../../protocol/error.ts";
import type { Host } from "../../protocol/host.ts";
import { PROGRAM } from "../../protocol/version.ts";
import { BlobStore } from "../log/blob_store.ts";
import { type BlobUse, restoreThread } from "../log/restore.ts";
import { openWriterLock } from "../log/lock.ts";
import { copyLog } from "./copy.ts";
import { blobFolderOf } from "../log/files.ts";
import { renderSize } from "./list.ts";

const BESIDE = { payloads: "beside" } as const;

interface SessionRepair {
  readonly check: SessionCheck;
  /** Where the original lies; absent when nothing had to be mended. */
  readonly keptAs?: string;
  readonly linesKept: number;
}

/** Reads the whole log and judges each line. Throws SessionError when there is nothing to judge. */
export async function verifySession(
  host: Host,
  path: string,
): Promise<SessionCheck> {
  const { thread, end, blobs } = await restoreThread(host.files, path);
  const lost = await findLostPayloads(host, path, blobs);
  return {
    path,
    id: thread.meta.id,
    sizeBytes: end.bytes + end.tornBytes,
    lines: end.lines,
    protectedLines: end.protectedLines,
    items: thread.items.length,
    generation: thread.generation,
    openCalls: thread.openCalls.length,
    unfinishedTurn: thread.unfinishedTurn,
    payloads: blobs.length,
    payloadBytes: blobs.reduce((sum, { bytes }) => sum + bytes, 0),
    problems: [...thread.problems, ...newProblems(lost, thread.problems)],
  };
}

// One at a time: together they may be larger than memory.
async function findLostPayloads(
  host: Host,
  path: string,
  blobs: readonly BlobUse[],
): Promise<readonly (BlobUse & { readonly reason: string })[]> {
  const store = new BlobStore(host.files, blobFolderOf(path));
  const lost: (BlobUse & { readonly reason: string })[] = [];
  for (const blob of blobs) {
    const content = (await store.load([blob])).get(blob.sha256);
    if (content?.kind !== "lost") continue;
    lost.push({ ...blob, reason: content.reason });
  }
  return lost;
}

// What the present history lacks was reported when it was restored.
function newProblems(
  lost: Awaited<ReturnType<typeof findLostPayloads>>,
  sent: readonly string[],
): readonly string[] {
  return lost
    .filter(({ reason }) => !sent.some((problem) => problem.includes(reason)))
    .map(({ line, reason }) => `a payload of line ${line} is lost: ${reason}`);
}

/**
 * Rewrites the log from its whole lines when something is wrong with it; the original
 * stays beside it. Throws SessionError, also when the session is open for writing.
 */
export async function repairSession(
  host: Host,
  path: string,
  options: { readonly dryRun: boolean },
): Promise<SessionRepair> {
  const lock = await openWriterLock(host, path);
  try {
    const check = await verifySession(host, path);
    const linesKept = await countKept(host, path);
    if (check.problems.length === 0 || options.dryRun) {
      return { check, linesKept };
    }
    const stamp = host.now().toISOString().replaceAll(":", "-");
    const keptAs = `${path}.damaged-${stamp}`;
    await rewrite(host, path, keptAs);
    return { check, keptAs, linesKept };
  } finally {
    await lock.release();
  }
}

/** The verdict as lines. */
export function renderCheck(check: SessionCheck): readonly string[] {
  const unprotected = check.lines - check.protectedLines;
  const lines = [
    `session ${check.id}`,
    `${check.lines} lines, ${renderSize(check.sizeBytes)}, ` +
    `${check.items} items, ${check.generation} compactions or rollbacks` +
    (unprotected > 0 ? `, ${unprotected} lines without checksum` : ""),
  ];
  if (check.payloads > 0) {
    const size = renderSize(check.payloadBytes);
    const count = check.payloads === 1
      ? "1 large payload"
      : `${check.payloads} large payloads`;
    lines.push(`${count} beside it, ${size}`);
  }
  if (check.openCalls > 0) {
    lines.push(`${check.openCalls} calls were started and have no output`);
  }
  if (check.unfinishedTurn) lines.push("the last turn never ended");
  lines.push(...check.problems.map((problem) => `! ${problem}`));
  lines.push(
    check.problems.length === 0
      ? "the log is whole"
      : `the log is damaged: it can be resumed without these lines; ` +
        `${PROGRAM} sessions repair ${check.id} takes them out and keeps the original`,
  );
  return lines;
}

/** What was mended, as lines. */
export function renderRepair(repair: SessionRepair): readonly string[] {
  const lines = repair.check.problems.map((problem) => `! ${problem}`);
  if (lines.length === 0) return ["Nothing to repair: the log is whole"];
  const kept = `${repair.linesKept} of ${repair.check.lines} lines are whole`;
  if (repair.keptAs === undefined) {
    return [...lines, `${kept}; nothing written`];
  }
  return [...lines, `${kept} and kept; the original is ${repair.keptAs}`];
}

async function countKept(host: Host, path: string): Promise<number> {
  let count = 0;
  for await (const _line of copyLog(host.files, path, BESIDE)) count++;
  return count;
}

async function rewrite(
  host: Host,
  path: string,
  keptAs: string,
): Promise<void> {
  const { files } = host;
  const aside = `${path}.${host.newId()}`;
  try {
    const file = await files.openAppend(aside, { mode: 0o600 });
    try {
      for await (const line of copyLog(files, path, BESIDE)) file.write(line);
      file.sync();
    } finally {
      file.close();
    }
    await files.rename(path, keptAs);
    await files.rename(aside, path);
  } catch (error) {
    await files.remove(aside).catch(() => undefined);
    throw new SessionError(`Cannot repair ${path}: ${errorText(error)}`);
  }
}
