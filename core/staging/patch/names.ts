/** Names of files as a patch has them: quoted where they need it, and refused where they lead out. Pure. */
import { bytesOfText, textOfBytes } from "../../util/text/byte_text.ts";

const ESCAPES: Readonly<Record<string, string>> = {
  "\x07": "a",
  "\b": "b",
  "\t": "t",
  "\n": "n",
  "\v": "v",
  "\f": "f",
  "\r": "r",
  '"': '"',
  "\\": "\\",
};
const MEANINGS: ReadonlyMap<string, string> = new Map(
  Object.entries(ESCAPES).map(([char, letter]) => [letter, char]),
);

/**
 * Name -> text of the patch, a character for each byte. A name with blanks needs quotes where
 * only the line of both names has it.
 */
export function renderName(
  name: string,
  { quotesBlanks = false }: { readonly quotesBlanks?: boolean } = {},
): string {
  const text = textOfBytes(new TextEncoder().encode(name));
  // deno-lint-ignore no-control-regex
  const isPlain = !/[\x00-\x1f\x7f"\\]/.test(text);
  if (isPlain && !(quotesBlanks && text.includes(" "))) return text;
  // deno-lint-ignore no-control-regex
  const quoted = text.replace(/[\x00-\x1f\x7f"\\]/g, (char) => {
    const letter = ESCAPES[char] ??
      char.charCodeAt(0).toString(8).padStart(3, "0");
    return `\\${letter}`;
  });
  return `"${quoted}"`;
}

interface ReadName {
  readonly name: string;
  /** Characters of the text that it took. */
  readonly length: number;
}

/** A name in quotes at the start of the text. Undefined when it is none, or is no UTF-8. */
export function parseQuoted(text: string): ReadName | undefined {
  const found = /^"((?:[^"\\]|\\.)*)"/.exec(text);
  if (found === null) return undefined;
  const raw = (found[1] ?? "").replace(
    /\\([0-3][0-7]{2}|.)/g,
    (_, what: string) =>
      what.length === 3
        ? String.fromCharCode(parseInt(what, 8))
        : MEANINGS.get(what) ?? what,
  );
  const name = parseUtf8(raw);
  return name === undefined ? undefined : { name, length: found[0].length };
}

/** The bytes, as a text of one character each, as the text they mean. */
export function parseUtf8(text: string): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
      .decode(bytesOfText(text));
  } catch {
    return undefined;
  }
}

/** Why a file of that name cannot be changed by a patch; undefined when it can. */
export function nameProblem(name: string): string | undefined {
  if (name === "") return "it is empty";
  if (name.includes("\0")) return "it has a zero byte";
  if (name.startsWith("/") || /^[A-Za-z]:[\\/]/.test(name)) {
    return "it is absolute";
  }
  const parts = name.split("/");
  if (parts.includes("..")) return "it leads out of the folder";
  if (parts.includes("") || parts.includes(".")) return "it is no plain path";
  if (parts.some(isGit)) return "it is inside of a repository's own folder";
  return undefined;
}

// Also as file systems take it that know no case, no dots at the end (git-config(1),
// core.protectNTFS) or no marks that cannot be seen (core.protectHFS).
function isGit(part: string): boolean {
  const plain = part.replace(/\p{Cf}/gu, "").toLowerCase()
    .replace(/[. ]+$|:.*$/g, "");
  return plain === ".git" || plain === "git~1";
}
