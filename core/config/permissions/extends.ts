/** A permission profile with all it extends laid under it. Pure. */
import { configError } from "../../protocol/error.ts";
import type { Config } from "../file/schema.ts";

export type Profile = Config["permissions"][string];
/** Roots of the workspace: the working folder, `--add-dir`, and the profile's own. */
export const WORKSPACE = ":workspace_roots";

/** `[permissions.<name>]` with all it extends laid under it. */
export function resolveExtends(
  name: string,
  profiles: Config["permissions"],
): Profile {
  const chain: Profile[] = [];
  const seen = new Set<string>();
  for (let at: string | undefined = name; at !== undefined;) {
    const found: Profile | undefined = Object.hasOwn(PARENTS, at)
      ? PARENTS[at]
      : Object.hasOwn(profiles, at)
      ? profiles[at]
      : undefined;
    if (found === undefined || seen.has(at)) {
      const state = seen.has(at)
        ? `it extends itself through "${at}"`
        : `"${at}" cannot be extended or is not defined`;
      throw configError(
        `Cannot use permission profile "${name}": ${state}, must extend ":read-only", ":workspace" or a profile of [permissions]`,
      );
    }
    seen.add(at);
    chain.unshift(found);
    at = found.extends;
  }
  return chain.reduce((below, above) => ({
    ...below,
    ...above,
    workspace_roots: { ...below.workspace_roots, ...above.workspace_roots },
    filesystem: mergeEntries(below.filesystem, above.filesystem),
    network: {
      ...below.network,
      ...above.network,
      domains: { ...below.network.domains, ...above.network.domains },
    },
  }));
}

/** What a profile of `[permissions]` is laid over. */
export function parentOf(
  name: string,
  profiles: Config["permissions"],
): string | undefined {
  return Object.hasOwn(profiles, name) ? profiles[name]?.extends : undefined;
}

const NOTHING = { workspace_roots: {}, network: {} };
const PARENTS: Readonly<Record<string, Profile>> = {
  ":read-only": { ...NOTHING, filesystem: { ":root": "read" } },
  ":workspace": {
    ...NOTHING,
    filesystem: {
      ":root": "read",
      [WORKSPACE]: { ".": "write" },
      ":slash_tmp": "write",
      ":tmpdir": "write",
    },
  },
};

function mergeEntries(
  below: Profile["filesystem"],
  above: Profile["filesystem"],
): Profile["filesystem"] {
  const merged: Record<string, Profile["filesystem"][string]> = { ...below };
  for (const [key, value] of Object.entries(above)) {
    const old = merged[key];
    const isBoth = typeof value === "object" && typeof old === "object";
    merged[key] = isBoth ? { ...old, ...value } : value;
  }
  return merged;
}
