/** Where a task works. */

/** Its folder as it is, or a copy that goes away again. */
export interface Workplace {
  /** Where the run begins. */
  readonly dir: string;
  /** Not the person's own folder. */
  readonly isIsolated: boolean;
  /** What was changed, as a patch; undefined when nothing was, or nobody can tell. */
  patch(): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** Leaves what was changed as a branch, and says its name. */
  branch(name: string): Promise<string | undefined>;
  close(): Promise<void>;
}
