/** Lists for clients: models, skills, profiles. */
import type { LoadedConfig } from "../../config/load.ts";
import { knownModels } from "../../config/provider/model_list.ts";
import { modelInfoOf } from "../../config/provider/models.ts";
import {
  isOpenaiService,
  providerOf,
} from "../../config/provider/providers.ts";
import { sandboxPolicyOf } from "../../config/permissions/permissions.ts";
import { loadSkills } from "../../context/skills/skills.ts";
import { parseParams } from "../../frontends/app_server/rpc.ts";
import type { OtherMethods } from "../../frontends/app_server/services.ts";
import { pageOf } from "../../frontends/wire/pages.ts";
import { PageParams } from "../../frontends/app_server/words/schema.ts";
import {
  ProfileParams,
  SkillsParams,
} from "../../frontends/app_server/words/settings_schema.ts";
import { UserError } from "../../protocol/error.ts";
import type { SandboxPolicy } from "../../protocol/policy.ts";
import type { ModelChoice } from "../../protocol/settings.ts";
import type { ServeBase } from "./base.ts";

export function listMethods(base: ServeBase): OtherMethods {
  return new Map<string, (params: unknown) => Promise<unknown>>([
    ["model/list", (params) => listModels(base, params)],
    ["skills/list", (params) => listSkills(base, params)],
    ["permissionProfile/list", (params) => listProfiles(base, params)],
    ["collaborationMode/list", () => Promise.resolve({ data: MODES })],
  ]);
}

const MODES = [["Plan", "plan"], ["Default", "default"]].map((
  [name, mode],
) => ({
  name,
  mode,
  model: null,
  reasoning_effort: null,
}));

/** The models of a folder's configuration. Throws UserError. */
export async function loadModels(
  base: ServeBase,
  cwd?: string,
): Promise<LoadedConfig & { readonly models: readonly ModelChoice[] }> {
  const loaded = await base.load(cwd);
  const { config, catalog } = loaded;
  const isOpenai = isOpenaiService(providerOf(config, base.host));
  return { ...loaded, models: knownModels(config, catalog, { isOpenai }) };
}

async function listModels(base: ServeBase, params: unknown): Promise<unknown> {
  const wanted = parseParams(PageParams, params);
  const { config, catalog, models } = await loadModels(base);
  return pageOf(
    models.map(({ slug, efforts }) => {
      const info = modelInfoOf(config, catalog, slug);
      return {
        id: slug,
        model: slug,
        upgrade: null,
        upgradeInfo: null,
        availabilityNux: null,
        displayName: slug,
        description: "",
        modelSpecialty: null,
        hidden: false,
        supportedReasoningEfforts: efforts.map((reasoningEffort) => ({
          reasoningEffort,
          description: "",
        })),
        defaultReasoningEffort: info.reasoningEffort ??
          (efforts.length === 0 ? "none" : "medium"),
        inputModalities: info.supportsImages ? ["text", "image"] : ["text"],
        supportsPersonality: false,
        multiAgentVersion: null,
        additionalSpeedTiers: [],
        serviceTiers: [],
        defaultServiceTier: null,
        availableAccessPrograms: null,
        isDefault: slug === config.model,
      };
    }),
    wanted,
  );
}

async function listSkills(base: ServeBase, params: unknown): Promise<unknown> {
  const { cwds } = parseParams(SkillsParams, params);
  const folders = cwds?.length ? cwds : [undefined];
  const data = await Promise.all(folders.map(async (folder) => {
    const loaded = await base.load(folder);
    const policy = sandboxPolicyOf(loaded);
    const home = base.host.homeDir();
    const files = base.sandbox.readable(policy, loaded.cwd);
    const { skills, warnings } = await loadSkills({ files }, {
      cwd: loaded.cwd,
      codexHome: base.codexHome,
      ...(home !== undefined && { home }),
      rootMarkers: loaded.config.project_root_markers,
      config: loaded.config.skills.config,
    });
    return {
      cwd: folder ?? loaded.cwd,
      skills: skills.map(({ name, description, path, scope }) => ({
        name,
        description,
        path,
        scope,
        enabled: true,
        pluginId: null,
      })),
      errors: warnings.map((message) => ({ path: loaded.cwd, message })),
    };
  }));
  return { data };
}

async function listProfiles(
  base: ServeBase,
  params: unknown,
): Promise<unknown> {
  const wanted = parseParams(ProfileParams, params);
  const { permissions, managed } = await base.load(wanted.cwd);
  const allowed = (name: string): boolean => {
    const policy = policyOrNone(() => permissions.policyOf(name));
    return policy !== undefined &&
      managed?.refusal({ sandbox: policy }) === undefined;
  };
  return pageOf(
    permissions.names.map((id) => ({
      id,
      description: null,
      allowed: allowed(id),
    })),
    wanted,
  );
}

function policyOrNone(of: () => SandboxPolicy): SandboxPolicy | undefined {
  try {
    return of();
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}
