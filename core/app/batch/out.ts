/** The folder of a batch: its files, its lock, and what a killed process left around it. */
import { SHARD_FOLDER, shardFolder } from "../../batch/engines/shard.ts";
import { type JournalState } from "../../batch/journal.ts";
import { readJournal } from "../../batch/journal_file.ts";
import type { Shard } from "../../batch/plan.ts";
import { BATCH_MARK } from "../../protocol/command.ts";
import { errorReason, SessionError, usageError } from "../../protocol/error.ts";
import type { Host } from "../../protocol/host.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { deleteSession } from "../../session/library/edit.ts";
import { listSessionFiles } from "../../session/log/files.ts";
import { isDefunct } from "../../util/program/process_identity.ts";
import { basename, resolvePath } from "../../util/path.ts";

/** Paths of a batch's folder. */
export interface OutPlaces {
  readonly folder: string;
  readonly journal: string;
  readonly results: string;
  readonly lock: string;
}

export function outPlaces(folder: string): OutPlaces {
  return {
    folder,
    journal: `${folder}/journal.jsonl`,
    results: `${folder}/results.jsonl`,
    lock: `${folder}/lock`,
  };
}

/** Where results go unless somebody says so: a folder here, by the name of the tasks file. */
export function defaultOut(tasksFile: string): string {
  return `${basename(tasksFile).replace(/\.jsonl?$/, "")}.batch`;
}

/** The journal of a batch that must be there. Throws UserError and SessionError. */
export async function readBatch(
  host: Pick<Host, "files">,
  places: OutPlaces,
): Promise<JournalState> {
  const state = await readJournal(host.files, places.journal);
  if (state !== undefined) return state;
  throw usageError(
    `Cannot read batch ${places.folder}: it has no journal, must be the --out of a batch`,
  );
}

/** Makes the folder, and takes it for this process alone. Throws UserError and SessionError. */
export async function lockOut(
  { files }: Pick<Host, "files">,
  { folder, lock }: OutPlaces,
): Promise<Disposable> {
  let taken: Disposable | undefined;
  try {
    await files.mkdir(folder);
    taken = await files.tryLock(lock);
  } catch (error) {
    throw usageError(
      `Cannot write results to ${folder}: ${
        errorReason(error)
      }; --out must be a folder that can be written to`,
    );
  }
  if (taken !== undefined) return taken;
  throw new SessionError(
    `Cannot work on batch ${folder}: another process works on it, must be ended first`,
  );
}

/** Whether a process works on it now. */
export async function isOutLocked(
  { files }: Pick<Host, "files">,
  { lock }: OutPlaces,
): Promise<boolean> {
  if (await files.stat(lock) === undefined) return false;
  try {
    const mine = await files.tryLock(lock);
    mine?.[Symbol.dispose]();
    return mine === undefined;
  } catch {
    // Nobody works where nothing can be written: results that are read elsewhere.
    return false;
  }
}

/** Ends the runs of an earlier process of this batch, and what they had started. */
export async function endOrphans(host: Host, key: string): Promise<void> {
  if (host.os !== "linux") return;
  const untilMs = host.monotonicMs() + LIMITS.batchOrphanMs;
  const ending = new Set<number>();
  for (;;) {
    for (const pid of await findMarked(host, key)) {
      host.kill(pid, "SIGKILL");
      ending.add(pid);
    }
    // One that is ending has no environment any more, but may have its files.
    for (const pid of ending) {
      if (!host.isAlive(pid) || await isDefunct(host, pid)) ending.delete(pid);
    }
    if (ending.size === 0) return;
    if (host.monotonicMs() > untilMs) {
      throw new SessionError(
        `Cannot go on: processes of the last start of this batch do not end (${
          [...ending].join(", ")
        }), must be ended first`,
      );
    }
    await host.sleep(LIMITS.lockRetryMs);
  }
}

async function findMarked(host: Host, key: string): Promise<number[]> {
  const word = `${BATCH_MARK}=${key}-`;
  const found: number[] = [];
  for (const { name } of await host.files.list("/proc")) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === host.pid) continue;
    const environ = await host.files.readText(`/proc/${name}/environ`)
      .catch(() => "");
    if (environ.split("\0").some((one) => one.startsWith(word))) {
      found.push(pid);
    }
  }
  return found;
}

/** Removes patches that were cut short while they were written; no task is named like them. */
export async function removeDrafts(
  { files }: Pick<Host, "files">,
  { folder }: OutPlaces,
): Promise<void> {
  const patches = `${folder}/patches`;
  if (await files.stat(patches) === undefined) return;
  for (const { name } of await files.list(patches)) {
    if (name.startsWith(".")) await files.remove(`${patches}/${name}`);
  }
}

/** Removes the sessions of attempts that were interrupted: they are run again from the start. */
export async function removeSessions(
  host: Host,
  codexHome: string | undefined,
  ids: ReadonlySet<string>,
): Promise<void> {
  if (codexHome === undefined || ids.size === 0) return;
  for (const file of await listSessionFiles(host.files, codexHome)) {
    if (ids.has(file.id)) await deleteSession(host, file.path, { codexHome });
  }
}

/** The folder that a command line names. */
export function outFolder(
  host: Pick<Host, "cwd">,
  path: string,
  shard?: Shard,
): string {
  const folder = resolvePath(host.cwd, path);
  return shard === undefined ? folder : `${folder}/${shardFolder(shard)}`;
}

/** A folder, or those of the shards in it. */
export async function partFolders(
  { files }: Pick<Host, "files">,
  folder: string,
): Promise<readonly string[]> {
  if (await files.stat(outPlaces(folder).journal) !== undefined) {
    return [folder];
  }
  const shards = (await files.list(folder).catch(() => []))
    .map(({ name }) => name).filter((name) => SHARD_FOLDER.test(name)).sort();
  return shards.length === 0
    ? [folder]
    : shards.map((name) => `${folder}/${name}`);
}
