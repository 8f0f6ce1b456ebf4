/** What `deno task tidy` says of a tree that breaks a rule. */
import assert from "node:assert/strict";
import { findFormProblems } from "../../scripts/checks/form.ts";
import {
  findImportProblems,
  findRoomProblems,
} from "../../scripts/checks/layers.ts";
import { edgesOf, type SourceFile } from "../../scripts/checks/source.ts";
import { findUseProblems } from "../../scripts/checks/use.ts";

const HEAD = "/** A file. */\n";

// Files by path, each with a first line that says what it is.
function tree(texts: Readonly<Record<string, string>>): SourceFile[] {
  return Object.entries(texts).map(([path, text]) => ({
    path,
    text: text.startsWith("/**") ? text : HEAD + text,
  }));
}

function imports(from: string, to: string): string[] {
  return findImportProblems(
    edgesOf(tree({ [from]: `import { a } from "${up(from)}${to}";\n` })),
  );
}

function up(path: string): string {
  return "../".repeat(path.split("/").length - 1) || "./";
}

function oneLiners(count: number, line = "  a();"): string {
  return `${Array(count).fill(line).join("\n")}\n`;
}

Deno.test("an import goes down the layers", () => {
  assert.deepEqual(imports("tools/mod.ts", "core/policy/decide.ts"), []);
  assert.match(
    imports("core/policy/decide.ts", "tools/mod.ts").join(),
    /decide\.ts \(layer 3\) -> tools\/mod\.ts \(layer 4\): imports must go down/,
  );
  assert.match(
    imports("core/session/turn/turn.ts", "core/frontends/repl/repl.ts").join(),
    /imports must go down/,
  );
});

Deno.test("only the wiring knows the real host", () => {
  assert.deepEqual(imports("core/app/runtime.ts", "core/host/host.ts"), []);
  assert.match(
    imports("tools/mod.ts", "core/host/host.ts").join(),
    /only the wiring may know the real world/,
  );
});

Deno.test("a room is entered by its doors, by scripts too", () => {
  const inner = "core/session/thread/thread.ts";
  for (const from of ["core/app/agent.ts", "scripts/demo.ts"]) {
    assert.deepEqual(imports(from, "core/session/thread/open.ts"), []);
    assert.equal(
      imports(from, inner).join(),
      `${from} -> ${inner}: must come in by core/session/thread/open.ts`,
    );
  }
});

Deno.test("a room of the same area is used only where the table says so", () => {
  assert.deepEqual(
    imports("core/session/turn/turn.ts", "core/session/state/state.ts"),
    [],
  );
  assert.match(
    imports("core/session/state/state.ts", "core/session/turn/turn.ts").join(),
    /core\/session\/state\/ must not use core\/session\/turn\//,
  );
});

Deno.test("files and rooms that import each other are a circle", () => {
  const problems = findImportProblems(edgesOf(tree({
    "core/util/a.ts": 'import { b } from "./b.ts";\n',
    "core/util/b.ts": 'import { a } from "./a.ts";\n',
  })));
  assert.deepEqual(problems, [
    "circle: core/util/a.ts -> core/util/b.ts -> core/util/a.ts",
  ]);
});

Deno.test("a room has at most 17 files, is listed, and each of its doors is used", () => {
  const paths = Array.from({ length: 18 }, (_, at) => `core/util/f${at}.ts`);
  const problems = findRoomProblems([...paths, "core/attic/old.ts"], []);
  assert.ok(problems.includes("core/util/: 18 files, must be at most 17"));
  assert.ok(
    problems.includes(
      "core/attic/: must be a room in scripts/checks/rooms.ts",
    ),
  );
  assert.ok(problems.includes("prompts/: a room without files"));
  const unused = findRoomProblems(["prompts/mod.ts"], []);
  assert.ok(
    unused.includes("prompts/mod.ts: a door that nothing comes in by"),
  );
});

Deno.test("a file says what it is and has at most 300 lines, a table 700", () => {
  const long = oneLiners(301, "//");
  const of = (text: string): string[] =>
    findFormProblems([{ path: "core/util/a.ts", text }]);
  assert.deepEqual(of("export const a = 1;\n"), [
    "core/util/a.ts: the first line must say what the file is",
  ]);
  assert.deepEqual(of(HEAD + long), [
    "core/util/a.ts: 302 lines, must be at most 300",
  ]);
  assert.deepEqual(of(`/** Data. A table. */\n${long}`), []);
  assert.match(
    of(`/** Data. A table. */\n${oneLiners(700, "//")}`).join(),
    /700/,
  );
});

Deno.test("a function has at most 70 lines; the cases of an exhaustive switch do not count", () => {
  const of = (body: string): string[] =>
    findFormProblems(tree({ "core/util/a.ts": `function f() {\n${body}}\n` }));
  assert.deepEqual(of(oneLiners(68)), []);
  assert.match(of(oneLiners(69)).join(), /a function of 71 lines/);
  const cases = oneLiners(60, '    case "a":\n      return 1;');
  assert.match(of(`  switch (a) {\n${cases}  }\n`).join(), /124 lines/);
  assert.deepEqual(
    of(
      `  switch (a) {\n${cases}    default:\n      return unreachable(a);\n  }\n`,
    ),
    [],
  );
});

Deno.test("a package is imported through its door, and every package has one", () => {
  const of = (path: string, name: string): string =>
    findFormProblems(tree({ [path]: `import { a } from "${name}";\n` })).join();
  assert.equal(of("main.ts", "commander"), "");
  assert.match(of("core/app.ts", "commander"), /imported past its door/);
  assert.match(of("core/app.ts", "left-pad"), /left-pad has no door/);
});

Deno.test("what nothing imports, uses or tests is named", () => {
  const files = tree({
    "core/util/used.ts":
      "export function used() {}\nexport function spare() {}\nexport type Word = 1;\n",
    "core/util/dead.ts": "export function dead() {}\n",
    "core/model/bare.ts": "function bare() {}\n",
    "main.ts":
      'import { used } from "./core/util/used.ts";\nimport "./core/model/bare.ts";\n// spare\n',
    "tests/used_test.ts":
      'import { used, spare, type Word } from "../core/util/used.ts";\n',
  });
  assert.deepEqual(findUseProblems(files), [
    "core/util/dead.ts: nothing imports it",
    "core/util/used.ts: spare is exported and used by no other file",
    "core/util/dead.ts: dead is exported and used by no other file",
    "core/util/dead.ts: no test reaches it",
    "core/model/bare.ts: no test reaches it",
  ]);
});

Deno.test("a host call knows more than a missing name", () => {
  const asks = 'if (errorCode(error) === "ENOENT") return [];\n';
  assert.match(
    findFormProblems(tree({ "tools/a.ts": asks })).join(),
    /tools\/a\.ts: asks for "ENOENT" alone, must ask isAbsent\(\)/,
  );
  const tells = "if (isAbsent(error)) return [];\n";
  assert.deepEqual(findFormProblems(tree({ "tools/a.ts": tells })), []);
});
