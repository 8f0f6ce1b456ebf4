/** What can be chosen in a conversation: models, permissions, rules. */
import { sandboxPolicyOf } from "../../config/settings.ts";
import {
  type KnownModel,
  knownModels,
} from "../../config/provider/model_list.ts";
import { modelInfoOf } from "../../config/provider/models.ts";
import {
  isOpenaiService,
  providerOf,
} from "../../config/provider/providers.ts";
import { SandboxUnavailable, UserError } from "../../protocol/error.ts";
import type { SandboxMode, SandboxPolicy } from "../../protocol/policy.ts";
import { dirname } from "../../util/path.ts";
import type { ReplDesk } from "./open_threads.ts";
import { renderPattern, renderSource } from "../../policy/rules.ts";
import type {
  PermissionPreset,
  SettingsServices,
} from "../../frontends/conversation/services.ts";

/** The services around settings. */
export function settingsServices(desk: ReplDesk): SettingsServices {
  return {
    models: () => Promise.resolve(listModels(desk)),
    modelPatch: (slug, effort) => {
      const { config, catalog } = desk.world.loaded;
      const model = modelInfoOf(config, catalog, slug);
      const wanted = effort ?? config.model_reasoning_effort;
      return Promise.resolve({
        model,
        ...(model.supportsReasoning && wanted !== undefined &&
          { reasoningEffort: wanted }),
      });
    },
    presets: () => listPresets(desk),
    sandboxPolicy: (mode) => policyOf(desk, mode),
    describeSandbox: (policy) => describeSandbox(desk, policy),
    rules: () => {
      const saved = `${desk.world.loaded.codexHome ?? ""}/rules`;
      return Promise.resolve(
        desk.world.rules.current().rules.map((rule) => ({
          rule: `${rule.decision} ${renderPattern(rule)}`,
          source: renderSource(rule),
          isRevocable: dirname(rule.source.file) === saved,
        })),
      );
    },
    revokeRule: async (number) => {
      const { rules } = desk.world;
      const rule = rules.current().rules[number - 1];
      if (rule === undefined) {
        throw new UserError(
          "usage",
          `Cannot revoke rule ${number}: no such rule`,
        );
      }
      await rules.revoke(rule);
    },
  };
}

// The configured one first; OpenAI's own names only where they are served.
function listModels(desk: ReplDesk): readonly KnownModel[] {
  const { config, catalog } = desk.world.loaded;
  const provider = providerOf(config, desk.host);
  return knownModels(config, catalog, {
    isOpenai: isOpenaiService(provider),
  });
}

function listPresets(desk: ReplDesk): readonly PermissionPreset[] {
  return [
    {
      name: "read-only",
      description: "Commands may read; everything else is asked about",
      patch: { approval: "on-request", sandbox: policyOf(desk, "read-only") },
    },
    {
      name: "auto",
      description:
        "Commands may change files here, inside the sandbox; the rest is asked about",
      patch: {
        approval: "on-request",
        sandbox: policyOf(desk, "workspace-write"),
      },
    },
    {
      name: "full-access",
      description: "Commands run without a sandbox and nothing is asked",
      patch: {
        approval: "never",
        sandbox: policyOf(desk, "danger-full-access"),
      },
    },
  ];
}

function policyOf(desk: ReplDesk, mode: SandboxMode): SandboxPolicy {
  const { config, addDirs } = desk.world.loaded;
  return sandboxPolicyOf(config, { addDirs, mode });
}

async function describeSandbox(
  desk: ReplDesk,
  policy: SandboxPolicy,
): Promise<readonly string[]> {
  const { sandbox, loaded } = desk.world;
  try {
    return await sandbox.describePlan(policy, loaded.cwd);
  } catch (error) {
    if (!(error instanceof SandboxUnavailable)) throw error;
    return [error.message];
  }
}
