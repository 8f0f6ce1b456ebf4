import assert from "node:assert/strict";
import {
  loadProgramScript,
  PROGRAM_SCRIPTS,
  readPlace,
  startProgram,
} from "../../../core/host/program_script.ts";

Deno.test("startProgram() throws when the script makes no program", () => {
  for (const early of [1, () => ({})]) {
    assert.throws(() => startProgram(early, () => ({})), /makes no program/);
  }
});

Deno.test("loadProgramScript() runs the scripts beside the entry, whatever their caches are worth", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const { early, later } = PROGRAM_SCRIPTS;
    await Deno.writeTextFile(
      `${folder}/${early.source}`,
      "(later) => ({ runCommandLine: async (argv) => argv.length + later('x') })",
    );
    await Deno.writeTextFile(`${folder}/${later.source}`, "40");
    for (const { cache } of [early, later]) {
      await Deno.writeTextFile(`${folder}/${cache}`, "no cache");
    }
    const program = await loadProgramScript(`file://${folder}/main.js`);
    assert.equal(await program(["a", "b"]), 42);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("readPlace() gives the parts of a file, and refuses one that ends before they do", async () => {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(path, "runtimescriptcache and its own");
    const place = { at: 7, sourceBytes: 6, cacheBytes: 5 };
    using file = await Deno.open(path);
    const { source, cachedData } = readPlace(file, place);
    assert.equal(source, "script");
    assert.equal(new TextDecoder().decode(cachedData), "cache");
    await Deno.truncate(path, 15);
    assert.throws(
      () => readPlace(file, place),
      /^Error: Cannot start: the executable lacks 3 bytes, must be whole; install it again$/,
    );
  } finally {
    await Deno.remove(path);
  }
});
