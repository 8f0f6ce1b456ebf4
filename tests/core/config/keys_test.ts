/** Every key that config.toml may hold is read by the program, or said to do nothing. */
import assert from "node:assert/strict";
import { configKeys } from "../../support/config_keys.ts";
import { loadFiles, withoutComments } from "../../../scripts/checks/source.ts";

const ROOT = decodeURIComponent(new URL("../../..", import.meta.url).pathname)
  .replace(/\/$/, "");

/** Files that name keys without obeying them: what they hold, mask, resolve or set. */
const BLIND = /^core\/config\/(file\/|(explain|overrides|paths|secrets)\.ts)/;

async function readers(): Promise<string> {
  const files = await loadFiles(ROOT);
  return files.filter(({ path }) =>
    /^(main\.ts|core\/|tools\/|sandbox\/)/.test(path) && !BLIND.test(path)
  ).map(({ text }) => withoutComments(text)).join("\n");
}

function isRead(code: string, key: string): boolean {
  // A member, a name taken out of a table, or a word that is looked up.
  return new RegExp(`\\.${key}\\b|\\b${key}\\b\\s*[,:}=]|"${key}"`).test(code);
}

Deno.test("every key of config.toml is read, or marked as without effect", async () => {
  const code = await readers();
  const keys = configKeys();
  assert.ok(keys.length > 150, `${keys.length} keys`);
  const unread = keys.filter((path) => !isRead(code, path.at(-1) ?? ""))
    .map((path) => path.join("."));
  assert.deepEqual(
    [...new Set(unread)],
    [],
    "Read it, or say in the schema why it is ignored or refused",
  );
});

Deno.test("every key of config.toml that is read is set by a test", async () => {
  const files = await loadFiles(ROOT);
  const tests = files.filter(({ path }) =>
    path.startsWith("tests/") && !path.endsWith("/keys_test.ts")
  )
    .map(({ text }) => withoutComments(text).replaceAll("\\n", "\n"))
    .join("\n");
  const unset = configKeys().filter((path) =>
    !new RegExp(`\\b${path.at(-1)}\\b`).test(tests)
  ).map((path) => path.join("."));
  assert.deepEqual([...new Set(unset)], []);
});
