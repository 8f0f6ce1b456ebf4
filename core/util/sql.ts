/** A database as those see it who are given one. */

export type SqlValue = string | number | null;

export interface SqlDatabase {
  /** Runs statements that take no values. */
  exec(sql: string): void;
  run(sql: string, values: readonly SqlValue[]): void;
  all(
    sql: string,
    values: readonly SqlValue[],
  ): readonly Readonly<Record<string, SqlValue>>[];
  close(): void;
}

/** Opens the database file, made when absent; `:memory:` is one without a file. */
export type OpenSql = (path: string) => Promise<SqlDatabase>;
