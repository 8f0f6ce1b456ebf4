/** SandboxPolicy and facts -> what a command may reach: mounts in order, guard, network. Pure. */
import { SandboxUnavailable, UserError } from "../../core/protocol/error.ts";
import type { SandboxPolicy } from "../../core/protocol/policy.ts";
import { dirname, isInside } from "../../core/util/path.ts";
import type { LaunchFacts } from "./facts.ts";
import type { EntryFact } from "./protected.ts";
import type { GitFact } from "./git_facts.ts";
import {
  type GuardItem,
  planAbsent,
  planGuards,
  type Protected,
  splitDeep,
} from "./plan_guards.ts";
import type { ReadablePlace } from "./places.ts";
import type { ShownPath } from "./shown.ts";
import { planSockets, type SocketPlan } from "./sockets.ts";

/** A policy that needs a sandbox. */
export type ConfinedPolicy = Extract<
  SandboxPolicy,
  { readonly denyRead: readonly string[] }
>;

type MountKind =
  | "writable"
  /** A writable folder that cannot be renamed away, with what lies in it. */
  | "pinned"
  | "read-only"
  | "hidden-file"
  | "hidden-folder";

export interface Mount {
  readonly kind: MountKind;
  readonly path: string;
  /** Not at the top of a root: it may go while the command starts. */
  readonly isDeep?: boolean;
  /** Of something hidden: the program's own, hidden without being asked. */
  readonly isPrivate?: boolean;
  /** Of a hidden folder: what below it can be read all the same. */
  readonly shown?: readonly string[];
}

export interface SandboxPlan extends SocketPlan {
  readonly mode: ConfinedPolicy["mode"];
  readonly cwd: string;
  /** Over a file system that is otherwise read-only; outer before inner. */
  readonly mounts: readonly Mount[];
  /** Protected names that are free: what is made of them is moved aside afterwards. */
  readonly absent: readonly string[];
  /** What mounts cannot hold still. */
  readonly guard: readonly GuardItem[];
  /** What needs holding still where there are no mounts. */
  readonly fullGuard: readonly GuardItem[];
  /** Writable folders for a back end that knows no exceptions below them. */
  readonly plainRoots: readonly string[];
  /** The agent's own folder lies in a writable one, and is yet to be made. */
  readonly lacksOwn: boolean;
  /** The agent's own paths that such a back end would leave open. */
  readonly exposed: readonly string[];
  /** What such a back end lets commands read; everything when absent. */
  readonly shown?: readonly ShownPath[];
  /** The only places that can be read; everything when absent. */
  readonly readable?: readonly ReadablePlace[];
  /** What is kept from changing, or names that stay free, in a writable folder by a profile. */
  readonly kept?: readonly string[];
  readonly networkAccess: boolean;
  /** A writable folder belongs to somebody else: root needs capabilities to write it. */
  readonly isForeign: boolean;
  readonly notes: readonly string[];
  /** What deeper in the roots goes unprotected, in sentences. */
  readonly unprotected: readonly string[];
}

const RANK: Record<MountKind, number> = {
  "pinned": 0,
  "writable": 1,
  "read-only": 2,
  "hidden-file": 3,
  "hidden-folder": 3,
};

/** Throws UserError when the policy contradicts itself on this disk. */
export function planSandbox(
  policy: ConfinedPolicy,
  facts: LaunchFacts,
  agent: { readonly uid: number },
): SandboxPlan {
  const gitCommits = policy.mode === "workspace-write" && policy.gitCommits;
  const own = facts.own.map(({ real, path }) => real ?? path);
  const deep = splitDeep(facts.deep);
  const wanted = [
    ...planMounts(facts, gitCommits),
    ...planProtected(deep.held, gitCommits)
      .map((mount) => ({ ...mount, isDeep: true })),
  ];
  refuseContradictions(wanted, own);
  const mounts = orderMounts(withinReadable(wanted, facts.readable));
  const kept = findKept(facts);
  return {
    mode: policy.mode,
    cwd: facts.cwd,
    mounts,
    absent: [...planAbsent(facts, gitCommits), ...kept.absent],
    kept: kept.paths,
    ...(facts.readable !== undefined && { readable: facts.readable }),
    ...planGuards(facts, deep, gitCommits),
    lacksOwn: facts.own.some(({ kind, path }) =>
      kind === "absent" &&
      facts.roots.some(({ real }) => isInside(path, real))
    ),
    ...planPlainRoots(facts, mounts, own),
    ...(facts.shown !== undefined && { shown: facts.shown }),
    networkAccess: policy.networkAccess,
    ...planSockets(policy, facts.closedSockets),
    isForeign: agent.uid === 0 &&
      facts.roots.some(({ uid, kind }) => uid !== 0 && kind !== "temporary"),
    notes: facts.skipped,
    unprotected: facts.deep.skipped,
  };
}

function planMounts(facts: LaunchFacts, gitCommits: boolean): Mount[] {
  const { roots, own, hidden, kept = [] } = facts;
  return [
    ...roots.map(({ real }): Mount => ({ kind: "writable", path: real })),
    ...planProtected(facts, gitCommits),
    ...own.flatMap(planEntry),
    ...kept.flatMap(planEntry),
    ...hidden.map(({ kind, ...fact }): Mount => ({
      kind: kind === "file" ? "hidden-file" : "hidden-folder",
      ...fact,
    })),
  ];
}

