import assert from "node:assert/strict";
import { denoHost } from "../../../core/host/host.ts";
import { LIMITS } from "../../../core/protocol/limits.ts";
import { runApplyPatch } from "../../../tools/patch/command.ts";
import { PATCH_CASES, type PatchCase } from "./cases.ts";
import { makeTree, readTree, viewTree } from "./support_tree.ts";

const host = denoHost();

Deno.test("runApplyPatch() does to files what the table says", async (t) => {
  for (const one of PATCH_CASES) {
    await t.step(one.name, () => checkCase(one));
  }
});

async function checkCase(one: PatchCase): Promise<void> {
  await using folder = await makeTree(one.before);
  const result = await runApplyPatch({
    host,
    patch: one.patch,
    cwd: folder.path,
  });
  const error = one.error?.replaceAll("{dir}", folder.path);
  assert.equal(result.stderr, error === undefined ? "" : `${error}\n`);
  assert.equal(result.exitCode, error === undefined ? 0 : 1);
  assert.deepEqual(
    await readTree(folder.path),
    viewTree(one.after ?? one.before),
  );
  const [headline, ...summary] = result.stdout.trimEnd().split("\n");
  if (error !== undefined) return assert.equal(result.stdout, "");
  assert.equal(headline, "Success. Updated the following files:");
  if (one.summary !== undefined) assert.deepEqual(summary, one.summary);
}

Deno.test("the table has cases for success and for failure, each named once", () => {
  const names = PATCH_CASES.map((one) => one.name);
  assert.equal(new Set(names).size, names.length);
  assert.ok(PATCH_CASES.length >= 80);
  for (const { name, after, error } of PATCH_CASES) {
    assert.ok((after === undefined) !== (error === undefined), name);
  }
});

Deno.test("runApplyPatch() takes absolute paths and paths above the folder", async () => {
  await using folder = await makeTree({ "in/f": "a\n" });
  const patch = [
    "*** Begin Patch",
    `*** Update File: ${folder.path}/in/f`,
    "@@",
    "-a",
    "+A",
    "*** Add File: ../out",
    "+x",
    "*** End Patch",
  ].join("\n");
  const cwd = `${folder.path}/in`;
  const result = await runApplyPatch({ host, patch, cwd });
  assert.deepEqual(result, {
    exitCode: 0,
    stdout:
      `Success. Updated the following files:\nA ../out\nM ${folder.path}/in/f\n`,
    stderr: "",
  });
  assert.deepEqual(await readTree(folder.path), { "in/f": "A\n", out: "x\n" });
});

Deno.test("runApplyPatch() refuses what is too large", async () => {
  await using folder = await makeTree({});
  const large = `${folder.path}/large`;
  await Deno.writeTextFile(large, "");
  await Deno.truncate(large, LIMITS.patchFileBytes + 1);
  const run = (patch: string) =>
    runApplyPatch({ host, patch, cwd: folder.path });
  const wrap = (body: string): string =>
    `*** Begin Patch\n${body}\n*** End Patch`;
  assert.equal(
    (await run(wrap("*** Update File: large\n@@\n+x"))).stderr,
    `Failed to read file to update ${large}: ${
      LIMITS.patchFileBytes + 1
    } bytes, must be at most ${LIMITS.patchFileBytes}\n`,
  );
  assert.equal(
    (await run(wrap(`*** Add File: g\n+${"x".repeat(LIMITS.patchBytes)}`)))
      .stderr,
    `Invalid patch: The patch is larger than ${LIMITS.patchBytes} bytes\n`,
  );
  const many = Array.from(
    { length: LIMITS.patchFiles + 1 },
    (_, at) => `*** Add File: n${at}`,
  );
  assert.equal(
    (await run(wrap(many.join("\n")))).stderr,
    `Invalid patch: The patch has more than ${LIMITS.patchFiles} files\n`,
  );
  const left = await Array.fromAsync(Deno.readDir(folder.path));
  assert.deepEqual(left.map((entry) => entry.name), ["large"]);
});

Deno.test("runApplyPatch() deletes a file too large to be read", async () => {
  await using folder = await makeTree({ f: "" });
  await Deno.truncate(`${folder.path}/f`, LIMITS.patchFileBytes + 1);
  const patch = "*** Begin Patch\n*** Delete File: f\n*** End Patch";
  const result = await runApplyPatch({ host, patch, cwd: folder.path });
  assert.equal(result.exitCode, 0, result.stderr);
  assert.deepEqual(await readTree(folder.path), {});
});
