/** A writable folder at one moment: what is at each path below it, and what was left out. */
import { type FileState, isSameState } from "../kept/plan.ts";

export interface TreeEntry {
  /** The same while nothing has changed. */
  readonly stamp: string;
  readonly state: FileState;
}

export interface Tree {
  /** Absolute, without links. */
  readonly root: string;
  /** By path from the root; the root itself is empty. */
  readonly entries: ReadonlyMap<string, TreeEntry>;
  /** Why nothing is known there; at `path/*`, of names that are not among the entries. */
  readonly left: ReadonlyMap<string, string>;
}

/** The key for names of a folder that are not looked at. */
export function othersIn(path: string): string {
  return joinPath(path, "*");
}

export function joinPath(folder: string, name: string): string {
  return folder === "" ? name : `${folder}/${name}`;
}

/** What is there as far as it is known. */
export function stateIn(tree: Tree, path: string): FileState {
  return tree.entries.get(path)?.state ?? { kind: "absent" };
}

/** What was there, or undefined where that is not known. */
export function knownIn(tree: Tree, path: string): FileState | undefined {
  const known = tree.entries.get(path)?.state;
  if (known !== undefined) return known.kind === "unkept" ? undefined : known;
  for (let at = path; at !== ""; at = parentOf(at)) {
    if (tree.left.has(at)) return undefined;
    if (tree.entries.has(at)) break;
    if (tree.left.has(othersIn(parentOf(at)))) return undefined;
  }
  return { kind: "absent" };
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

/** Paths at which two moments differ, sorted. */
export function diffTrees(before: Tree, after: Tree): readonly string[] {
  const paths: string[] = [];
  for (const [path, entry] of before.entries) {
    const now = after.entries.get(path);
    if (now === entry) continue;
    if (now === undefined || !isSameState(entry.state, now.state)) {
      paths.push(path);
    }
  }
  for (const path of after.entries.keys()) {
    if (!before.entries.has(path)) paths.push(path);
  }
  return paths.sort();
}
