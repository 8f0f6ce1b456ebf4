import assert from "node:assert/strict";
import { Script } from "node:vm";
import {
  loadProgramScript,
  PROGRAM_SCRIPT,
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

Deno.test("loadProgramScript() finds no script where the program is not compiled", async () => {
  const folder = await Deno.makeTempDir();
  try {
    for (const name of [PROGRAM_SCRIPT.source, PROGRAM_SCRIPT.cache]) {
      await Deno.writeTextFile(`${folder}/${name}`, "throw 1");
    }
    const program = await loadProgramScript(`file://${folder}/main.js`);
    assert.equal(program, undefined);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
