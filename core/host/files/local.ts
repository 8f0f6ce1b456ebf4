/** Whether looking at files can take long here: then somebody may want to interrupt it. */
import { hasDistant } from "./mounts.ts";
import { readProcText } from "./proc_files.ts";

let known: boolean | undefined;

/**
 * Looks in the way that costs least: on a local disk a call takes 10 us and a way through
 * another thread 150, a tenth of the time to the first request. Where any disk is distant
 * all go the other way, for a link may lead there.
 */
export function look<T>(
  atOnce: () => T,
  aside: () => Promise<T>,
): T | Promise<T> {
  known ??= isLocal();
  return known ? atOnce() : aside();
}

function isLocal(): boolean {
  if (Deno.build.os !== "linux") return false;
  try {
    return !hasDistant(readProcText("/proc/self/mounts"));
  } catch {
    return false;
  }
}
