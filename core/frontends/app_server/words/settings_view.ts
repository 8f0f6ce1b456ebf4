/** The settings of a thread in the words of clients, which know less of them. Pure. */
import type { SandboxPolicy } from "../../../protocol/policy.ts";
import type { TurnSettings } from "../../../protocol/settings.ts";
import { unreachable } from "../../../util/assert.ts";
import type { SandboxWords } from "./turn_schema.ts";

/** Our policy in their words, which know less of it. */
function sandboxView(policy: SandboxPolicy): SandboxWords {
  switch (policy.mode) {
    case "danger-full-access":
      return { type: "dangerFullAccess" };
    case "read-only":
      return { type: "readOnly", networkAccess: policy.networkAccess };
    case "external-sandbox":
      return {
        type: "externalSandbox",
        networkAccess: policy.networkAccess ? "enabled" : "restricted",
      };
    case "workspace-write":
      return {
        type: "workspaceWrite",
        writableRoots: [...policy.writableRoots],
        networkAccess: policy.networkAccess,
        excludeTmpdirEnvVar: policy.excludeTmpdirEnvVar,
        excludeSlashTmp: policy.excludeSlashTmp,
      };
    default:
      return unreachable(policy);
  }
}

/** What holds once a mode is left: the mode itself is told beside it. */
function ownPolicies(
  { approval, sandbox, after }: TurnSettings,
): { readonly approval: unknown; readonly sandbox: SandboxWords } {
  return {
    approval: approvalView(after?.approval ?? approval),
    sandbox: sandboxView(after?.sandbox ?? sandbox),
  };
}

/** The mode as it is chosen, with what it says of the model. */
export function collaborationView(
  settings: TurnSettings,
): Record<string, unknown> {
  return {
    mode: settings.mode === "plan" ? "plan" : "default",
    settings: {
      model: settings.model.slug,
      reasoning_effort: settings.reasoningEffort ?? null,
      developer_instructions: null,
    },
  };
}

/** The answer of a method that opens a thread, but for the thread itself. */
export function settingsView(
  settings: TurnSettings,
  facts: {
    readonly provider: string;
    readonly instructionFiles: readonly { readonly path: string }[];
  },
): Record<string, unknown> {
  const { approval, sandbox } = ownPolicies(settings);
  return {
    model: settings.model.slug,
    modelProvider: facts.provider,
    serviceTier: settings.serviceTier ?? null,
    disabledPluginIds: [],
    cwd: settings.cwd,
    runtimeWorkspaceRoots: [settings.cwd],
    instructionSources: facts.instructionFiles.map(({ path }) => path),
    approvalPolicy: approval,
    approvalsReviewer: "user",
    sandbox,
    activePermissionProfile: null,
    reasoningEffort: settings.reasoningEffort ?? null,
    multiAgentMode: "explicitRequestOnly",
  };
}

/** The settings of a thread as a notification tells them. */
export function threadSettingsView(
  settings: TurnSettings,
  provider: string,
): Record<string, unknown> {
  const { approval, sandbox } = ownPolicies(settings);
  return {
    disabledPluginIds: [],
    cwd: settings.cwd,
    environments: null,
    approvalPolicy: approval,
    approvalsReviewer: "user",
    sandboxPolicy: sandbox,
    activePermissionProfile: null,
    model: settings.model.slug,
    modelProvider: provider,
    serviceTier: settings.serviceTier ?? null,
    effort: settings.reasoningEffort ?? null,
    summary: settings.reasoningSummary ?? null,
    collaborationMode: collaborationView(settings),
    multiAgentMode: "explicitRequestOnly",
    personality: null,
  };
}

// Theirs has no word any more for asking after a failure; that is when we ask then, too.
function approvalView(
  approval: TurnSettings["approval"],
): unknown {
  return approval === "on-failure" ? "on-request" : approval;
}
