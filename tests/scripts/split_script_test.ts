import assert from "node:assert/strict";
import { Script } from "node:vm";
import { startProgram } from "../../core/host/program_script.ts";
import { splitScript } from "../../scripts/split_script.ts";

/** What the program gives for `argv`, and the later chunks it was started for. */
async function run(
  chunks: Readonly<Record<string, string>>,
  everyday: readonly string[] = [],
): Promise<{ readonly result: unknown; readonly asked: readonly string[] }> {
  const { early, later } = splitScript(
    new Map(Object.entries(chunks)),
    "main.js",
    new Set(everyday),
  );
  const asked: string[] = [];
  const program = startProgram(new Script(early).runInThisContext(), (name) => {
    asked.push(name);
    return new Script(later).runInThisContext();
  });
  return { result: await program(["a"]), asked };
}

Deno.test("splitScript() keeps what is behind a dynamic import for later, and all it shares once", async () => {
  const chunks = {
    "main.js":
      'import{a as b}from"./chunk-AAAAAAAA.js";async function r(t){b.n++;let{late:l}=await import("./late-BBBBBBBB.js");return[l(t),b.n]}export{r as runCommandLine};',
    "chunk-AAAAAAAA.js": "var x={n:0};export{x as a};",
    "late-BBBBBBBB.js":
      'import"./chunk-CCCCCCCC.js";import{a}from"./chunk-AAAAAAAA.js";a.n++;var f=t=>t.length;export{f as late};',
    "chunk-CCCCCCCC.js": "globalThis.split_ran=true;",
  };
  assert.deepEqual(await run(chunks), {
    result: [1, 2],
    asked: ["late-BBBBBBBB.js"],
  });
  assert.deepEqual(await run(chunks, ["late"]), { result: [1, 2], asked: [] });
  assert.equal(Reflect.get(globalThis, "split_ran"), true);
  Reflect.deleteProperty(globalThis, "split_ran");
});

Deno.test("splitScript() gives each chunk what it takes of the runtime, wherever it stands", async () => {
  const { result } = await run({
    "main.js":
      'var m=1;import{createRequire as c} from "node:module";var q=c(import.meta.url);import e,{join as j}from"node:path";import*as p from"node:path";var r=async()=>[q("node:path")===e,j===p.join,typeof(await import("node:sqlite")).DatabaseSync,import.meta.url];export{r as runCommandLine};\n/*! Legal */\n',
  });
  assert.deepEqual(result, [true, true, "function", undefined]);
});

Deno.test("splitScript() keeps default exports, and characters that V8 needs two bytes for", async () => {
  const { result } = await run({
    "main.js":
      'import d from"./chunk-AAAAAAAA.js";var r=async()=>/^\u2026$/.test(d);export{r as runCommandLine};',
    "chunk-AAAAAAAA.js": 'var v=()=>"\\u2026";export default v();',
  });
  assert.equal(result, true);
  const { early } = splitScript(
    new Map([["main.js", `var r=/\u2026\u{1f600}/;export{r};`]]),
    "main.js",
    new Set(),
  );
  assert.match(early, /\/\\u2026\\ud83d\\ude00\//);
});

Deno.test("splitScript() gives what a package of CommonJS exports by name, too", async () => {
  const { result } = await run({
    "main.js":
      'var r=async t=>{let{count:c,default:d}=await import("./late-AAAAAAAA.js");return[c(t),d.count===c]};export{r as runCommandLine};',
    "late-AAAAAAAA.js": "var v=()=>({count:t=>t.length});export default v();",
  });
  assert.deepEqual(result, [1, true]);
});

Deno.test("a chunk that throws is a rejection where it was imported, like a module", async () => {
  const { result } = await run({
    "main.js":
      'var r=()=>import("./late-AAAAAAAA.js").catch(e=>e.message);export{r as runCommandLine};',
    "late-AAAAAAAA.js": 'throw new Error("no");export{};',
  });
  assert.equal(result, "no");
});

Deno.test("splitScript() refuses chunks that only a module can be, and names them", () => {
  for (
    const text of [
      'import{a}from"other";export{a};',
      'import("./"+name);',
      "export default class{}",
    ]
  ) {
    assert.throws(
      () => splitScript(new Map([["main.js", text]]), "main.js", new Set()),
      /main\.js.* needs a module/,
    );
  }
  assert.throws(
    () =>
      splitScript(
        new Map([["main.js", 'import"./gone.js";']]),
        "main.js",
        new Set(),
      ),
    /no chunk gone\.js/,
  );
});
