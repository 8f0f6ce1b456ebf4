/** What managed policy changes about a configuration, whoever set it. Pure. */
import { configError } from "../../protocol/error.ts";
import type { SandboxPolicy } from "../../protocol/policy.ts";
import { expandHome } from "../../util/path.ts";
import type { Config } from "../file/schema.ts";
import {
  emptyTable,
  isTable,
  type TomlTable,
  type TomlValue,
} from "../file/toml.ts";
import { isAllowed, isKnownServer, wordOf } from "./allowed.ts";
import type { Managed } from "./managed.ts";
import type { Requirements } from "./requirements.ts";

/** What the policy changes about a configuration, whoever set it. Throws UserError. */
export function demand(
  managed: Managed,
  config: Config,
  { sandbox, profile, home }: {
    readonly sandbox: SandboxPolicy;
    readonly profile: string | undefined;
    readonly home: string | undefined;
  },
): { readonly tree: TomlTable; readonly warnings: readonly string[] } {
  const { requirements, file } = managed;
  refuseSameName(managed, config);
  const tree = emptyTable();
  const warnings: string[] = [];
  const say = (key: string, value: unknown): void => {
    warnings.push(
      `${key} is not what was asked for, but ${
        wordOf(value)
      }: ${file} allows no other`,
    );
  };
  const approvals = requirements.allowed_approval_policies;
  if (!isAllowed(approvals, config.approval_policy)) {
    tree["approval_policy"] = approvals?.[0] as TomlValue;
    say("approval_policy", approvals?.[0]);
  }
  const allowed = requirements.allowed_permission_profiles;
  const isWithheld = allowed !== undefined && allowed[profile ?? ""] !== true;
  const chosen = requirements.default_permissions;
  if (isWithheld) {
    tree["default_permissions"] = chosen ?? ":workspace";
    say("default_permissions", tree["default_permissions"]);
  } else if (managed.refusal({ sandbox }) !== undefined) {
    refuseBlind(managed, config, tree, sandbox);
    tree["sandbox_mode"] = "read-only";
    say("sandbox_mode", "read-only");
  }
  demandTools(requirements, config, tree, say);
  const hidden = requirements.permissions?.filesystem?.deny_read ?? [];
  if (hidden.length > 0) {
    tree["sandbox_workspace_write"] = {
      deny_read: [
        ...config.sandbox_workspace_write.deny_read,
        ...hidden.map((path) =>
          home === undefined ? path : expandHome(path, home)
        ),
      ],
    };
  }
  const profiles = managedProfiles(requirements);
  if (Object.keys(profiles).length > 0) tree["permissions"] = profiles;
  return { tree, warnings };
}

function managedProfiles({ permissions = {} }: Requirements): TomlTable {
  const { filesystem: _taken, ...profiles } = permissions;
  return profiles as TomlTable;
}

// Laid over each other they would be neither the policy's nor the person's.
function refuseSameName({ requirements, file }: Managed, config: Config): void {
  const name = Object.keys(managedProfiles(requirements))
    .find((one) => Object.hasOwn(config.permissions, one));
  if (name === undefined) return;
  throw configError(
    `Cannot use permission profile "${name}": ${file} defines one of that name, must have another`,
  );
}

function demandTools(
  requirements: Requirements,
  config: Config,
  tree: TomlTable,
  say: (key: string, value: unknown) => void,
): void {
  const searches = searchesOf(requirements);
  const search = config.web_search ?? "cached";
  if (
    searches !== undefined && search !== "disabled" &&
    !searches.includes(search)
  ) {
    const fallback = (["cached", "live"] as const).find((one) =>
      searches.includes(one)
    ) ?? "disabled";
    tree["web_search"] = fallback;
    if (config.web_search !== undefined) say("web_search", fallback);
  }
  const pins = {
    ...requirements.feature_requirements,
    ...requirements.features,
  };
  if (Object.keys(pins).length > 0) tree["features"] = pins;
  for (const [name, asked] of Object.entries(config.features)) {
    const pin = Object.hasOwn(pins, name) ? pins[name] : asked;
    if (asked === !pin) say(`features.${name}`, pin);
  }
  if (requirements.allow_login_shell !== undefined) {
    tree["allow_login_shell"] = requirements.allow_login_shell;
  }
  if (requirements.hooks !== undefined) {
    const { managed_dir: _dir, windows_managed_dir: _win, ...hooks } =
      requirements.hooks as TomlTable;
    tree["hooks"] = hooks;
  }
  const servers = requirements.mcp_servers;
  if (servers === undefined) return;
  const off = emptyTable();
  for (const [name, server] of Object.entries(config.mcp_servers)) {
    if (isKnownServer(requirements, name, server)) continue;
    off[name] = { enabled: false };
    if (server.enabled) say(`mcp_servers.${name}.enabled`, false);
  }
  if (isTable(off) && Object.keys(off).length > 0) tree["mcp_servers"] = off;
}

// Features that are pinned off take their modes away, too.
function searchesOf(
  { allowed_web_search_modes: modes, features, feature_requirements: older }:
    Requirements,
): readonly string[] | undefined {
  const { web_search_request: live, web_search_cached: cached } = {
    ...older,
    ...features,
  };
  if (live !== false && cached !== false) return modes;
  return (modes ?? ["disabled", "cached", "indexed", "live"]).filter((mode) =>
    mode === "live" ? live !== false : mode === "disabled" ||
      (live === false ? cached === true : cached !== false)
  );
}

// Codex does not start either: nothing could be done, and nobody could be asked.
function refuseBlind(
  { file }: Managed,
  config: Config,
  tree: TomlTable,
  sandbox: SandboxPolicy,
): void {
  const approval = tree["approval_policy"] ?? config.approval_policy;
  if (sandbox.mode !== "danger-full-access" || approval !== "never") return;
  throw configError(
    `Cannot use approval_policy = "never": ${file} does not allow sandbox danger-full-access, choose another approval policy or an allowed sandbox`,
  );
}
