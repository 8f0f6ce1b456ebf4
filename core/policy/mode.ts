/** Modes in which nothing changes: what they leave of the policies. Pure. */
import type { SandboxPolicy } from "../protocol/policy.ts";
import type { TurnMode, TurnSettings } from "../protocol/settings.ts";

/**
 * The settings a turn runs with. In a mode the sandbox is read-only without network, whatever
 * the person has chosen for the time after it, and nobody is asked; what is hidden stays
 * hidden.
 */
export function confine(settings: TurnSettings): TurnSettings {
  const { mode, approval, sandbox } = settings;
  return mode === undefined ? settings : Object.freeze({
    ...settings,
    approval: "never",
    sandbox: withoutChanges(sandbox),
    after: { approval, sandbox },
  });
}

/** Why something is refused in a mode: the end of a sentence. */
export function modeReason(mode: TurnMode): string {
  switch (mode) {
    case "plan":
      return "plan mode changes nothing, and nobody is asked before the plan is accepted";
    case "review":
      return "a review changes nothing, and nobody is asked";
  }
}

function withoutChanges(policy: SandboxPolicy): SandboxPolicy {
  const { denyRead = [], readable } = "denyRead" in policy ? policy : {};
  return {
    mode: "read-only",
    networkAccess: false,
    denyRead,
    ...(readable !== undefined && { readable }),
  };
}
