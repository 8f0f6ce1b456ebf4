/** Lists sessions, the last written first; what is filtered out is counted. */
import type { SessionListing } from "../../contract/reports.ts";
import { SessionError } from "../../protocol/error.ts";
import type { Host } from "../../protocol/host.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { visibleLine } from "../../util/text/visible_text.ts";
import {
  archivedPath,
  listSessionFiles,
  parseLogName,
  type SessionFile,
} from "../log/files.ts";
import { readSessionNames } from "../log/names.ts";
import { loadSummary, type SessionSummary } from "./summary.ts";

interface ListOptions {
  readonly codexHome: string;
  /** Only sessions of this folder. */
  readonly cwd?: string;
  readonly limit?: number;
  readonly withArchived?: boolean;
  /** Others are passed over. */
  readonly accepts?: (session: SessionSummary) => boolean;
}

// Files looked at side by side.
const BATCH = 16;

/** The sessions last written to. Reads the start and the end of each file. */
export async function listSessions(
  host: Host,
  options: ListOptions,
): Promise<SessionListing> {
  const { codexHome, cwd, limit = LIMITS.sessionsListed } = options;
  const all = await listSessionFiles(host.files, codexHome);
  const files = await sortByUse(
    host,
    all.filter((file) => options.withArchived || !file.isArchived),
  );
  const names = await readSessionNames(host.files, codexHome);
  const sessions: SessionSummary[] = [];
  let elsewhere = 0;
  let looked = 0;
  while (looked < files.length && sessions.length < limit) {
    const batch = files.slice(looked, looked + BATCH);
    const found = await Promise.all(
      batch.map((file) => loadSummary(host, file, names)),
    );
    for (const summary of found) {
      if (sessions.length === limit) break;
      looked++;
      if (summary === undefined || options.accepts?.(summary) === false) {
        continue;
      }
      if (cwd !== undefined && summary.cwd !== cwd) elsewhere++;
      else sessions.push(summary);
    }
  }
  return {
    sessions,
    ...(cwd !== undefined && { cwd }),
    elsewhere,
    more: files.length - looked,
  };
}

/** What a list says of one session. Throws SessionError when it holds none. */
export async function loadSession(
  host: Host,
  { codexHome, path }: { readonly codexHome: string; readonly path: string },
): Promise<SessionSummary> {
  const name = parseLogName(path);
  const names = await readSessionNames(host.files, codexHome);
  const isArchived = archivedPath(codexHome, path) === path;
  const summary = name &&
    await loadSummary(host, { ...name, path, isArchived }, names);
  if (summary !== undefined) return summary;
  throw new SessionError(`Cannot read session ${path}: it is empty`);
}

/** The listing as lines. */
export function renderSessionList(
  listing: SessionListing,
  options: { readonly now: Date; readonly columns: number },
): readonly string[] {
  const lines = listing.sessions.map((session) => {
    const start = [
      session.id,
      renderAge(options.now, session.updatedAt).padStart(4),
      renderSize(session.sizeBytes).padStart(8),
    ].join("  ");
    const name = session.name === undefined ? "" : `[${session.name}] `;
    const archived = session.isArchived ? "(archived) " : "";
    const place = listing.cwd === undefined ? `  ${session.cwd}` : "";
    const text = `${archived}${name}${session.title}${place}`;
    const room = Math.max(20, options.columns - start.length - 2);
    return `${start}  ${visibleLine(text, room)}`;
  });
  return [...lines, ...renderRest(listing)];
}

/** Bytes in the unit that fits. */
export function renderSize(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 ** 2) return `${(bytes / 1024).toFixed(1)} KiB`;
  if (bytes < 1024 ** 3) return `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
  return `${(bytes / 1024 ** 3).toFixed(1)} GiB`;
}

function renderRest(listing: SessionListing): readonly string[] {
  const { cwd, elsewhere, more, sessions } = listing;
  const lines: string[] = [];
  if (sessions.length === 0) {
    lines.push(cwd === undefined ? "No sessions" : `No sessions in ${cwd}`);
  }
  if (elsewhere > 0) {
    lines.push(`${elsewhere} in other folders not shown (--all shows them)`);
  }
  if (more > 0) lines.push(`${more} older not listed (--limit lists more)`);
  return lines;
}

function renderAge(now: Date, then: string): string {
  const seconds = Math.max(0, (now.getTime() - Date.parse(then)) / 1000);
  if (seconds < 60) return "now";
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}

async function sortByUse(
  host: Host,
  files: readonly SessionFile[],
): Promise<readonly SessionFile[]> {
  const aged = await Promise.all(files.map(async (file) => ({
    file,
    mtimeMs: (await host.files.stat(file.path))?.mtimeMs ?? 0,
  })));
  return aged.sort((a, b) => b.mtimeMs - a.mtimeMs).map(({ file }) => file);
}
