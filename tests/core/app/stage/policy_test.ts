import assert from "node:assert/strict";
import {
  planStagePolicy,
  viewStageChanges,
} from "../../../../core/app/stage/policy.ts";
import type { SandboxPolicy } from "../../../../core/protocol/policy.ts";

const PATHS = {
  path: "/cache/id/project",
  source: "/home/me/project",
  cwd: "/home/me/project/sub",
  repository: "/home/me/project/.git",
};
const TEMPORARY = { slashTmp: "/tmp", tmpDir: "/home/me/tmp" };
const WRITE: Extract<SandboxPolicy, { mode: "workspace-write" }> = {
  mode: "workspace-write",
  writableRoots: [],
  networkAccess: false,
  excludeTmpdirEnvVar: false,
  excludeSlashTmp: false,
  gitCommits: true,
  allowUnixSockets: false,
  denyRead: [],
};

Deno.test("writable folders in the staged one are those of the copy, and one around it is closed", () => {
  const policy = {
    ...WRITE,
    writableRoots: ["/home/me/project/out", "/home/me", "/data"],
  };
  assert.deepEqual(planStagePolicy(policy, PATHS, TEMPORARY), {
    ...WRITE,
    writableRoots: ["/cache/id/project/out", "/data"],
    readOnly: ["/home/me/project", "/home/me/project/.git"],
    gitCommits: false,
  });
  assert.deepEqual(viewStageChanges(policy, PATHS, TEMPORARY), [
    "The folder /home/me is not writable in a staged run: /home/me/project lies in it",
    "Commands cannot commit in a staged run: the repository is the real one",
  ]);
});

Deno.test("a temporary folder that holds the staged one is closed", () => {
  const paths = { ...PATHS, source: "/tmp/project", cwd: "/tmp/project" };
  const policy = planStagePolicy(WRITE, paths, TEMPORARY);
  assert.deepEqual(policy, {
    ...WRITE,
    excludeSlashTmp: true,
    gitCommits: false,
    readOnly: ["/tmp/project", "/home/me/project/.git"],
  });
});

Deno.test("what is hidden, kept or alone readable is so in both places", () => {
  for (const mode of ["read-only", "workspace-write"] as const) {
    const base: SandboxPolicy = mode === "read-only"
      ? { mode, networkAccess: false, denyRead: [] }
      : WRITE;
    const policy = planStagePolicy(
      {
        ...base,
        denyRead: ["secret", "/etc/x"],
        readOnly: ["/home/me/project/kept"],
        readable: ["/home/me/project", "/usr"],
      },
      PATHS,
      TEMPORARY,
    );
    assert.ok("denyRead" in policy);
    assert.deepEqual(policy.denyRead, [
      "/home/me/project/sub/secret",
      "/cache/id/project/sub/secret",
      "/etc/x",
    ]);
    assert.deepEqual(policy.readable, [
      "/home/me/project",
      "/cache/id/project",
      "/usr",
    ]);
    assert.deepEqual(policy.readOnly, [
      "/home/me/project/kept",
      "/cache/id/project/kept",
      "/home/me/project",
      "/home/me/project/.git",
    ]);
  }
});
