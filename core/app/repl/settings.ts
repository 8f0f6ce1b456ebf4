/** Settings of a conversation: models, permissions, rules. */
import { knownModels } from "../../config/provider/model_list.ts";
import {
  isOpenaiService,
  providerOf,
} from "../../config/provider/providers.ts";
import { modelPatchOf } from "../../config/settings.ts";
import { SandboxUnavailable, usageError } from "../../protocol/error.ts";
import type { SandboxMode, SandboxPolicy } from "../../protocol/policy.ts";
import type { ModelChoice, TurnSettings } from "../../protocol/settings.ts";
import { dirname } from "../../util/path.ts";
import type { OpenThreads } from "./open_threads.ts";
import { renderPattern, renderSource } from "../../policy/rules.ts";
import type {
  SettingsServices,
} from "../../frontends/conversation/services.ts";

export function settingsServices(threads: OpenThreads): SettingsServices {
  return {
    models: () => listModels(threads),
    modelPatch: (slug, effort) =>
      modelPatchOf(threads.runtime.loaded, slug, effort),
    presets: () => [
      {
        name: "read-only",
        description: "Commands may read; asks before anything else",
        patch: {
          approval: "on-request",
          sandbox: policyOf(threads, "read-only"),
        },
      },
      {
        name: "auto",
        description:
          "Commands may edit files here, inside the sandbox; asks before anything else",
        patch: {
          approval: "on-request",
          sandbox: policyOf(threads, "workspace-write"),
        },
      },
      {
        name: "full-access",
        description: "Commands run without a sandbox; never asks",
        patch: {
          approval: "never",
          sandbox: policyOf(threads, "danger-full-access"),
        },
      },
    ],
    profiles: () => threads.runtime.loaded.permissions.names,
    profilePolicy: (name) => threads.runtime.loaded.permissions.policyOf(name),
    refuseSettings: (patch) => threads.runtime.loaded.managed?.refusal(patch),
    sandboxPolicy: (mode) => policyOf(threads, mode),
    describeSandbox: (policy) => describeSandbox(threads, policy),
    sandboxBackend: (settings) => sandboxBackend(threads, settings),
    rules: () => {
      const saved = `${threads.runtime.loaded.codexHome ?? ""}/rules`;
      return threads.runtime.rules.current().rules.map((rule) => ({
        rule: `${rule.decision} ${renderPattern(rule)}`,
        source: renderSource(rule),
        isRevocable: dirname(rule.source.file) === saved,
      }));
    },
    revokeRule: async (number) => {
      const { rules } = threads.runtime;
      const rule = rules.current().rules[number - 1];
      if (rule === undefined) {
        throw usageError(`Cannot revoke rule ${number}: no such rule`);
      }
      await rules.revoke(rule);
    },
  };
}

// The configured one first; OpenAI's own names only where they are served.
function listModels(threads: OpenThreads): readonly ModelChoice[] {
  const { config, catalog } = threads.runtime.loaded;
  const provider = providerOf(config, threads.host);
  return knownModels(config, catalog, {
    isOpenai: isOpenaiService(provider),
  });
}

function policyOf(threads: OpenThreads, mode: SandboxMode): SandboxPolicy {
  return threads.runtime.loaded.permissions.modePolicy(mode);
}

async function sandboxBackend(
  { runtime: { sandbox } }: OpenThreads,
  { sandbox: policy, cwd }: Pick<TurnSettings, "sandbox" | "cwd">,
): Promise<string> {
  try {
    return (await sandbox.sandboxStatus(policy, cwd)).backend;
  } catch (error) {
    if (!(error instanceof SandboxUnavailable)) throw error;
    return "none, commands are refused";
  }
}

async function describeSandbox(
  threads: OpenThreads,
  policy: SandboxPolicy,
): Promise<readonly string[]> {
  const { sandbox, loaded } = threads.runtime;
  try {
    return await sandbox.describePlan(policy, loaded.cwd);
  } catch (error) {
    if (!(error instanceof SandboxUnavailable)) throw error;
    return [error.message];
  }
}
