/** What a stage is asked for, and what it can do. */
import type { Files } from "../protocol/host.ts";
import type { StagePlace } from "./places.ts";

export interface StageRequest {
  /** The folder to work on; in a repository all of it is staged. Absolute, without links. */
  readonly root: string;
  /**
   * `worktree`: as git makes one, which takes a commit; `copy`: files alone; `auto`: a
   * worktree where there can be one.
   */
  readonly kind: "worktree" | "copy" | "auto";
  /** A commit to start from; the work tree as it is when absent. */
  readonly ref?: string;
  readonly place: StagePlace;
  /** The disk as the model may see it: what is hidden there is not copied. */
  readonly readable?: Files;
  /** Folders that commands may write to: no program is taken from them. */
  readonly writable?: readonly string[];
  /** Folders that are no part of it, whether they are below the root or not. Without links. */
  readonly without?: readonly string[];
  /** Ends the copying; then nothing is left. */
  readonly signal?: AbortSignal;
}

export interface StagedFile {
  readonly path: string;
  readonly kind: "add" | "update" | "delete";
  /** Its name before. */
  readonly from?: string;
  readonly insertions: number;
  readonly deletions: number;
}

/** What was done in a stage, in git's form. */
export interface StagePatch {
  /** Empty when nothing was changed. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly files: readonly StagedFile[];
  readonly insertions: number;
  readonly deletions: number;
  /** What has changed and is not in the patch, in sentences. */
  readonly leftOut: readonly string[];
}

/** A stage that this process works with. */
export interface Stage {
  readonly id: string;
  readonly kind: "worktree" | "copy";
  /** The copy, which may be changed. */
  readonly path: string;
  /** The folder that was asked for, in the copy. */
  readonly cwd: string;
  /** The folder that it is a copy of. */
  readonly source: string;
  /** Its repository's own folder, where it has one. */
  readonly repository?: string | undefined;
  /** The commit that it started from, where it did. */
  readonly commit?: string | undefined;
  /** What is not in it, in sentences. */
  readonly leftOut: readonly string[];
  /** What is different by now. */
  readPatch(): Promise<StagePatch>;
  /**
   * A branch of the repository with what is in the copy; the id of its commit. One of that
   * name is replaced when its message has the line `own`. Throws UserError.
   */
  commitBranch(name: string, message: string, own?: string): Promise<string>;
  /** Takes everything of it away. */
  remove(): Promise<void>;
  /** Forgets it: the tree stays as it is, and is the person's. */
  leave(): Promise<void>;
}

/** What is copied, and how. */
export interface StageSource {
  /** The top of a work tree, or the folder itself. */
  readonly folder: string;
  readonly kind: Stage["kind"];
}
