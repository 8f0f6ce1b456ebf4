/** The modes of a session: what each comes to, and which are more than was given. */
import assert from "node:assert/strict";
import {
  currentMode,
  sessionModes,
} from "../../../../core/frontends/acp/words/modes.ts";
import { confine } from "../../../../core/policy/mode.ts";
import type {
  SandboxMode,
  SandboxPolicy,
} from "../../../../core/protocol/policy.ts";
import { SETTINGS } from "../support.ts";

const HIDDEN = ["/home/me/.ssh"];

function modePolicy(mode: SandboxMode): SandboxPolicy {
  switch (mode) {
    case "read-only":
      return { mode, networkAccess: false, denyRead: HIDDEN };
    case "workspace-write":
      return {
        mode,
        writableRoots: [],
        networkAccess: false,
        excludeTmpdirEnvVar: false,
        excludeSlashTmp: false,
        gitCommits: false,
        allowUnixSockets: false,
        denyRead: HIDDEN,
      };
    case "external-sandbox":
      return { mode, networkAccess: false };
    case "danger-full-access":
      return { mode };
  }
}

function wider(configured: SandboxPolicy): string[] {
  return sessionModes({ configured, modePolicy })
    .filter(({ isWider }) => isWider).map(({ id }) => id);
}

Deno.test("a mode is asked for when it allows more than is configured", () => {
  assert.deepEqual(wider(modePolicy("read-only")), ["workspace", "full"]);
  assert.deepEqual(wider(modePolicy("workspace-write")), ["full"]);
  assert.deepEqual(wider(modePolicy("external-sandbox")), ["full"]);
  assert.deepEqual(wider(modePolicy("danger-full-access")), []);
});

Deno.test("what the configuration hides stays hidden in every mode with a sandbox", () => {
  const configured: SandboxPolicy = {
    mode: "read-only",
    networkAccess: false,
    denyRead: HIDDEN,
    readable: ["/proj"],
  };
  const patches = sessionModes({ configured, modePolicy }).flatMap((
    { id, patch: { sandbox } },
  ) => sandbox === undefined || id === "full" ? [] : [sandbox]);
  assert.equal(patches.length, 2);
  for (const policy of patches) {
    assert.ok("denyRead" in policy);
    assert.deepEqual([policy.denyRead, policy.readable], [HIDDEN, ["/proj"]]);
  }
});

Deno.test("a session of a configured sandbox has it among its modes, as it is configured", () => {
  const configured: SandboxPolicy = {
    mode: "external-sandbox",
    networkAccess: true,
  };
  const modes = sessionModes({ configured, modePolicy });
  assert.deepEqual(
    modes.map(({ id }) => id),
    ["read-only", "plan", "workspace", "full", "external"],
  );
  assert.equal(modes.at(-1)?.patch.sandbox, configured);
});

Deno.test("plan mode is the current one whatever the sandbox, and the sandbox is after it", () => {
  const settings = { ...SETTINGS, sandbox: modePolicy("workspace-write") };
  assert.equal(currentMode(settings), "workspace");
  const planning = confine({ ...settings, mode: "plan" });
  assert.equal(planning.sandbox.mode, "read-only");
  assert.equal(currentMode(planning), "plan");
});
