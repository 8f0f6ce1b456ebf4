/** What the house's lint rules say of code that breaks them. */
import assert from "node:assert/strict";
import plugin from "../../scripts/lint_plugin.ts";

function lint(source: string, path = "core/util/a.ts"): readonly string[] {
  return Deno.lint.runPlugin(plugin, `/house/${path}`, source)
    .map(({ id, message }) => `${id}: ${message}`);
}

Deno.test("product code takes clock, chance and the world from the host", () => {
  const source = "export function f(): number { return Date.now(); }";
  assert.deepEqual(lint(source), [
    "rondo/no-ambient-world: The clock belongs to the host",
  ]);
  assert.deepEqual(lint(source, "core/host/clock.ts"), []);
  assert.match(lint("Deno.exit(1);").join(), /Deno belongs to the host/);
  assert.match(lint("const a = Math.random();").join(), /Chance belongs/);
});

Deno.test("the verb of a function tells whether it waits for the world", () => {
  assert.match(
    lint("async function parseFile(): Promise<void> {}").join(),
    /verb-tells-effect: parseFile waits for the world/,
  );
  assert.match(
    lint("function readLine(): string { return ''; }").join(),
    /verb-tells-effect: readLine is pure/,
  );
  assert.deepEqual(
    lint(
      "async function readLine(): Promise<void> {}\nfunction parseLine(): void {}",
    ),
    [],
  );
});

Deno.test("a file that calls itself pure keeps no state", () => {
  const source = "class A { #count = 0; readonly #all = []; }";
  assert.deepEqual(lint(`/** Counts. Pure. */\n${source}`), [
    "rondo/pure-has-no-state: The header says pure, this class keeps state",
  ]);
  assert.deepEqual(lint(`/** Counts. No I/O. */\n${source}`), []);
});

Deno.test("exports have names, functions are declared and say what they return", () => {
  assert.match(lint("export default 1;").join(), /no-default-export/);
  assert.match(
    lint("export const f = (): void => {};").join(),
    /no-top-level-arrow/,
  );
  assert.match(lint("function f() {}").join(), /declared-return-type/);
  assert.match(
    lint("class A { private a = 1; }").join(),
    /no-private-keyword/,
  );
});

Deno.test("product code disposes of things by itself, what using does is lost in the bundle", () => {
  const source = "function f(): void { using a = b(); a.c(); }";
  assert.match(lint(source).join(), /no-using: The bundler loses/);
  assert.match(
    lint("async function f(): Promise<void> { await using a = b(); }").join(),
    /no-using/,
  );
  assert.deepEqual(lint(source, "tests/a.ts"), []);
});
