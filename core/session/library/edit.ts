/** Changes sessions as a whole: name, archive, delete, prune, roll back. */
import type { PruneReport } from "../../contract/reports.ts";
import { errorText, SessionError } from "../../protocol/error.ts";
import type { LogFact } from "../../protocol/log.ts";
import type { Host } from "../../protocol/host.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { basename, dirname } from "../../util/path.ts";
import { visibleLine } from "../../util/text/visible_text.ts";
import { sweepBlobs } from "../log/blob_sweep.ts";
import { appliedMark, stagePatchPath } from "../../staging/kept.ts";
import { ObjectStore } from "../undo/kept/object_store.ts";
import { checkpointsFolder, removeCheckpoints } from "../undo/places.ts";
import { openThreadLog } from "../log/log_writer.ts";
import { retimeIndex } from "../log/shortcut.ts";
import { openWriterLock, readLockOwner } from "../log/lock.ts";
import {
  activePath,
  archivedPath,
  indexPathOf,
  listSessionFiles,
  parseLogName,
} from "../log/files.ts";
import { renderSize } from "./list.ts";

interface PruneOptions {
  readonly codexHome: string;
  /** Sessions not written to for that long go. */
  readonly olderThanMs: number;
  readonly dryRun: boolean;
}

/** The name as it is kept. Throws SessionError when it is none. */
export function parseSessionName(name: string): string {
  const clean = visibleLine(name, LIMITS.sessionNameChars);
  if (clean !== "") return clean;
  throw new SessionError("Cannot name a session: the name is empty");
}

/** Names a session that is not open. Throws SessionError. */
export async function renameSession(
  host: Host,
  path: string,
  options: { readonly codexHome: string; readonly name: string },
): Promise<void> {
  const name = parseSessionName(options.name);
  const before = await host.files.stat(path);
  await appendFact(host, path, options, { type: "named", name });
  if (before === undefined) return;
  // The newest session is the one last worked on. Where the time cannot be set, it is this.
  await host.files.setModified(path, before.mtimeMs).catch(() => {});
  await retimeIndex(host.files, path);
}

/** Removes the last turns of a session that is not open. Throws SessionError. */
export async function rollbackSession(
  host: Host,
  path: string,
  options: { readonly codexHome: string; readonly turns: number },
): Promise<void> {
  const { turns } = options;
  await appendFact(host, path, options, { type: "rolled_back", turns });
}

/** Moves a session out of the list; its new path. Throws SessionError. */
export async function archiveSession(
  host: Host,
  path: string,
  options: { readonly codexHome: string },
): Promise<string> {
  const target = archivedPath(options.codexHome, path);
  return target === path ? path : await moveSession(host, path, target);
}

/** Moves an archived session back into the list; its path now. Throws SessionError. */
export async function unarchiveSession(
  host: Host,
  path: string,
  options: { readonly codexHome: string },
): Promise<string> {
  const { codexHome } = options;
  const name = parseLogName(path);
  if (name === undefined || archivedPath(codexHome, path) !== path) return path;
  const target = activePath(codexHome, { ...name, path, isArchived: true });
  return await moveSession(host, path, target);
}

/** Deletes a session, what was kept for undo, and payloads no other refers to. Throws SessionError. */
export async function deleteSession(
  host: Host,
  path: string,
  options: { readonly codexHome: string },
): Promise<void> {
  await whileLocked(host, path, () => host.files.remove(path));
  await removeBelongings(host, options.codexHome, path);
  await undoStore(host, options.codexHome).sweep();
  await sweepBlobs(host, options.codexHome);
}

/** Deletes old sessions and empty files, and what belonged to them alone. */
export async function pruneSessions(
  host: Host,
  options: PruneOptions,
): Promise<PruneReport> {
  const { codexHome, dryRun } = options;
  const before = host.now().getTime() - options.olderThanMs;
  const removed: PruneReport["removed"][number][] = [];
  const inUse: string[] = [];
  const listed = await listSessionFiles(host.files, codexHome);
  for (const file of listed) {
    const stat = await host.files.stat(file.path);
    if (stat === undefined) continue;
    const isEmpty = stat.size === 0;
    if (stat.mtimeMs > before && !isEmpty) continue;
    if (await readLockOwner(host, file.path) !== undefined) {
      inUse.push(file.path);
      continue;
    }
    removed.push({ path: file.path, sizeBytes: stat.size });
    if (dryRun) continue;
    await whileLocked(host, file.path, () => host.files.remove(file.path));
    await removeBelongings(host, codexHome, file.path);
  }
  const checkpointBytes = dryRun ? 0 : await undoStore(host, codexHome).sweep();
  // Payloads without a single session: rather is the disk absent that holds the logs.
  const payloadBytes = dryRun || listed.length === 0
    ? 0
    : await sweepBlobs(host, codexHome);
  return { removed, inUse, checkpointBytes, payloadBytes, dryRun };
}

/** What was pruned, as lines. */
export function renderPrune(report: PruneReport): readonly string[] {
  const { removed, inUse, checkpointBytes, payloadBytes, dryRun } = report;
  const bytes = removed.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const verb = dryRun ? "Would delete" : "Deleted";
  const count = removed.length === 1
    ? "1 session"
    : `${removed.length} sessions`;
  const images = payloadBytes > 0
    ? `, ${renderSize(payloadBytes)} of images`
    : "";
  const kept = checkpointBytes > 0
    ? ` and ${renderSize(checkpointBytes)} kept for undo`
    : "";
  return [
    ...removed.map(({ path }) => basename(path)),
    `${verb} ${count}, ${renderSize(bytes)}${images}${kept}`,
    ...inUse.map((path) => `Left ${basename(path)}: it is open for writing`),
  ];
}

async function appendFact(
  host: Host,
  path: string,
  options: { readonly codexHome: string },
  fact: LogFact,
): Promise<void> {
  const { log } = await openThreadLog(host, path, options);
  try {
    log.append(fact);
  } finally {
    await log.close();
  }
}

async function moveSession(
  host: Host,
  path: string,
  target: string,
): Promise<string> {
  return await whileLocked(host, path, async () => {
    await host.files.mkdir(dirname(target), { mode: 0o700 });
    await host.files.rename(path, target);
    // Without its index it is only read more slowly.
    await host.files.rename(indexPathOf(path), indexPathOf(target))
      .catch(() => {});
    return target;
  });
}

async function whileLocked<T>(
  host: Host,
  path: string,
  run: () => Promise<T>,
): Promise<T> {
  const lock = await openWriterLock(host, path);
  try {
    return await run();
  } catch (error) {
    if (error instanceof SessionError) throw error;
    throw new SessionError(`Cannot change ${path}: ${errorText(error)}`);
  } finally {
    await lock.release();
  }
}

async function removeBelongings(
  host: Host,
  codexHome: string,
  path: string,
): Promise<void> {
  const id = parseLogName(path)?.id;
  if (id === undefined) return;
  await host.files.remove(indexPathOf(path)).catch(() => {});
  // Outputs of its commands that were too long for the log.
  const spool = `${codexHome}/spool/${id}`;
  if (await host.files.stat(spool) !== undefined) {
    await host.files.remove(spool, { recursive: true });
  }
  const patch = stagePatchPath(codexHome, id);
  for (const file of [patch, appliedMark(patch)]) {
    if (await host.files.stat(file) === undefined) continue;
    await host.files.remove(file);
  }
  await removeCheckpoints(host, codexHome, id);
}

function undoStore(host: Host, codexHome: string): ObjectStore {
  return new ObjectStore(host, {
    folder: checkpointsFolder(codexHome),
    keepThread: "",
  });
}
