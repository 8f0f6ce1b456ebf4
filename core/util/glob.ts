/** Wildcards for names and for paths, as text. */

/** Whether a name fits a wildcard (`*`, `?`, `[a-z]`), whatever its case. */
export function matchesName(wildcard: string, name: string): boolean {
  return new RegExp(`^${translate(wildcard, "[^]*", "[^]")}$`, "i").test(name);
}

/**
 * Whether an absolute path, or a folder above it, fits a glob: `*` and `?` stay inside
 * one name, `**` crosses folders. A pattern without wildcards is a plain path.
 */
export function matchesPath(glob: string, path: string): boolean {
  if (glob === "") return false;
  const trimmed = glob.replace(/\/+$/, "").replace(/\*\*(?:\/\*\*)+/g, "**");
  const source = trimmed.split(/(\/\*\*\/|\/\*\*$|^\*\*\/)/).map((part) => {
    if (part === "/**/") return "/(?:[^]*/)?";
    if (part === "/**") return "/[^]*";
    if (part === "**/") return "(?:[^]*/)?";
    return translate(part, "[^/]*", "[^/]");
  }).join("");
  return new RegExp(`^${source}(?:/[^]*)?$`).test(path);
}

function translate(pattern: string, many: string, one: string): string {
  let source = "";
  for (let at = 0; at < pattern.length; at++) {
    const char = pattern[at] ?? "";
    const set = char === "[" ? parseSet(pattern.slice(at)) : null;
    if (char === "*") {
      source += many;
      while (pattern[at + 1] === "*") at++;
    } else if (char === "?") source += one;
    else if (set !== null) {
      const members = (set[2] ?? "").replace(/[\\[\]^]/g, "\\$&");
      source += `[${set[1] === "" ? "" : "^"}${members}]`;
      at += set[0].length - 1;
    } else source += char.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
  }
  return source;
}

// `[a-z]`, `[!abc]`; a range that runs backwards makes the bracket an ordinary one.
function parseSet(rest: string): RegExpExecArray | null {
  const set = /^\[([!^]?)([^\]]+)\]/.exec(rest);
  const ranges = [...(set?.[2] ?? "").matchAll(/([^])-([^])/g)];
  return ranges.some(([, from = "", to = ""]) => from > to) ? null : set;
}
