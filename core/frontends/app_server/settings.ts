/** Settings between their words and ours. */
import type { SandboxPolicy } from "../../protocol/policy.ts";
import type { TurnMode, TurnSettings } from "../../protocol/settings.ts";
import { unreachable } from "../../util/assert.ts";
import { refusal } from "./rpc.ts";
import type { SandboxWords, SettingsChanges } from "./words/turn_schema.ts";
import type { ClientThread } from "./services.ts";

/** What changes of a thread's settings. Throws RpcError and UserError. */
export async function loadPatch(
  open: ClientThread,
  changes: SettingsChanges,
): Promise<Partial<TurnSettings>> {
  const { approvalPolicy, sandboxPolicy, cwd } = changes;
  const { model, effort, ...mode } = modeOf(changes);
  if (sandboxPolicy && changes.permissions) {
    throw refusal(
      "Cannot change the settings: sandboxPolicy and permissions say both what may be touched, must be one of them",
    );
  }
  const patch: Partial<TurnSettings> = {
    ...mode,
    ...(model ? open.modelPatch(model, effort ?? undefined) : {}),
    ...(effort && !model && { reasoningEffort: effort }),
    ...(changes.summary && { reasoningSummary: changes.summary }),
    ...(changes.serviceTier && { serviceTier: changes.serviceTier }),
    ...(approvalPolicy && { approval: approvalPolicy }),
    ...(sandboxPolicy && { sandbox: toPolicy(open, sandboxPolicy) }),
    ...(changes.permissions &&
      { sandbox: open.profilePolicy(changes.permissions) }),
    ...(cwd && { cwd: await open.folder(cwd) }),
  };
  const why = open.refuseSettings(patch);
  if (why !== undefined) {
    throw refusal(`Cannot change the settings: ${why}`);
  }
  return patch;
}

// Plan mode is ours: what it says to the model is not the client's to replace.
function modeOf({ collaborationMode, model, effort }: SettingsChanges): {
  readonly model?: string | null | undefined;
  readonly effort?: string | null | undefined;
  readonly mode?: TurnMode | undefined;
} {
  if (!collaborationMode) return { model, effort };
  const { mode, settings } = collaborationMode;
  if (settings.developer_instructions) {
    throw refusal(
      "Cannot change the mode: developer_instructions come with it, must be null; those of a thread are given when it starts",
    );
  }
  return {
    model: settings.model,
    effort: settings.reasoning_effort,
    mode: mode === "plan" ? mode : undefined,
  };
}

/** Their policy as ours: what the configuration hides stays hidden. */
function toPolicy(
  open: Pick<ClientThread, "modePolicy">,
  words: SandboxWords,
): SandboxPolicy {
  switch (words.type) {
    case "dangerFullAccess":
      return open.modePolicy("danger-full-access");
    case "externalSandbox": {
      const networkAccess = words.networkAccess === "enabled";
      return { mode: "external-sandbox", networkAccess };
    }
    case "readOnly": {
      const policy = open.modePolicy("read-only");
      const { networkAccess } = words;
      return policy.mode === "read-only"
        ? { ...policy, networkAccess }
        : policy;
    }
    case "workspaceWrite": {
      const policy = open.modePolicy("workspace-write");
      const { type: _type, ...rest } = words;
      return policy.mode === "workspace-write"
        ? { ...policy, ...rest }
        : policy;
    }
    default:
      return unreachable(words);
  }
}
