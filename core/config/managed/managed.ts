/** Managed policy: what the machine's administrator allows, over every flag and file. */
import { UserError } from "../../protocol/error.ts";
import type { Host } from "../../protocol/host.ts";
import type { ApprovalPolicy, SandboxPolicy } from "../../protocol/policy.ts";
import type { TurnSettings } from "../../protocol/settings.ts";
import { expandHome } from "../../util/path.ts";
import { canonicalJson, type Json } from "../../util/json/json.ts";
import { readOptional } from "../file/files.ts";
import type { Config } from "../file/schema.ts";
import {
  emptyTable,
  isTable,
  parseToml,
  type TomlTable,
  type TomlValue,
} from "../file/toml.ts";
import { type Requirements, RequirementsFile } from "./requirements.ts";

export interface Managed {
  readonly requirements: Requirements;
  /** The file, for messages. */
  readonly file: string;
  /** Why settings may not be chosen; undefined when they may. */
  readonly refusal: (patch: Partial<TurnSettings>) => string | undefined;
}

/** What has to be laid over the configuration, and what to say about it. */
interface Demand {
  readonly tree: TomlTable;
  readonly warnings: readonly string[];
}

/** Reads `requirements.toml`; one that cannot be read or held ends the run. Throws UserError. */
export async function readManaged(
  host: Host,
  folder: string,
  legacy: TomlTable | undefined,
): Promise<Managed | undefined> {
  const file = `${folder}/requirements.toml`;
  const text = await readOptional(host, file);
  const parsed = text === undefined
    ? {}
    : parseRequirements(parseToml(text, file), file);
  const requirements = withLegacy(parsed, legacy);
  if (Object.keys(requirements).length === 0) return undefined;
  const source = text === undefined ? `${folder}/managed_config.toml` : file;
  checkHeld(requirements, source);
  return {
    requirements,
    file: source,
    refusal: (patch) => refusalOf(requirements, source, patch),
  };
}

function parseRequirements(tree: TomlTable, file: string): Requirements {
  const { success, data, error } = RequirementsFile.safeParse(tree);
  if (success) return data;
  const issue = error.issues[0];
  const keys = issue?.code === "unrecognized_keys"
    ? issue.keys.map((key) => [...issue.path, key].join(".")).join(", ")
    : issue?.path.join(".") ?? "";
  const state = issue?.code === "unrecognized_keys"
    ? "is not known, or not built, here"
    : "has a wrong value";
  throw new UserError(
    "config",
    `Cannot obey ${file}: "${keys}" ${state}; no run is better than one outside of the policy`,
  );
}

// The old file's two settings allow that one value, and reading.
function withLegacy(
  requirements: Requirements,
  legacy: TomlTable | undefined,
): Requirements {
  const mode = legacy?.["sandbox_mode"];
  const approval = legacy?.["approval_policy"];
  const old = {
    ...(mode !== undefined && { allowed_sandbox_modes: ["read-only", mode] }),
    ...(approval !== undefined && { allowed_approval_policies: [approval] }),
  };
  return { ...old as Requirements, ...requirements };
}

function checkHeld(requirements: Requirements, file: string): void {
  const { allowed_sandbox_modes: modes } = requirements;
  const { allowed_login_methods: logins, allowed_approvals_reviewers: who } =
    requirements;
  const problem = modes !== undefined && !modes.includes("read-only")
    ? 'allowed_sandbox_modes: it lacks "read-only", must have it'
    : logins !== undefined && !logins.includes("api")
    ? 'allowed_login_methods: it lacks "api", and only API keys are supported'
    : who !== undefined && !who.includes("user")
    ? 'allowed_approvals_reviewers: it lacks "user", and nobody else reviews'
    : undefined;
  if (problem === undefined) return;
  throw new UserError("config", `Cannot obey ${problem} (${file})`);
}

function refusalOf(
  requirements: Requirements,
  file: string,
  { approval, sandbox }: Partial<TurnSettings>,
): string | undefined {
  const allowed = requirements.allowed_approval_policies;
  if (approval !== undefined && !isAllowed(allowed, approval)) {
    return `approval policy ${wordOf(approval)} is not allowed, must be ${
      list(allowed ?? [])
    } (${file})`;
  }
  const modes = modesOf(requirements);
  if (sandbox === undefined || modes === undefined) return undefined;
  return modes.includes(sandbox.mode)
    ? undefined
    : `sandbox ${sandbox.mode} is not allowed, must be ${
      list(modes)
    } (${file})`;
}

function isAllowed(
  allowed: readonly unknown[] | undefined,
  value: unknown,
): boolean {
  return allowed === undefined ||
    allowed.some((one) =>
      canonicalJson(one as Json) === canonicalJson(value as Json)
    );
}

// What is hidden can only be hidden by a sandbox.
function modesOf(
  { allowed_sandbox_modes: modes, permissions }: Requirements,
): readonly string[] | undefined {
  const hides = (permissions?.filesystem?.deny_read ?? []).length > 0;
  if (!hides) return modes;
  return (modes ?? ["read-only", "workspace-write"]).filter((mode) =>
    mode === "read-only" || mode === "workspace-write"
  );
}

/** What the policy changes about a configuration, whoever set it. Throws UserError. */
export function demand(
  managed: Managed,
  config: Config,
  { sandbox, profile, home }: {
    readonly sandbox: SandboxPolicy;
    readonly profile: string | undefined;
    readonly home: string | undefined;
  },
): Demand {
  const { requirements, file } = managed;
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
    tree["default_permissions"] = chosen ?? ":read-only";
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
  const { filesystem: _taken, ...profiles } = requirements.permissions ?? {};
  if (Object.keys(profiles).length > 0) {
    tree["permissions"] = profiles as TomlTable;
  }
  return { tree, warnings };
}

function demandTools(
  requirements: Requirements,
  config: Config,
  tree: TomlTable,
  say: (key: string, value: unknown) => void,
): void {
  const searches = requirements.allowed_web_search_modes;
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
    const identity = Object.hasOwn(servers, name)
      ? servers[name]?.identity
      : undefined;
    const isKnown = identity !== undefined &&
      ("command" in identity
        ? server.command === identity.command
        : server.url === identity.url);
    if (isKnown) continue;
    off[name] = { enabled: false };
    if (server.enabled) say(`mcp_servers.${name}.enabled`, false);
  }
  if (isTable(off) && Object.keys(off).length > 0) tree["mcp_servers"] = off;
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
  throw new UserError(
    "config",
    `Cannot use approval_policy = "never": ${file} does not allow sandbox danger-full-access, choose another approval policy or an allowed sandbox`,
  );
}

function wordOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function list(values: readonly (ApprovalPolicy | string)[]): string {
  return values.map(wordOf).join(", ");
}
