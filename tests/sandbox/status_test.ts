/** What a session says of its sandbox. */
import assert from "node:assert/strict";
import type { Backend } from "../../sandbox/backends/backend.ts";
import type { SandboxPlan } from "../../sandbox/plan/plan.ts";
import { buildStatus } from "../../sandbox/status.ts";

const PLAN = {
  mode: "workspace-write",
  networkAccess: false,
  unixSockets: false,
  notes: [],
  mounts: ["/tmp", "/w", "/w/.git/objects"].map((path) => ({
    kind: "writable",
    path,
  })),
  // The program lies in /tmp, and there are no exceptions below a folder.
  plainRoots: ["/w", "/w/.git/objects"],
} as unknown as SandboxPlan;

Deno.test("buildStatus() names the folders that the back end really opens", () => {
  const landlock = { kind: "landlock", name: "landlock", abi: 6 };
  assert.deepEqual(
    buildStatus(landlock as unknown as Backend, PLAN, "").writable,
    ["/w"],
  );
  const bwrap = { kind: "bwrap", name: "bwrap", features: { ownProc: true } };
  assert.deepEqual(
    buildStatus(bwrap as unknown as Backend, PLAN, "").writable,
    ["/tmp", "/w"],
  );
});
