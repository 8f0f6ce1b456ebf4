/** Where a patch writes, as the policy spells it. */
import assert from "node:assert/strict";
import { denoHost } from "../../../core/host/host.ts";
import { readPatchPlan } from "../../../tools/patch/plan.ts";
import { findTargets, namedTargets } from "../../../tools/patch/targets.ts";
import { WORKSPACE } from "../../core/policy/support.ts";
import { makeTree } from "./support_tree.ts";

const { files } = denoHost();

Deno.test("findTargets() resolves every link and keeps the policy's name of a folder", async () => {
  await using outside = await makeTree({ "d/f": "a\n", g: "b\n" });
  await using real = await makeTree({
    f: "a\n",
    inner: { link: "f" },
    away: { link: `${outside.path}/g` },
    dir: { link: `${outside.path}/d` },
  });
  await using places = await makeTree({ ws: { link: real.path } });
  const workspace = `${places.path}/ws`;
  const found = async (
    ...lines: readonly string[]
  ): Promise<readonly string[]> => {
    const text = ["*** Begin Patch", ...lines, "*** End Patch"].join("\n");
    const plan = await readPatchPlan(files, text, { cwd: workspace });
    const policy = { ...WORKSPACE, excludeSlashTmp: true };
    const targets = await findTargets(files, plan, policy, { workspace });
    const named = namedTargets(targets);
    return targets.map(({ path }) =>
      (named[path] === undefined ? path : `${path} < ${named[path]}`)
        .replaceAll(workspace, "IN").replaceAll(outside.path, "OUT")
    );
  };
  assert.deepEqual(
    await found("*** Update File: f", "*** Move to: m", "@@", "-a"),
    ["IN/f", "IN/m"],
  );
  assert.deepEqual(await found("*** Update File: inner", "@@", "-a"), [
    "IN/f < IN/inner",
  ]);
  // Of a link the link itself goes.
  assert.deepEqual(await found("*** Delete File: inner"), ["IN/inner"]);
  assert.deepEqual(await found("*** Update File: away", "@@", "-b"), [
    "OUT/g < IN/away",
  ]);
  assert.deepEqual(
    await found("*** Add File: dir/n", "*** Delete File: dir/f"),
    ["OUT/d/n < IN/dir/n", "OUT/d/f < IN/dir/f"],
  );
  assert.deepEqual(
    await found(`*** Update File: ${outside.path}/g`, "@@", "-b"),
    ["OUT/g"],
  );
});
