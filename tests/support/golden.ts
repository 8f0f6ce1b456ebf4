/** Texts that are compared with files in the repository; UPDATE_GOLDEN=1 writes the files. */
import assert from "node:assert/strict";

const FILES = new URL("../golden/files/", import.meta.url);

/** Compares the text with `tests/golden/files/NAME`; a missing file is a failure. */
export async function checkGolden(name: string, text: string): Promise<void> {
  const file = new URL(name, FILES);
  if (Deno.env.get("UPDATE_GOLDEN") === "1") {
    await Deno.mkdir(new URL(".", file), { recursive: true });
    return await Deno.writeTextFile(file, text);
  }
  assert.equal(
    text,
    await readGolden(file),
    `${name} differs; when the change is meant: deno task test:update`,
  );
}

/** As checkGolden, for a value, as indented JSON with its keys in their own order. */
export async function checkGoldenJson(
  name: string,
  value: unknown,
): Promise<void> {
  await checkGolden(name, `${JSON.stringify(value, null, 2)}\n`);
}

async function readGolden(file: URL): Promise<string> {
  try {
    return await Deno.readTextFile(file);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    assert.fail(`There is no ${file.pathname}; make it: deno task test:update`);
  }
}
