/** The names that git and agents obey, and what was found under them. */
import { dirname } from "../../core/util/path.ts";

/** What a root or a folder in it may hold that git or an agent obeys. */
export const PROTECTED_NAMES = [
  ".git",
  ".codex",
  ".agents",
  ".mcp.json",
] as const;

/** What git takes a folder without `.git` for a repository by (gitrepository-layout(5)). */
export const BARE_PARTS = ["HEAD", "objects", "refs"] as const;

/** Something that must not change, as it was found. */
export interface EntryFact {
  readonly path: string;
  readonly kind: "folder" | "file" | "link" | "absent";
  /** Where a link leads, if anywhere; where an entry really lies. */
  readonly real?: string;
}

/** The folder without which an entry, or a repository that is a folder itself, is gone. */
export function holderOf(path: string): string {
  return PROTECTED_NAMES.some((name) => path.endsWith(`/${name}`))
    ? dirname(path)
    : path;
}
