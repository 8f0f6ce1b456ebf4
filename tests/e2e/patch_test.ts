/** Patches by the built program that reach beyond the workspace: asked as they are, and kept apart. */
import assert from "node:assert/strict";
import type { JsonObject } from "../../core/util/json/json.ts";
import { customCall, say } from "../support/mock_script.ts";
import { stage } from "./support.ts";

Deno.test("a patch through a link is asked about by its real file, and only that one leaves the sandbox", async () => {
  const outside = await Deno.makeTempDir({ prefix: "outside-" });
  await Deno.writeTextFile(`${outside}/rc`, "a\n");
  try {
    await using s = await stage({
      script: [
        customCall(
          "apply_patch",
          "*** Begin Patch\n*** Add File: in.txt\n+in\n" +
            "*** Update File: notes/rc\n@@\n-a\n+b\n*** End Patch\n",
        ),
        say("Done."),
      ],
      config: {
        top:
          "[sandbox_workspace_write]\nexclude_slash_tmp = true\nexclude_tmpdir_env_var = true",
      },
      files: { "x.txt": "x\n" },
    });
    await Deno.symlink(outside, `${s.home.work}/notes`);
    const run = await s.json("patch it", {
      sandbox: "workspace-write",
      args: [
        "--ask-for-approval",
        "on-request",
        "--approvals",
        `exec:cat > '${s.home.root}/question'; echo '{"decision":"approve"}'`,
      ],
    });
    assert.equal(run.code, 0, run.stderr);
    const question: JsonObject = JSON.parse(
      await Deno.readTextFile(`${s.home.root}/question`),
    );
    assert.deepEqual(question["targets"], [
      {
        path: `${outside}/rc`,
        named: `${s.home.work}/notes/rc`,
        outside: true,
      },
      { path: `${s.home.work}/in.txt`, named: null, outside: false },
    ]);
    assert.equal(await Deno.readTextFile(`${outside}/rc`), "b\n");
    assert.equal(await Deno.readTextFile(`${s.home.work}/in.txt`), "in\n");
  } finally {
    await Deno.remove(outside, { recursive: true });
  }
});
