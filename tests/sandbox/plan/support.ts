/** Plans and facts for tests of what is made from them. */
import type { LaunchFacts, RootFact } from "../../../sandbox/plan/facts.ts";
import type { ConfinedPolicy } from "../../../sandbox/plan/plan.ts";

type WorkspaceWrite = Extract<ConfinedPolicy, { mode: "workspace-write" }>;

export const READ_ONLY: ConfinedPolicy = {
  mode: "read-only",
  networkAccess: false,
  denyRead: [],
};

/** The default workspace-write, changed where said. */
export function workspaceWrite(
  change: Partial<WorkspaceWrite> = {},
): WorkspaceWrite {
  return {
    mode: "workspace-write",
    writableRoots: [],
    networkAccess: false,
    excludeTmpdirEnvVar: false,
    excludeSlashTmp: false,
    gitCommits: false,
    allowUnixSockets: false,
    denyRead: [],
    ...change,
  };
}

/** Facts of a disk where /home/me/ws is the workspace and nothing else is there. */
export function factsOf(change: Partial<LaunchFacts> = {}): LaunchFacts {
  return {
    cwd: "/home/me/ws",
    roots: [rootOf("/home/me/ws"), rootOf("/tmp", "temporary")],
    skipped: [],
    entries: [],
    repositories: [],
    own: [],
    hidden: [],
    ...change,
  };
}

export function rootOf(
  real: string,
  kind: RootFact["kind"] = "workspace",
  uid = 0,
): RootFact {
  return { path: real, real, kind, uid };
}
