/** What folders look like from outside: equal as long as no file in them has changed. */
import type { Files } from "../../protocol/host.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { sha256Hex } from "../../util/sha256.ts";

/** What commands leave behind that change nothing of the work. */
const LEFT_BEHIND = new Set([
  ".git",
  "node_modules",
  "__pycache__",
  ".pytest_cache",
  ".mypy_cache",
  ".ruff_cache",
  ".cache",
]);

/**
 * Names, sizes and times of all that lies there, as one word. Undefined where there is too
 * much of it to be looked at: then nobody can say that nothing has changed.
 */
export async function loadTreePrint(
  files: Pick<Files, "list" | "lstat">,
  roots: readonly string[],
): Promise<string | undefined> {
  const rows: string[] = [];
  const waiting = [...roots];
  for (
    let folder = waiting.pop();
    folder !== undefined;
    folder = waiting.pop()
  ) {
    // What cannot be listed by us was not made by the commands of this run.
    const entries = await files.list(folder).catch(() => []);
    for (const { name, isDirectory } of entries) {
      if (LEFT_BEHIND.has(name)) continue;
      if (rows.length === LIMITS.checkTreeEntries) return undefined;
      const path = `${folder}/${name}`;
      if (isDirectory) waiting.push(path);
      const stat = isDirectory
        ? undefined
        : await files.lstat(path).catch(() => undefined);
      rows.push(`${path}\0${stat?.size}\0${stat?.mtimeMs}\0${stat?.mode}`);
    }
  }
  return sha256Hex(rows.sort().join("\n"));
}
