/** A file that starts programs or reads for the model does not slip in unseen. */
import assert from "node:assert/strict";
import { findReachProblems } from "../../scripts/checks/reach.ts";
import { loadFiles } from "../../scripts/checks/source.ts";

const files = await loadFiles(
  decodeURIComponent(new URL("../..", import.meta.url).pathname),
);

function problemsWith(path: string, text: string): readonly string[] {
  const others = files.filter((file) => file.path !== path);
  return findReachProblems([...others, { path, text: `/** X. */\n${text}` }]);
}

Deno.test("every file that starts or reads has its reason", () => {
  assert.deepEqual(findReachProblems(files), []);
});

Deno.test("a new starter, a new reader and a second git are found", () => {
  assert.deepEqual(problemsWith("core/app/new.ts", "host.spawn({})"), [
    "core/app/new.ts: starts programs, must have a reason in scripts/checks/reach.ts",
  ]);
  assert.deepEqual(problemsWith("tools/new.ts", "host.files.readText(x)"), [
    "tools/new.ts: reads the disk, must have a reason in scripts/checks/reach.ts",
  ]);
  for (
    const start of [
      "const { spawn } = host;\nspawn({})",
      "host.spawn?.({})",
      'host["spawn"]({})',
      "new Deno.Command(x)",
    ]
  ) {
    assert.equal(problemsWith("core/model/new.ts", start).length, 1, start);
  }
  for (
    const [path, read] of [
      ["core/session/turn/new.ts", "files.readText(x)"],
      ["core/model/new.ts", "const { readBytes } = files;\nreadBytes(x)"],
      ["core/context/new.ts", 'files["readRange"](x, 0, 1)'],
    ] as const
  ) assert.equal(problemsWith(path, read).length, 1, read);
  const git = 'runProgram(host, { argv: ["git"] })';
  assert.deepEqual(problemsWith("core/session/hooks/hooks.ts", git), [
    "core/session/hooks/hooks.ts: starts git, must ask core/app/git.ts instead",
  ]);
});

Deno.test("a reason that is no longer needed is found", () => {
  assert.deepEqual(problemsWith("tools/view_image.ts", ""), [
    "tools/view_image.ts: no longer reads the disk, must leave scripts/checks/reach.ts",
  ]);
});
