/** Plans and facts for tests of what is made from them. */
import type { LaunchFacts, RootFact } from "../../../sandbox/plan/facts.ts";

/** Facts of a disk where /home/me/ws is the workspace and nothing else is there. */
export function factsOf(change: Partial<LaunchFacts> = {}): LaunchFacts {
  return {
    cwd: "/home/me/ws",
    roots: [rootOf("/home/me/ws"), rootOf("/tmp", "temporary")],
    skipped: [],
    entries: [],
    repositories: [],
    deep: { entries: [], repositories: [], skipped: [] },
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
