/** What the guard did, in words for the model and the person. Pure. */
import { LIMITS } from "../../core/protocol/limits.ts";
import type { GuardChanges } from "./guard.ts";

const GUARD = "The sandbox";

/** One line for each kind of thing that was done. */
export function describeChanges(changes: GuardChanges): string[] {
  const line = (what: string, paths: readonly string[]): string[] => {
    if (paths.length === 0) return [];
    const more = paths.length - LIMITS.notedPaths;
    const rest = more > 0 ? ` and ${more} more` : "";
    return [`${what}: ${paths.slice(0, LIMITS.notedPaths).join(", ")}${rest}`];
  };
  return [
    ...line(`${GUARD} restored protected files`, changes.restored),
    ...line(`${GUARD} moved protected files aside`, changes.moved),
    ...line(`${GUARD} could not restore protected files`, changes.failed),
  ];
}

/** Whether it is one of these lines. */
export function isGuardNote(note: string): boolean {
  return note.startsWith(GUARD);
}
