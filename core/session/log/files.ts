/** Where session files lie, and what their names say. */
import { errorCode, isAbsent } from "../../protocol/error.ts";
import type { Files } from "../../protocol/host.ts";
import type { ThreadMeta } from "../../protocol/log.ts";
import { basename, dirname } from "../../util/path.ts";

interface LogName {
  readonly id: string;
  /** Local time of the machine that made it, as ISO 8601 without zone. */
  readonly createdAt: string;
}

/** A session file before anything of it is read. */
export interface SessionFile extends LogName {
  readonly path: string;
  readonly isArchived: boolean;
}

const NAME =
  /^rollout-(\d{4}-\d{2}-\d{2})T(\d{2})-(\d{2})-(\d{2})-([0-9a-fA-F-]{36})\.jsonl$/;

/** Path of the log of a new thread: a folder per day, names that sort by time. */
export function buildLogPath(
  codexHome: string,
  meta: Pick<ThreadMeta, "id" | "createdAt">,
): string {
  const at = new Date(meta.createdAt);
  const day = [at.getFullYear(), two(at.getMonth() + 1), two(at.getDate())];
  const time = [at.getHours(), at.getMinutes(), at.getSeconds()].map(two);
  return `${codexHome}/sessions/${day.join("/")}/` +
    `rollout-${day.join("-")}T${time.join("-")}-${meta.id}.jsonl`;
}

/** The parts of a session file's name; undefined for every other name. */
export function parseLogName(path: string): LogName | undefined {
  const found = NAME.exec(basename(path));
  if (found === null) return undefined;
  const [, day, hours, minutes, seconds, id = ""] = found;
  return { id, createdAt: `${day}T${hours}:${minutes}:${seconds}` };
}

export function archivedPath(codexHome: string, path: string): string {
  return `${codexHome}/archived_sessions/${basename(path)}`;
}

export function activePath(codexHome: string, file: SessionFile): string {
  const day = file.createdAt.slice(0, 10).replaceAll("-", "/");
  return `${codexHome}/sessions/${day}/${basename(file.path)}`;
}

export function blobFolder(codexHome: string): string {
  return `${codexHome}/session_blobs`;
}

/** The short way into a long log, written when that is closed in order. */
export function indexPathOf(logPath: string): string {
  return `${logPath}.index`;
}

const PLACE = /\/(?:sessions\/\d{4}\/\d\d\/\d\d|archived_sessions)$/;

/**
 * Folder of the payloads that a log refers to. Its own path tells it, so that a home may
 * be moved; a log that was taken out of its home has them beside itself.
 */
export function blobFolderOf(logPath: string): string {
  return blobFolder(dirname(logPath).replace(PLACE, ""));
}

/** Whether the target of a link is absent, perhaps only for now: it may be on another disk. */
export async function isLinkToNothing(
  files: Files,
  path: string,
): Promise<boolean> {
  if (!(await files.lstat(path))?.isSymlink) return false;
  return await files.stat(path) === undefined;
}

/**
 * Paths of all files that hold lines of sessions: also what a repair kept, or writes.
 * Undefined when a folder of theirs is a link to nothing.
 */
export async function listLogFiles(
  files: Files,
  codexHome: string,
): Promise<string[] | undefined> {
  let isNowhere = false;
  // One that is only not readable now must not count as empty: its logs are in use.
  const list: List = async (folder) => {
    try {
      return await files.list(folder);
    } catch (error) {
      if (!isAbsent(error)) throw error;
      // A link to a file is not a folder of logs.
      isNowhere ||= errorCode(error) !== "ENOTDIR" &&
        await isLinkToNothing(files, folder);
      return [];
    }
  };
  const paths = [
    ...await walk(list, `${codexHome}/sessions`, 3),
    ...await walk(list, `${codexHome}/archived_sessions`, 0),
  ];
  if (isNowhere) return undefined;
  return paths.filter((path) =>
    /^rollout-(?!.*\.(?:lock|index)(\.|$))/.test(basename(path))
  );
}

/** All session files, newest name first. Unreadable folders count as empty. */
export async function listSessionFiles(
  files: Files,
  codexHome: string,
): Promise<SessionFile[]> {
  const found: SessionFile[] = [];
  const take = (path: string, isArchived: boolean): void => {
    const name = parseLogName(path);
    if (name !== undefined) found.push({ ...name, path, isArchived });
  };
  const list: List = (folder) => files.list(folder).catch(() => []);
  for (const path of await walk(list, `${codexHome}/sessions`, 3)) {
    take(path, false);
  }
  for (const path of await walk(list, `${codexHome}/archived_sessions`, 0)) {
    take(path, true);
  }
  return found.sort((a, b) => basename(a.path) < basename(b.path) ? 1 : -1);
}

type List = Files["list"];

async function walk(
  list: List,
  folder: string,
  depth: number,
): Promise<string[]> {
  const entries = await list(folder);
  const paths = await Promise.all(entries.map(async (entry) => {
    const path = `${folder}/${entry.name}`;
    // A link may lead to another disk, and is written through like a folder or file.
    if (depth > 0 && (entry.isDirectory || entry.isSymlink)) {
      return await walk(list, path, depth - 1);
    }
    return depth === 0 && (entry.isFile || entry.isSymlink) ? [path] : [];
  }));
  return paths.flat();
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}
