/** What no mount holds: names that are free, and what is compared and put back. Pure. */
import { LIMITS } from "../../core/protocol/limits.ts";
import type { DeepFacts } from "./deep.ts";
import type { LaunchFacts } from "./facts.ts";
import type { EntryFact } from "./protected.ts";
import type { GitFact } from "./git_facts.ts";

/** Something compared after the command, and put back if it changed. */
export interface GuardItem {
  readonly path: string;
  /**
   * The thing itself, all that lies below it, what submodules, worktrees or links out of it
   * are in it, or whether its content has become harmful.
   */
  readonly scope:
    | "entry"
    | "tree"
    | "modules"
    | "worktrees"
    | "links"
    | "judged";
}

interface Guards {
  /** What mounts cannot hold still. */
  readonly guard: readonly GuardItem[];
  /** What needs holding still where there are no mounts. */
  readonly fullGuard: readonly GuardItem[];
}

/** Names and repositories that must not change. */
export type Protected = Pick<LaunchFacts, "entries" | "repositories">;

interface DeepParts {
  readonly held: Protected;
  readonly loose: Protected;
}

/** What lies deeper is held like the rest as far as mounts go, then by the guard alone. */
export function splitDeep({ entries, repositories }: DeepFacts): DeepParts {
  const max = LIMITS.protectedMounts;
  // A link that leads nowhere leaves nothing to mount over.
  const isHeld = ({ real }: EntryFact, at: number): boolean =>
    at < max && real !== undefined;
  const held = entries.filter(isHeld);
  const names = new Set(held.map(({ path }) => path));
  const isHeldGit = (git: GitFact, at: number): boolean =>
    git.isBare ? at < max : names.has(git.entry);
  return {
    held: { entries: held, repositories: repositories.filter(isHeldGit) },
    loose: {
      entries: entries.filter((entry, at) => !isHeld(entry, at)),
      repositories: repositories.filter((git, at) => !isHeldGit(git, at)),
    },
  };
}

/** Protected names that are free. */
export function planAbsent(facts: LaunchFacts, gitCommits: boolean): string[] {
  const { entries, repositories, deep } = facts;
  const open = [...repositories, ...deep.repositories].filter((git) =>
    git.isBare || (gitCommits && git.isOwner)
  );
  return [
    ...entries.filter(({ kind }) => kind === "absent").map(({ path }) => path),
    ...open.flatMap((git) => git.absent),
  ];
}

/** What is looked at before and after: beside mounts, and where there are none. */
export function planGuards(
  top: Protected,
  deep: DeepParts,
  gitCommits: boolean,
): Guards {
  const loose = planGuard(deep.loose);
  // Where commits may be made, so may new submodules, with settings of their own.
  const modules = [...top.repositories, ...deep.held.repositories]
    .filter((git) => gitCommits && git.isOwner)
    .flatMap((git) => [
      ...(["modules", "worktrees"] as const).flatMap((scope): GuardItem[] => {
        const path = git[scope];
        return path === undefined ? [] : [{ path, scope }];
      }),
      ...[...git.unfinished ?? [], ...git.indexes ?? []].map(asJudged),
      ...git.folders.slice(0, 1).map(asLinks),
    ]);
  const bare = [...top.repositories, ...deep.held.repositories]
    .filter(({ isBare }) => isBare)
    .map(({ entry }) => asLinks(entry));
  return {
    guard: [
      ...modules,
      ...bare,
      ...[...top.entries, ...deep.held.entries]
        .filter(({ kind }) => kind === "link")
        .map(({ path }) => asEntry(path)),
      ...loose,
    ],
    fullGuard: [
      ...modules,
      ...planGuard(top),
      ...planGuard(deep.held),
      ...loose,
    ],
  };
}

function planGuard({ entries, repositories }: Protected): GuardItem[] {
  return [
    ...entries.filter(({ kind }) => kind !== "absent").map(({ path }) =>
      path.endsWith("/.git") ? asEntry(path) : asTree(path)
    ),
    ...repositories.flatMap(({ folders }) => folders.map(asEntry)),
    ...repositories.flatMap((git) => [...git.parts, ...git.absent].map(asTree)),
    ...repositories.flatMap(({ indexes = [] }) => indexes.map(asJudged)),
    ...repositories.flatMap(({ folders }) => folders.slice(0, 1).map(asLinks)),
  ];
}

function asEntry(path: string): GuardItem {
  return { path, scope: "entry" };
}

function asTree(path: string): GuardItem {
  return { path, scope: "tree" };
}

function asLinks(path: string): GuardItem {
  return { path, scope: "links" };
}

function asJudged(path: string): GuardItem {
  return { path, scope: "judged" };
}
