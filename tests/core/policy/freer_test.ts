import assert from "node:assert/strict";
import { isFreer } from "../../../core/policy/grant.ts";
import type { SandboxPolicy } from "../../../core/protocol/policy.ts";

type WorkspaceWrite = Extract<SandboxPolicy, { mode: "workspace-write" }>;

const NOW: WorkspaceWrite = {
  mode: "workspace-write",
  writableRoots: ["/a"],
  networkAccess: false,
  excludeTmpdirEnvVar: true,
  excludeSlashTmp: true,
  gitCommits: false,
  allowUnixSockets: false,
  denyRead: ["/secret"],
  readable: ["/a"],
  readOnly: ["/a/kept"],
};

Deno.test("a command of the same policy, or of a narrower one, is not freer", () => {
  assert.ok(!isFreer(NOW, NOW));
  assert.ok(!isFreer({ ...NOW, writableRoots: [] }, NOW));
  assert.ok(!isFreer({ ...NOW, denyRead: ["/secret", "/more"] }, NOW));
  assert.ok(!isFreer(undefined, { mode: "danger-full-access" }));
});

const FREER: Readonly<Record<string, SandboxPolicy | undefined>> = {
  "no sandbox": undefined,
  "full access": { mode: "danger-full-access" },
  "another's sandbox": { mode: "external-sandbox", networkAccess: false },
  "an opened folder": { ...NOW, writableRoots: ["/a", "/b"] },
  "the network": { ...NOW, networkAccess: true },
  "less hidden": { ...NOW, denyRead: [] },
  "more to read": { ...NOW, readable: ["/a", "/b"] },
  "less kept": { ...NOW, readOnly: [] },
  "commits": { ...NOW, gitCommits: true },
  "sockets": { ...NOW, allowUnixSockets: true },
  "/tmp": { ...NOW, excludeSlashTmp: false },
};

for (const [what, policy] of Object.entries(FREER)) {
  Deno.test(`a command that has ${what} is freer than the policy of now`, () => {
    assert.ok(isFreer(policy, NOW));
  });
}
