/** Which permission profile is in force, and what each of them comes to. Pure. */
import { configError, type UserError } from "../../protocol/error.ts";
import type { SandboxMode, SandboxPolicy } from "../../protocol/policy.ts";
import { unreachable } from "../../util/assert.ts";
import { isInside, resolvePath } from "../../util/path.ts";
import { closestWord } from "../../util/text/similar.ts";
import type { Config } from "../file/schema.ts";
import type { TomlTable } from "../file/toml.ts";
import { type Entry, parseEntries, type ProfilePlace } from "./entries.ts";
import { type Profile, resolveExtends } from "./extends.ts";

/** The profiles that need no table, and the sandbox mode that each is. */
const BUILT_IN: Readonly<Record<string, SandboxMode>> = {
  ":read-only": "read-only",
  ":workspace": "workspace-write",
  ":danger-full-access": "danger-full-access",
};

export interface Permissions {
  /** The profile in force; undefined where `sandbox_mode` says what holds. */
  readonly active: string | undefined;
  /** All that can be chosen, the built-in ones first. */
  readonly names: readonly string[];
  /** What a profile comes to. Throws UserError "config". */
  policyOf(name: string): SandboxPolicy;
  /** A mode of the sandbox; what the configured profile hides stays hidden. */
  modePolicy(mode: SandboxMode): SandboxPolicy;
}

/** The profile of the strongest layer that sets a profile or a mode; in one layer the profile. */
export function activeProfile(
  trees: readonly TomlTable[],
): string | undefined {
  const tree = trees.findLast((one) =>
    one["default_permissions"] !== undefined ||
    one["sandbox_mode"] !== undefined
  );
  const name = tree?.["default_permissions"];
  return typeof name === "string" ? name : undefined;
}

/** `trees`: what was set, weakest first. Throws UserError "config" when a profile cannot be held. */
export function openPermissions(
  config: Config,
  trees: readonly TomlTable[],
  place: ProfilePlace,
): Permissions {
  const { permissions: profiles, sandbox_workspace_write: table } = config;
  const names = [...Object.keys(BUILT_IN), ...Object.keys(profiles)];
  const policyOf = (name: string): SandboxPolicy => {
    const mode = Object.hasOwn(BUILT_IN, name) ? BUILT_IN[name] : undefined;
    if (mode !== undefined) return policyOfMode(config, mode, place.addDirs);
    if (!Object.hasOwn(profiles, name)) throw unknownProfile(name, names);
    return compileProfile(name, resolveExtends(name, profiles), place, table);
  };
  const active = activeProfile(trees);
  const reserved = Object.keys(profiles).find((name) => name.startsWith(":"));
  if (reserved !== undefined) {
    throw configError(
      `Cannot define permission profile "${reserved}": names that begin with ":" are built in, must begin with another character`,
    );
  }
  const configured = config.default_permissions;
  const isChosen = trees.some((tree) =>
    ["default_permissions", "sandbox_mode"].some((key) =>
      tree[key] !== undefined
    )
  );
  if (!isChosen && Object.keys(profiles).length > 0) {
    throw configError(
      'Cannot use [permissions]: "default_permissions" is missing, must name the profile to use',
    );
  }
  const policy = configured === undefined ? undefined : policyOf(configured);
  if (active !== undefined && active !== configured) policyOf(active);
  const hidden = policy !== undefined && "denyRead" in policy
    ? policy.denyRead
    : [];
  return {
    active,
    names,
    policyOf,
    modePolicy: (mode) => {
      const wanted = policyOfMode(config, mode, place.addDirs);
      if (!("denyRead" in wanted)) return wanted;
      return {
        ...wanted,
        denyRead: [...new Set([...wanted.denyRead, ...hidden])],
      };
    },
  };
}

function policyOfMode(
  config: Config,
  mode: SandboxMode,
  addDirs: readonly string[],
): SandboxPolicy {
  const table = config.sandbox_workspace_write;
  switch (mode) {
    case "read-only":
      return { mode, networkAccess: false, denyRead: table.deny_read };
    case "workspace-write":
      return {
        mode,
        writableRoots: [...new Set([...table.writable_roots, ...addDirs])],
        networkAccess: table.network_access,
        excludeTmpdirEnvVar: table.exclude_tmpdir_env_var,
        excludeSlashTmp: table.exclude_slash_tmp,
        gitCommits: table.git_commits,
        allowUnixSockets: table.allow_unix_sockets,
        ...(table.build_caches && { buildCaches: true }),
        denyRead: table.deny_read,
      };
    case "danger-full-access":
      return { mode };
    case "external-sandbox":
      return { mode, networkAccess: table.network_access };
    default:
      return unreachable(mode);
  }
}

function unknownProfile(name: string, names: readonly string[]): UserError {
  const close = closestWord(name, names);
  return configError(
    `Cannot use permission profile "${name}": it is not defined, must be one of ${
      names.map((one) => `"${one}"`).join(", ")
    }` + (close === undefined ? "" : `, did you mean "${close}"?`),
  );
}

