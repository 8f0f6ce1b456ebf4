/** Processes that commands leave to us (PR_SET_CHILD_SUBREAPER of prctl(2)): the dead are collected. */
import { existsProc, isProcPath, readProcText } from "./files/proc_files.ts";
import { reapChild } from "./system/libc.ts";

/** bwrap ends before the first process inside, which may die a moment later. */
const LATE_LOOKS_MS: readonly number[] = [10, 50, 250, 1_000];

let adoptsOrphans = false;
let lateLook: ReturnType<typeof setTimeout> | undefined;

/** From now on every child is started here, and all others that we have are orphans. */
export function adoptOrphans(): void {
  adoptsOrphans = true;
}

/** Collects the dead now and, for a second, those that die after. They count as processes. */
export function reapOrphans(): void {
  if (adoptsOrphans) look(LATE_LOOKS_MS);
}

function look([nextMs, ...later]: readonly number[]): void {
  clearTimeout(lateLook);
  if (nextMs !== undefined) {
    lateLook = setTimeout(() => look(later), nextMs);
  }
  const place = `/proc/self/task/${Deno.pid}/children`;
  if (!isProcPath(place) || !existsProc(place)) return;
  for (const pid of readProcText(place).split(" ")) {
    if (pid !== "") reapChild(Number(pid));
  }
}
