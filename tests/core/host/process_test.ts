/** What a role of the program keeps, tried in processes of their own. */
import assert from "node:assert/strict";
import { ROLE_PERMISSIONS } from "../../../core/host/process.ts";

const MODULE = new URL("../../../core/host/process.ts", import.meta.url).href;

Deno.test("keepOnly() gives up everything else, for good", async () => {
  const names = ROLE_PERMISSIONS["apply-patch"];
  const code = `
    const { heldPermissions, keepOnly } = await import("${MODULE}");
    keepOnly(${JSON.stringify(names)});
    keepOnly(["read", "write", "net", "env", "run", "sys"]);
    console.log(JSON.stringify(heldPermissions()));
    try { Deno.env.get("HOME"); console.log("env"); } catch { console.log("refused"); }
  `;
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-check",
      "--no-prompt",
      "--allow-all",
      `data:text/javascript,${encodeURIComponent(code)}`,
    ],
  }).output();
  const lines = new TextDecoder().decode(stdout).trim().split("\n");
  assert.deepEqual(
    lines,
    ['["read","write"]', "refused"],
    new TextDecoder().decode(stderr),
  );
});
