/** What makes a folder a repository, and what of one can run code. */
import type { Host } from "../../core/protocol/host.ts";
import { BARE_PARTS } from "../plan/protected.ts";
import type { GuardItem } from "../plan/plan_guards.ts";
import { OBEYED } from "./git_disarm.ts";

export interface Lacking {
  /** The first part that is not there; undefined of a repository. */
  readonly mark: string | undefined;
  /** There is nothing that git would obey in one. */
  readonly isEmpty: boolean;
}

export async function findLacking(
  { noFollowFiles }: Pick<Host, "noFollowFiles">,
  root: string,
): Promise<Lacking> {
  if (noFollowFiles === undefined) return { mark: undefined, isEmpty: false };
  const isThere = async (name: string): Promise<boolean> =>
    await noFollowFiles.lstat(`${root}/${name}`) !== undefined;
  const marks = await Promise.all(BARE_PARTS.map(isThere));
  const parts = await Promise.all(OBEYED.map(isThere));
  return {
    mark: BARE_PARTS.find((_, at) => !marks[at]),
    isEmpty: !parts.includes(true),
  };
}

/** What of a repository can run code; the rest is git's to change. */
export function partsOfRepository(path: string): readonly GuardItem[] {
  return [
    { path, scope: "entry" },
    { path, scope: "links" },
    { path: `${path}/index`, scope: "judged" },
    ...OBEYED.map((name): GuardItem => ({
      path: `${path}/${name}`,
      scope: name === "modules" || name === "worktrees" ? name : "tree",
    })),
  ];
}

/** The folder of a worktree that the part is one of: without it git does not ask for the part. */
export function worktreeOf(path: string): string | undefined {
  return /^(.*\/worktrees\/[^/]+)\/(?:gitdir|commondir|config\.worktree)$/
    .exec(path)?.[1];
}