function planProtected(
  { entries, repositories }: Protected,
  gitCommits: boolean,
): Mount[] {
  return [
    ...entries.filter((entry) => !isGitFolder(entry)).flatMap(planEntry),
    ...repositories.flatMap((git) => planRepository(git, gitCommits)),
  ];
}

// Its folder is among those of its repository.
function isGitFolder({ path, kind }: EntryFact): boolean {
  return kind === "folder" && path.endsWith("/.git");
}

// A link cannot be mounted over: its target is held still here, the link by the guard.
function planEntry({ path, kind, real }: EntryFact): Mount[] {
  if (kind === "absent") return [];
  if (real === undefined) {
    throw new SandboxUnavailable(
      `Cannot protect ${path}: it is a broken link, must be removed or lead to something that exists`,
    );
  }
  return [{ kind: "read-only", path: real }];
}

function planRepository(git: GitFact, gitCommits: boolean): Mount[] {
  const parts = git.parts.map((path): Mount => ({ kind: "read-only", path }));
  if (git.isBare) return parts;
  if (!gitCommits || !git.isOwner) {
    return git.folders.map((path) => ({ kind: "read-only", path }));
  }
  return [
    ...git.folders.map((path): Mount => ({ kind: "writable", path })),
    ...parts,
  ];
}

function refuseContradictions(
  wanted: readonly Mount[],
  own: readonly string[],
): void {
  const open = wanted.filter(({ kind }) => kind === "writable");
  const hidden = wanted.filter(({ kind }) => kind === "hidden-folder");
  for (const { path } of open) {
    const home = own.find((ours) => isInside(path, ours));
    if (home !== undefined) {
      throw new UserError(
        "sandbox",
        `Cannot make ${path} writable: it lies in ${home}, must be outside of the agent's own files`,
      );
    }
    const cover = hidden.find((mount) => isInside(path, mount.path));
    if (cover !== undefined) {
      throw new UserError(
        "sandbox",
        `Cannot hide ${cover.path}: it holds ${path}, must not hold a writable folder`,
      );
    }
  }
}

/**
 * Outer before inner, each path once with its strictest kind, and nothing that an
 * enclosing read-only mount makes needless or that would open it again.
 */
function orderMounts(wanted: readonly Mount[]): readonly Mount[] {
  const strictest = new Map<string, Mount>();
  for (const mount of [...wanted, ...planPins(wanted)]) {
    const known = strictest.get(mount.path);
    if (known === undefined || RANK[mount.kind] > RANK[known.kind]) {
      strictest.set(mount.path, mount);
    }
  }
  const sorted = [...strictest.values()].sort((left, right) =>
    depth(left.path) - depth(right.path) ||
    (left.path < right.path ? -1 : 1)
  );
  const kept: Mount[] = [];
  for (const mount of sorted) {
    const around = kept.findLast(({ path }) => isInside(mount.path, path));
    const isOpen = around?.kind === "writable" || around?.kind === "pinned";
    const isHiding = mount.kind.startsWith("hidden") &&
      !around?.kind.startsWith("hidden");
    if (mount.kind === "writable" || isHiding || isOpen) kept.push(mount);
  }
  return kept;
}

// Renaming a folder above a protected one would take the protected one away with it, and
// leave its name free. A mount point cannot be renamed (EBUSY).
function planPins(wanted: readonly Mount[]): Mount[] {
  const open = wanted.filter(({ kind }) => kind === "writable");
  return wanted.flatMap(({ path, isDeep }) => {
    const between: Mount[] = [];
    for (let at = dirname(path); at !== "/"; at = dirname(at)) {
      const isBelow = open.some((root) =>
        root.path !== at && isInside(at, root.path)
      );
      if (isBelow) {
        between.push({ kind: "pinned", path: at, ...(isDeep && { isDeep }) });
      }
    }
    return between;
  });
}

function findKept(
  { kept = [], roots }: LaunchFacts,
): { readonly paths: readonly string[]; readonly absent: readonly string[] } {
  const open = kept.filter(({ real, path }) =>
    roots.some((root) =>
      root.real !== path && isInside(real ?? path, root.real)
    )
  );
  return {
    paths: open.map(({ real, path }) => real ?? path),
    absent: open.filter(({ kind }) => kind === "absent").map(({ path }) =>
      path
    ),
  };
}

// What cannot be read at all needs no hiding.
function withinReadable(
  wanted: readonly Mount[],
  readable: LaunchFacts["readable"],
): readonly Mount[] {
  if (readable === undefined) return wanted;
  const open = [
    ...wanted.filter(({ kind }) => kind === "writable").map(({ path }) => path),
    ...readable.map(({ real }) => real),
  ];
  return wanted.filter(({ kind, path }) =>
    kind === "writable" || open.some((root) => isInside(path, root))
  );
}

// Without mounts a right to a folder is a right to all below it. A temporary folder that
// holds our own files is left out; a workspace that does cannot be served.
function planPlainRoots(
  facts: LaunchFacts,
  mounts: readonly Mount[],
  own: readonly string[],
): Pick<SandboxPlan, "plainRoots" | "exposed"> {
  const temporary = facts.roots.filter(({ kind }) => kind === "temporary")
    .map(({ real }) => real);
  const holdsOwn = (root: string): boolean =>
    own.some((path) => isInside(path, root));
  const roots = mounts.filter(({ kind }) => kind === "writable")
    .map(({ path }) => path)
    .filter((path) => !(temporary.includes(path) && holdsOwn(path)));
  return {
    plainRoots: roots,
    exposed: own.filter((path) => roots.some((root) => isInside(path, root))),
  };
}

function depth(path: string): number {
  return path.split("/").length;
}
