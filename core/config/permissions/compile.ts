/** A permission profile -> the sandbox policy it comes to. Pure. */
import { configError, type UserError } from "../../protocol/error.ts";
import type { SandboxPolicy } from "../../protocol/policy.ts";
import { isInside, resolvePath } from "../../util/path.ts";
import type { Config } from "../file/schema.ts";
import { type Entry, parseEntries, type ProfilePlace } from "./entries.ts";
import type { Profile } from "./extends.ts";

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
export function compileProfile(
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
    throw refused(name, '":root" = "write" with anything withheld', "no");
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
    throw refused(name, `${JSON.stringify(path)} = "write"`, "no");
  }
  const cover = denied.find((deny) => path !== deny && isInside(path, deny));
  if (cover !== undefined) {
    throw refused(name, `"write" for ${path} in the denied ${cover}`, "no");
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
  throw refused(name, `"${key}" with "network.enabled"`, "no");
}

function tmpDirs({ tmpDir }: ProfilePlace): readonly string[] {
  return tmpDir === undefined || tmpDir === "" ? [] : [tmpDir];
}

function refused(name: string, what: string, who: string): UserError {
  return configError(
    `Cannot hold permission profile "${name}": ${what}, and ${who} back end can hold that`,
  );
}
