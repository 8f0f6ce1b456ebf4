/** Name and version of the program, and of what it promises to those who read its events. */

export const PROGRAM = "rondo";
export const VERSION = "0.1.0";

/** `major.minor` of the event schema: fields and types are only added within one major. */
export const EVENT_SCHEMA = "1.7";

/** The global symbol under which the build leaves the commit it was made from. */
export const COMMIT_SYMBOL = "commit";

/** The global symbol of the day of that commit. */
export const DATE_SYMBOL = "commit-date";

/** The day of the commit of this build, `2026-01-31`; empty from source. */
export function buildDate(): string {
  const date: unknown = Reflect.get(globalThis, Symbol.for(DATE_SYMBOL));
  return typeof date === "string" ? date : "";
}

/** The commit of this build, with "+" where files were changed since; "unknown" from source. */
export function buildCommit(): string {
  const commit: unknown = Reflect.get(globalThis, Symbol.for(COMMIT_SYMBOL));
  return typeof commit === "string" ? commit : "unknown";
}
