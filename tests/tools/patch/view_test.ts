import assert from "node:assert/strict";
import { denoHost } from "../../../core/host/host.ts";
import { LIMITS } from "../../../core/protocol/limits.ts";
import { byteLength } from "../../../core/util/text/text.ts";
import { type PatchPlan, readPatchPlan } from "../../../tools/patch/plan.ts";
import { renderChanges } from "../../../tools/patch/diff.ts";
import { makeTree, readTree, viewTree } from "./support_tree.ts";

const { files } = denoHost();

function plan(
  folder: string,
  ...lines: readonly string[]
): Promise<PatchPlan> {
  const text = ["*** Begin Patch", ...lines, "*** End Patch"].join("\n");
  return readPatchPlan(files, text, { cwd: folder });
}

Deno.test("renderChanges() shows each hunk with absolute paths and its diff", async () => {
  await using folder = await makeTree({ f: "a\nb\n", g: "g\n", h: "h\n" });
  const { path } = folder;
  const { steps } = await plan(
    path,
    "*** Add File: x/n",
    "+1",
    "*** Update File: f",
    "*** Move to: m",
    "@@",
    "-a",
    "+A",
    "*** Delete File: g",
    "*** Add File: h",
    "+H",
  );
  assert.deepEqual(renderChanges(steps), [
    {
      path: `${path}/x/n`,
      kind: "add",
      diff: `--- /dev/null\n+++ ${path}/x/n\n@@ -0,0 +1,1 @@\n+1\n`,
    },
    {
      path: `${path}/f`,
      kind: "update",
      movedTo: `${path}/m`,
      diff: `--- ${path}/f\n+++ ${path}/m\n@@ -1,2 +1,2 @@\n-a\n+A\n b\n`,
    },
    {
      path: `${path}/g`,
      kind: "delete",
      diff: `--- ${path}/g\n+++ /dev/null\n@@ -1,1 +0,0 @@\n-g\n`,
    },
    {
      path: `${path}/h`,
      kind: "add",
      diff: `--- ${path}/h\n+++ ${path}/h\n@@ -1,1 +1,1 @@\n-h\n+H\n`,
    },
  ]);
});

Deno.test("renderChanges() bounds each diff and all together", async () => {
  await using folder = await makeTree({});
  const long = Array.from(
    { length: 3_000 },
    (_, at) => `+${at} ${"x".repeat(40)}`,
  );
  const lines = Array.from({ length: 12 }, (_, at) => [
    `*** Add File: n${at}`,
    ...long,
  ]).flat();
  const changes = renderChanges((await plan(folder.path, ...lines)).steps);
  const sizes = changes.map((change) => byteLength(change.diff ?? ""));
  // The line that tells what was left out comes on top.
  const slack = 100;
  assert.equal(changes.length, 12);
  assert.ok(sizes.every((size) => size <= LIMITS.patchDiffBytes + slack));
  assert.ok(
    sizes.reduce((sum, size) => sum + size) <=
      LIMITS.patchDetailBytes + 12 * slack,
  );
  assert.match(changes[0]?.diff ?? "", /more lines of this diff\]\n$/);
  assert.equal(changes[11]?.diff, undefined);
});

Deno.test("readPatchPlan() reads and changes nothing", async () => {
  const tree = { f: "a\n", g: "b\n", l: { link: "f" } };
  await using folder = await makeTree(tree);
  const { effects } = await plan(
    folder.path,
    "*** Update File: l",
    "@@",
    "-a",
    "+A",
    "*** Delete File: g",
    "*** Add File: x/y",
    "+1",
  );
  assert.deepEqual(await readTree(folder.path), viewTree(tree));
  assert.deepEqual(
    effects.map(({ target, path, after }) => [
      target.slice(folder.path.length),
      path.slice(folder.path.length),
      after === undefined ? undefined : new TextDecoder().decode(after),
    ]),
    [["/f", "/l", "A\n"], ["/g", "/g", undefined], ["/x/y", "/x/y", "1\n"]],
  );
});

Deno.test("readPatchPlan() leaves out what comes to nothing", async () => {
  await using folder = await makeTree({ f: "a\n" });
  const { effects, steps } = await plan(
    folder.path,
    "*** Add File: n",
    "+1",
    "*** Delete File: n",
  );
  assert.deepEqual(effects, []);
  assert.equal(steps.length, 2);
});
