/** Where files may be written. */
import assert from "node:assert/strict";
import { isWritable, writableRoots } from "../../../core/policy/writable.ts";
import { EXTERNAL, FULL, WORKSPACE } from "./support.ts";
import { READ_ONLY } from "../../support/settings.ts";

const places = { workspace: "/ws", tmpDir: "/var/t/" };

Deno.test("writableRoots() follows the policy's mode and switches", () => {
  assert.deepEqual(writableRoots(WORKSPACE, places), [
    "/ws",
    "/extra",
    "/tmp",
    "/var/t",
  ]);
  assert.deepEqual(
    writableRoots(
      {
        ...WORKSPACE,
        excludeSlashTmp: true,
        excludeTmpdirEnvVar: true,
      } as typeof WORKSPACE,
      places,
    ),
    ["/ws", "/extra"],
  );
  assert.deepEqual(writableRoots(READ_ONLY, places), []);
  assert.equal(writableRoots(FULL, places), "everything");
  assert.equal(writableRoots(EXTERNAL, places), "everything");
});

Deno.test("isWritable() holds for files in a root that are not protected", () => {
  for (
    const path of [
      "/ws/a",
      "/extra/a/b",
      "/tmp/x",
      "/var/t/x",
      "/ws/.github/x",
      "/ws/a/.codex",
      "rel",
    ]
  ) {
    assert.equal(isWritable(path, WORKSPACE, places), true, path);
  }
  for (
    const path of [
      "/wsx/a",
      "/etc/passwd",
      "/ws/../etc/x",
      "/ws/.git/hooks/x",
      "/ws/sub/.git/config",
      "/ws/.GIT/x",
      "/ws/.codex/x",
      "/extra/.agents/x",
      "/ws/.git",
    ]
  ) {
    assert.equal(isWritable(path, WORKSPACE, places), false, path);
  }
  assert.equal(isWritable("/etc/passwd", FULL, places), true);
  assert.equal(isWritable("/ws/a", READ_ONLY, places), false);
});
