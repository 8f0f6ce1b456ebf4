/** Completion: the word at the cursor, its candidates, what Tab inserts. Pure. */

import type { Host } from "../../protocol/host.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { expandHome, resolvePath } from "../../util/path.ts";

/** A word that can be completed, and where it stands. */
export interface CompletionToken {
  readonly kind: "slash" | "argument" | "file" | "skill";
  /** Without its mark (`/`, `@`, `$`). */
  readonly word: string;
  /** Range of the word with its mark. */
  readonly from: number;
  readonly to: number;
  /** The slash command whose argument it is. */
  readonly command?: string;
}

export interface Candidate {
  /** Put in place of the token, mark included. */
  readonly insert: string;
  /** Shown in the list. */
  readonly label: string;
  /** False for a folder: more of the path follows. */
  readonly isWhole: boolean;
}

/** The token that ends at the cursor; undefined where nothing can be completed. */
export function findToken(
  text: string,
  cursor: number,
): CompletionToken | undefined {
  const before = text.slice(0, cursor);
  const slash = /^\/([\w-]*)$/.exec(before);
  if (slash !== null) {
    return { kind: "slash", word: slash[1] ?? "", from: 0, to: cursor };
  }
  const argument = /^\/([\w-]+)\s+(\S*)$/.exec(before);
  if (argument !== null) {
    const word = argument[2] ?? "";
    return {
      kind: "argument",
      command: argument[1] ?? "",
      word,
      from: cursor - word.length,
      to: cursor,
    };
  }
  const mark = /(?:^|[\s("'`])([@$])((?:\\ |[^\s"'`])*)$/.exec(before);
  if (mark === null) return undefined;
  const word = mark[2] ?? "";
  return {
    kind: mark[1] === "@" ? "file" : "skill",
    word: word.replaceAll("\\ ", " "),
    from: cursor - word.length - 1,
    to: cursor,
  };
}

/** Words that begin with the typed one, else those that hold it. */
export function completeWords(
  words: readonly string[],
  word: string,
  mark: string = "",
): readonly Candidate[] {
  const wanted = word.toLowerCase();
  const lower = (one: string): string => one.toLowerCase();
  const first = words.filter((one) => lower(one).startsWith(wanted));
  const fitting = first.length > 0
    ? first
    : words.filter((one) => lower(one).includes(wanted));
  return fitting.map((one) => ({
    insert: mark + one,
    label: mark + one,
    isWhole: true,
  }));
}

/** What all candidates begin with, if that is more than the typed word. */
export function commonInsert(
  candidates: readonly Candidate[],
  typed: string,
): string | undefined {
  let common = candidates[0]?.insert;
  for (const { insert } of candidates) {
    while (common !== undefined && !insert.startsWith(common)) {
      common = common.slice(0, -1);
    }
  }
  // Half a surrogate pair is not text.
  common = common?.replace(/[\ud800-\udbff]$/, "");
  return common === undefined || common.length <= typed.length
    ? undefined
    : common;
}

type FileHost = Pick<Host, "files" | "homeDir">;

/** Folders that are never searched by name. */
const SKIPPED = new Set([".git", "node_modules", "target", ".venv", "dist"]);

/** Candidates for a path typed so far, as seen from `cwd`. */
export async function completeFiles(
  host: FileHost,
  word: string,
  cwd: string,
): Promise<readonly Candidate[]> {
  const slash = word.lastIndexOf("/") + 1;
  const folder = word.slice(0, slash);
  const start = word.slice(slash);
  const entries = await listSorted(host, folder, cwd);
  const fitting = entries.filter(({ name }) =>
    name.startsWith(start) && (start !== "" || !name.startsWith("."))
  );
  if (fitting.length > 0) {
    return fitting.map(({ name, isDirectory }) =>
      candidate(`${folder}${name}`, isDirectory)
    );
  }
  return word.length < 2 || folder.startsWith("/") || folder.startsWith("~")
    ? []
    : await findByName(host, word, cwd);
}

async function listSorted(
  host: FileHost,
  folder: string,
  cwd: string,
): Promise<
  readonly { readonly name: string; readonly isDirectory: boolean }[]
> {
  const path = resolvePath(
    cwd,
    expandHome(folder === "" ? "." : folder, host.homeDir() ?? "/"),
  );
  const entries = await host.files.list(path).catch(() => []);
  return entries.toSorted((a, b) => a.name < b.name ? -1 : 1);
}

// Breadth first: what lies near comes first.
async function findByName(
  host: FileHost,
  word: string,
  cwd: string,
): Promise<readonly Candidate[]> {
  const wanted = word.toLowerCase();
  const found: Candidate[] = [];
  const folders = [""];
  let looked = 0;
  for (const folder of folders) {
    for (const entry of await listSorted(host, folder, cwd)) {
      if (++looked > LIMITS.completionEntries) return found;
      const path = `${folder}${entry.name}`;
      if (entry.isDirectory) {
        if (!SKIPPED.has(entry.name)) folders.push(`${path}/`);
      } else if (path.toLowerCase().includes(wanted)) {
        found.push(candidate(path, false));
        if (found.length >= LIMITS.completionsShown) return found;
      }
    }
  }
  return found;
}

function candidate(path: string, isDirectory: boolean): Candidate {
  const full = isDirectory ? `${path}/` : path;
  return {
    insert: `@${full.replaceAll(" ", "\\ ")}`,
    label: full,
    isWhole: !isDirectory,
  };
}
