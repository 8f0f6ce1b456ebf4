/** The names in the head of a file's part of a patch, with or without the prefixes of git. Pure. */
import { parseQuoted, parseUtf8 } from "./names.ts";

export interface Names {
  readonly old?: string | undefined;
  readonly fresh?: string | undefined;
}

/** What `git diff` may put before a name: git-config(1), diff.mnemonicPrefix. */
const PREFIX = /^[abciow12]\//;

/**
 * `a/NAME b/NAME`. A name with blanks is not quoted, so that only two equal names can be told
 * apart; others stand in the lines below. `strips`: whether they have prefixes, as far as that
 * can be told.
 */
export function parseGitNames(
  text: string,
): Names & { readonly strips: boolean | undefined } {
  const [left, right] = splitPair(text);
  if (left === "" || right === "") return { strips: undefined };
  const strips = PREFIX.test(left) && PREFIX.test(right) &&
    left.charAt(0) !== right.charAt(0);
  const bare = (name: string): string => strips ? name.slice(2) : name;
  return { old: bare(left), fresh: bare(right), strips };
}

/** A name up to its tab, if it has one. */
export function parseHeaderName(
  text: string,
  strips: boolean,
): string | undefined {
  const name = parseQuoted(text)?.name ??
    parseUtf8(text.replace(/\t.*$/, "").replace(/\r$/, ""));
  return strips ? name?.replace(/^[^/]*\//, "") : name;
}

function splitPair(text: string): readonly [string, string] {
  const quoted = parseQuoted(text);
  if (quoted !== undefined) {
    const rest = text.slice(quoted.length + 1);
    return [quoted.name, parseQuoted(rest)?.name ?? parseUtf8(rest) ?? ""];
  }
  const second = /^(.*?) (".*")$/.exec(text);
  if (second !== null) {
    const [, left = "", right = ""] = second;
    return [parseUtf8(left) ?? "", parseQuoted(right)?.name ?? ""];
  }
  const half = (text.length - 1) / 2;
  const [left, right] = [text.slice(0, half), text.slice(half + 1)];
  const isPair = Number.isInteger(half) && text.charAt(half) === " " &&
    left.replace(PREFIX, "") === right.replace(PREFIX, "");
  const plain = text.split(" ");
  const pair = isPair ? [left, right] : plain.length === 2 ? plain : [];
  const [one = "", other = ""] = pair.map((name) => parseUtf8(name) ?? "");
  return [one, other];
}
