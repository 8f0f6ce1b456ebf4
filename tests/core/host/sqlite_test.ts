import assert from "node:assert/strict";
import { openSqlite } from "../../../core/host/sqlite.ts";

Deno.test("openSqlite() opens a database with full text search that stays on the disk", async () => {
  const path = await Deno.makeTempFile();
  const database = await openSqlite(path);
  database.exec("CREATE VIRTUAL TABLE t USING fts5(body)");
  database.run("INSERT INTO t VALUES (?)", ["hello world"]);
  database.close();
  const again = await openSqlite(path);
  const rows = again.all("SELECT body, NULL AS n FROM t WHERE t MATCH ?", [
    "world",
  ]);
  assert.deepEqual(rows.map((row) => ({ ...row })), [
    { body: "hello world", n: null },
  ]);
  assert.throws(() => again.exec("no sql"));
  again.close();
  await Deno.remove(path);
});
