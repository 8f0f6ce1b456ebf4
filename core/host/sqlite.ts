/** The only door to SQLite, which is loaded on first use. */
import type { SqlDatabase, SqlValue } from "../util/sql.ts";

/** Opens a database of the SQLite that is built into the runtime. */
export async function openSqlite(path: string): Promise<SqlDatabase> {
  const { DatabaseSync } = await import("node:sqlite");
  const database = new DatabaseSync(path);
  return {
    exec: (sql) => database.exec(sql),
    run: (sql, values) => void database.prepare(sql).run(...values),
    all: (sql, values) =>
      database.prepare(sql).all(...values) as Record<string, SqlValue>[],
    close: () => database.close(),
  };
}
