/** Completion: the word at the cursor, its candidates, what Tab inserts. Pure. */

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
