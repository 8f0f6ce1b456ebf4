import assert from "node:assert/strict";
import { Script } from "node:vm";
import {
  loadProgramScript,
  PROGRAM_SCRIPT,
  readPlace,
  runProgramScript,
} from "../../../core/host/program_script.ts";

const LEAVES =
  `Reflect.set(globalThis, Symbol.for("${PROGRAM_SCRIPT.symbol}"), `;

Deno.test("runProgramScript() gives what the script leaves, and nobody else finds it", async () => {
  const script = new Script(
    `${LEAVES} async (argv) => argv.length);`,
  );
  const program = runProgramScript(script);
  assert.equal(await program(["a", "b"]), 2);
  assert.equal(Symbol.for(PROGRAM_SCRIPT.symbol) in globalThis, false);
});

Deno.test("runProgramScript() throws when the script leaves nothing", () => {
  assert.throws(() => runProgramScript(new Script("1")), /leaves no program/);
});

Deno.test("loadProgramScript() runs the script beside the entry, whatever its cache is worth", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(
      `${folder}/${PROGRAM_SCRIPT.source}`,
      `${LEAVES} async (argv) => argv.length);`,
    );
    await Deno.writeTextFile(`${folder}/${PROGRAM_SCRIPT.cache}`, "no cache");
    const program = await loadProgramScript(`file://${folder}/main.js`);
    assert.equal(await program(["a", "b"]), 2);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("readPlace() gives the parts of a file, and refuses one that ends before they do", async () => {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(path, "runtimescriptcache and its own");
    const place = { at: 7, sourceBytes: 6, cacheBytes: 5 };
    const { source, cachedData } = readPlace(path, place);
    assert.equal(source, "script");
    assert.equal(new TextDecoder().decode(cachedData), "cache");
    await Deno.truncate(path, 15);
    assert.throws(
      () => readPlace(path, place),
      /^Error: Cannot start: the executable lacks 3 bytes, must be whole; install it again$/,
    );
  } finally {
    await Deno.remove(path);
  }
});
