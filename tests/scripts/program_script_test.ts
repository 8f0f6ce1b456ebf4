import assert from "node:assert/strict";
import { Script } from "node:vm";
import { runProgramScript } from "../../core/host/program_script.ts";
import { renderEntry, toScript } from "../../scripts/program_script.ts";

Deno.test("renderEntry() leaves the program where its loader looks", async () => {
  const body = renderEntry("../main.ts").replace(
    /^import .*\n/,
    "const runCommandLine = async (argv) => argv.length;",
  );
  const program = runProgramScript(new Script(`(() => {${body}})();`));
  assert.equal(await program(["a"]), 1);
});

Deno.test("toScript() gives the bundle what it requires of the runtime", () => {
  const script = toScript(
    'globalThis.basename = require("node:path").basename;',
  );
  new Script(script).runInThisContext();
  const basename: unknown = Reflect.get(globalThis, "basename");
  Reflect.deleteProperty(globalThis, "basename");
  assert.equal(typeof basename, "function");
});

Deno.test("toScript() requires what the bundle imports of the runtime when it needs it", async () => {
  const script = toScript(
    'globalThis.later = async () => (await import("node:sqlite")).DatabaseSync;',
  );
  new Script(script).runInThisContext();
  const later: unknown = Reflect.get(globalThis, "later");
  Reflect.deleteProperty(globalThis, "later");
  assert(typeof later === "function");
  assert.equal(typeof await later(), "function");
});

Deno.test("toScript() refuses a bundle that only a module can be", () => {
  assert.throws(
    () => toScript("console.log(import.meta.url)"),
    /needs a module/,
  );
  assert.throws(() => toScript('import{a}from"node:fs";'), /needs a module/);
  assert.throws(() => toScript('import("./other.js")'), /needs a module/);
});
