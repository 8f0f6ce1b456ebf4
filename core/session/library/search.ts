/** Finds sessions by words in them, with an index that can be thrown away: the logs are the truth. */
import type { SearchResult } from "../../contract/reports.ts";
import { errorText, SessionError } from "../../protocol/error.ts";
import type { Host } from "../../protocol/host.ts";
import type { OpenSql, SqlDatabase } from "../../util/sql.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { visibleLine } from "../../util/text/visible_text.ts";
import { type IndexedFile, indexSession } from "./search_index.ts";
import { listSessionFiles, type SessionFile } from "../log/files.ts";
import { readSessionNames } from "../log/names.ts";
import { loadSummary } from "./summary.ts";

interface SearchOptions {
  readonly codexHome: string;
  readonly openSql: OpenSql;
  readonly words: readonly string[];
  /** Only sessions of this folder. */
  readonly cwd?: string;
  readonly limit?: number;
}

// Raised when the tables change: an index of another version is rebuilt.
const VERSION = 1;
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS files
    (path TEXT PRIMARY KEY, id TEXT, bytes INTEGER, line INTEGER);
  CREATE VIRTUAL TABLE IF NOT EXISTS texts
    USING fts5(body, path UNINDEXED, line UNINDEXED);
  PRAGMA user_version = ${VERSION};
`;

/** Best hit of each session, best first. Brings the index up to date before. */
export async function searchSessions(
  host: Host,
  options: SearchOptions,
): Promise<SearchResult> {
  const query = buildQuery(options.words);
  const files = await listSessionFiles(host.files, options.codexHome);
  const database = await openIndex(host, options);
  try {
    await updateIndex(host, database, files);
    return await collectHits(host, options, {
      files,
      rows: parseRows(database, query),
    });
  } catch (error) {
    if (error instanceof SessionError) throw error;
    throw new SessionError(`Cannot search sessions: ${errorText(error)}`);
  } finally {
    database.close();
  }
}

export function renderSearch(result: SearchResult): readonly string[] {
  const lines = result.hits.flatMap(({ session, snippet }) => [
    `${session.id}  ${visibleLine(session.name ?? session.title, 60)}`,
    `    ${snippet}`,
  ]);
  if (lines.length === 0) {
    lines.push(`Nothing found in ${result.sessionsSearched} sessions`);
  }
  if (result.elsewhere > 0) {
    lines.push(
      `${result.elsewhere} in other folders not shown (--all shows them)`,
    );
  }
  return lines;
}

// A phrase each: what is typed is never taken for query syntax (FTS5 section 3.1).
function buildQuery(words: readonly string[]): string {
  const phrases = words.flatMap((word) => word.split(/\s+/))
    .filter((word) => word !== "")
    .map((word) => `"${word.replaceAll('"', '""')}"`);
  if (phrases.length > 0) return phrases.join(" ");
  throw new SessionError("Cannot search sessions: no words were given");
}

// A damaged index is thrown away; where no file can be written it lives in memory.
async function openIndex(
  host: Host,
  { codexHome, openSql }: SearchOptions,
): Promise<SqlDatabase> {
  const path = `${codexHome}/session_search.sqlite`;
  for (const target of [path, path, ":memory:"]) {
    try {
      return await openOnce(host, openSql, target);
    } catch {
      await host.files.remove(target).catch(() => undefined);
    }
  }
  return await openOnce(host, openSql, ":memory:");
}

async function openOnce(
  host: Host,
  openSql: OpenSql,
  path: string,
): Promise<SqlDatabase> {
  // Made beforehand, because the database would make it readable for everybody.
  if (path !== ":memory:" && await host.files.stat(path) === undefined) {
    await host.files.write(path, "", { mode: 0o600 });
  }
  const database = await openSql(path);
  try {
    database.exec(
      "PRAGMA busy_timeout = 3000; PRAGMA journal_mode = DELETE; PRAGMA synchronous = OFF;",
    );
    const [row] = database.all("PRAGMA user_version", []);
    const version = row?.["user_version"];
    if (version !== 0 && version !== VERSION) {
      throw new Error("another version");
    }
    database.exec(SCHEMA);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

async function updateIndex(
  host: Host,
  database: SqlDatabase,
  files: readonly SessionFile[],
): Promise<void> {
  const known = new Map(
    database.all("SELECT path, bytes, line FROM files", []).map((row) => [
      String(row["path"]),
      { bytes: Number(row["bytes"]), line: Number(row["line"]) },
    ]),
  );
  for (const file of files) {
    await updateFile(host, database, { file, known: known.get(file.path) });
    known.delete(file.path);
  }
  for (const path of known.keys()) forgetFile(database, path);
}

async function updateFile(
  host: Host,
  database: SqlDatabase,
  at: { readonly file: SessionFile; readonly known: IndexedFile | undefined },
): Promise<void> {
  const { path, id } = at.file;
  const size = (await host.files.stat(path))?.size ?? 0;
  if (size === at.known?.bytes) return;
  // A log only grows; a shorter one was rewritten.
  const isGrown = at.known !== undefined && size > at.known.bytes;
  const start = isGrown ? at.known : undefined;
  const texts = await indexSession(host.files, path, start);
  database.exec("BEGIN");
  try {
    if (start === undefined) forgetFile(database, path);
    for (const { body, line } of texts.texts) {
      database.run("INSERT INTO texts (body, path, line) VALUES (?, ?, ?)", [
        body,
        path,
        line,
      ]);
    }
    database.run(
      "INSERT OR REPLACE INTO files (path, id, bytes, line) VALUES (?, ?, ?, ?)",
      [path, id, texts.end.bytes, texts.end.line],
    );
    database.exec("COMMIT");
  } catch (error) {
    database.exec("ROLLBACK");
    throw error;
  }
}

function forgetFile(database: SqlDatabase, path: string): void {
  database.run("DELETE FROM texts WHERE path = ?", [path]);
  database.run("DELETE FROM files WHERE path = ?", [path]);
}

interface Row {
  readonly path: string;
  readonly line: number;
  readonly snippet: string;
}

function parseRows(database: SqlDatabase, query: string): readonly Row[] {
  const best = new Map<string, Row>();
  const rows = database.all(
    "SELECT path, line, snippet(texts, 0, '', '', '…', 16) AS snippet " +
      "FROM texts WHERE texts MATCH ? ORDER BY rank LIMIT 2000",
    [query],
  );
  for (const row of rows) {
    const path = String(row["path"]);
    if (best.has(path)) continue;
    const snippet = visibleLine(String(row["snippet"]));
    best.set(path, { path, line: Number(row["line"]), snippet });
  }
  return [...best.values()];
}

async function collectHits(
  host: Host,
  options: SearchOptions,
  found: {
    readonly files: readonly SessionFile[];
    readonly rows: readonly Row[];
  },
): Promise<SearchResult> {
  const { codexHome, cwd, limit = LIMITS.searchHits } = options;
  const names = await readSessionNames(host.files, codexHome);
  const files = new Map(found.files.map((file) => [file.path, file]));
  const hits: SearchResult["hits"][number][] = [];
  let elsewhere = 0;
  for (const { path, line, snippet } of found.rows) {
    const file = files.get(path);
    const session = file && await loadSummary(host, file, names);
    if (session === undefined) continue;
    if (cwd !== undefined && session.cwd !== cwd) elsewhere++;
    else if (hits.length < limit) hits.push({ session, line, snippet });
  }
  return { hits, sessionsSearched: found.files.length, elsewhere };
}
