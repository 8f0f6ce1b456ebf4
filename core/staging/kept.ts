/** Where the patches of sessions are kept. Apart: whoever opens a session loads this. Pure. */

/** Where the patch of a session that was staged is kept. */
export function stagePatchPath(codexHome: string, threadId: string): string {
  return `${codexHome}/stage_patches/${threadId}.patch`;
}

/** Beside the patch, once it was taken over. */
export function appliedMark(patch: string): string {
  return `${patch}.applied`;
}
