/** A folder that programs of a turn can write to: as it was last seen, and what was theirs. */
import type { SandboxPolicy } from "../../../protocol/policy.ts";
import { relativeTo } from "../../../util/path.ts";
import { type FileState, isSameState, type LeftOut } from "../kept/plan.ts";
import { isRepository } from "./skipped.ts";
import { stateIn, type Tree } from "./tree.ts";

/** A program that may change files. */
export interface Program {
  readonly cwd: string;
  readonly sandbox: SandboxPolicy;
  /** In words, for who asks later what changed a file. */
  readonly what: string;
  /** Others of this turn may follow it at any time: what changes until its end is the turn's. */
  readonly isWhole: boolean;
  readonly signal?: AbortSignal | undefined;
}

interface WatchedChange {
  readonly path: string;
  readonly before: FileState;
  readonly after: FileState;
  readonly by: string;
  readonly isMixed: boolean;
}

/** What a turn's programs did, and where nobody looked. */
export interface WatchedTurn {
  readonly changes: readonly WatchedChange[];
  readonly left: readonly LeftOut[];
}

/** A folder in a turn. */
export interface Watched {
  readonly root: string;
  tree: Tree;
  /** What is on the disk for a crash. */
  noted: Tree | undefined;
  turnId: string;
  own: Map<string, { readonly before: FileState; by: string }>;
  mixed: Set<string>;
}

/** What programs of the turn changed there. */
export function changesOf(
  { root, tree, own, mixed }: Watched,
): readonly WatchedChange[] {
  return [...own].map(([path, { before, by }]) => ({
    path: absolute(root, path),
    before,
    after: stateIn(tree, path),
    by,
    isMixed: mixed.has(path),
  })).filter(({ before, after }) => !isSameState(before, after));
}

/** Where nobody knows what they changed. */
export function leftOf({ root, tree }: Watched): readonly LeftOut[] {
  return [...tree.left]
    .map(([path, reason]) => ({ path: absolute(root, path), reason }))
    .filter(({ path }) => !isRepository(path));
}

export function absolute(root: string, path: string): string {
  return path === "" ? root : `${root}/${path}`;
}

/** The path from the root; undefined when it does not lie there. */
export function below(path: string, root: string): string | undefined {
  if (path === root) return "";
  const at = relativeTo(path, root);
  return at === path ? undefined : at;
}