/** What of the system programs need to start, by system. */
const MINIMAL: Readonly<Record<ProfilePlace["os"], readonly string[]>> = {
  linux: [
    "/bin",
    "/sbin",
    "/usr",
    "/etc",
    "/lib",
    "/lib64",
    "/nix/store",
    "/run/current-system/sw",
    "/proc",
    "/sys",
  ],
  darwin: [
    "/bin",
    "/sbin",
    "/usr",
    "/private/etc",
    "/private/var/db",
    "/System",
    "/Library",
    "/opt/homebrew",
    "/dev",
  ],
  windows: [],
};

/** Throws UserError "config" where an entry is wrong, or no back end could hold it. */
function compileProfile(
  name: string,
  profile: Profile,
  place: ProfilePlace,
  table: Config["sandbox_workspace_write"],
): SandboxPolicy {
  const entries = parseEntries(name, profile, place);
  const { special, paths } = entries;
  const networkAccess = networkOf(name, profile);
  const full = ({ path }: Entry): string => resolvePath(place.cwd, path);
  const of = (access: Entry["access"]): readonly Entry[] =>
    paths.filter((entry) => entry.access === access);
  if (special[":root"] === "write") {
    const isOpen = networkAccess &&
      paths.every(({ access }) => access === "write");
    if (isOpen) return { mode: "danger-full-access" };
    throw refused(name, '":root" = "write" with anything withheld');
  }
  const writes = of("write").map((entry) => ({ ...entry, path: full(entry) }));
  for (const { path } of writes) {
    checkWrite(name, path, of("deny").map(full), place);
  }
  const tmp = (key: string): boolean => special[key] === "write";
  const denyRead = [
    ...table.deny_read,
    ...of("deny").map(({ path }) => path === "" ? "." : path),
    ...(special[":slash_tmp"] === "deny" ? ["/tmp"] : []),
    ...(special[":tmpdir"] === "deny" ? tmpDirs(place) : []),
  ];
  const reads = of("read").map(({ path }) => path === "" ? "." : path);
  const parts = {
    profile: name,
    networkAccess,
    denyRead,
    ...(special[":root"] !== "read" && {
      readable: [
        ...(special[":minimal"] === "read" ? MINIMAL[place.os] : []),
        ...reads,
        ...writes.map(({ path }) => path),
        ...(special[":slash_tmp"] !== undefined ? ["/tmp"] : []),
        ...(special[":tmpdir"] !== undefined ? tmpDirs(place) : []),
      ],
    }),
    ...(reads.length > 0 && { readOnly: reads }),
  };
  if (writes.length === 0 && !tmp(":tmpdir") && !tmp(":slash_tmp")) {
    return { mode: "read-only", ...parts };
  }
  const excludeWorkspace = !writes.some(({ path }) => path === place.cwd);
  return {
    mode: "workspace-write",
    ...parts,
    writableRoots: writes.map(({ path }) => path)
      .filter((path) => path !== place.cwd),
    excludeTmpdirEnvVar: !tmp(":tmpdir") || table.exclude_tmpdir_env_var,
    excludeSlashTmp: !tmp(":slash_tmp") || table.exclude_slash_tmp,
    gitCommits: entries.opensGit,
    allowUnixSockets: false,
    ...(excludeWorkspace && { excludeWorkspace }),
  };
}

function checkWrite(
  name: string,
  path: string,
  denied: readonly string[],
  { home }: ProfilePlace,
): void {
  if (path === "/" || path === home) {
    throw refused(name, `${JSON.stringify(path)} = "write"`);
  }
  const cover = denied.find((deny) => path !== deny && isInside(path, deny));
  if (cover !== undefined) {
    throw refused(name, `"write" for ${path} in the denied ${cover}`);
  }
}

// A proxy that would let some names through is not built.
function networkOf(name: string, { network }: Profile): boolean {
  if (network.enabled !== true) return false;
  const key = Object.keys(network.domains ?? {}).length > 0
    ? "network.domains"
    : network.mode === "limited"
    ? "network.mode"
    : network.mitm !== undefined
    ? "network.mitm"
    : undefined;
  if (key === undefined) return true;
  throw refused(name, `"${key}" with "network.enabled"`);
}

function tmpDirs({ tmpDir }: ProfilePlace): readonly string[] {
  return tmpDir === undefined || tmpDir === "" ? [] : [tmpDir];
}

function refused(name: string, what: string): UserError {
  return configError(
    `Cannot hold permission profile "${name}": ${what}, and no back end can hold that`,
  );
}

/** The sandbox that holds: of the permission profile, else of `sandbox_mode`. */
export function sandboxPolicyOf(
  { config, permissions }: {
    readonly config: Pick<Config, "sandbox_mode">;
    readonly permissions: Permissions;
  },
): SandboxPolicy {
  return permissions.active === undefined
    ? permissions.modePolicy(config.sandbox_mode)
    : permissions.policyOf(permissions.active);
}
