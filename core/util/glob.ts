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

/** `matchesPath()` for a glob with `{a,b}` and `\` in it. */
export function matchesGlob(glob: string, path: string): boolean {
  for (const spelling of spellings(glob)) {
    if (matchesPath(spelling, path)) return true;
  }
  return false;
}

/** The globs that one with `{a,b}` and `\` stands for; an open brace is a character. */
export function* spellings(glob: string): Generator<string> {
  yield* spell("", glob);
}

function* spell(before: string, rest: string): Generator<string> {
  const [open, ...cuts] = braceIn(rest);
  if (open === undefined) {
    yield (before + rest).replace(
      /\\([^])/g,
      (_, char: string) => "*?[".includes(char) ? `[${char}]` : char,
    );
    return;
  }
  const after = rest.slice((cuts.at(-1) ?? open) + 1);
  let from = open + 1;
  for (const cut of cuts) {
    yield* spell(before + rest.slice(0, open), rest.slice(from, cut) + after);
    from = cut + 1;
  }
}

// Where the first brace opens, its commas, and where it closes; empty without one.
function braceIn(glob: string): readonly number[] {
  let depth = 0;
  let places: number[] = [];
  for (const { 0: part, index } of glob.matchAll(/\\[^]|\[[^\]]+\]|[{},]/g)) {
    if (part === "{" && depth++ === 0) places = [index];
    else if (part === "," && depth === 1) places.push(index);
    else if (part === "}" && depth > 0 && --depth === 0) {
      return [...places, index];
    }
  }
  return [];
}

/** Whether a glob has a bracket that is not closed, or a range that runs backwards. */
export function isBroken(glob: string): boolean {
  if (!/[*?[]/.test(glob)) return false;
  for (const spelling of spellings(glob)) {
    const rest = spelling.replace(
      /\[[^\]]+\]/g,
      (text) => parseSet(text) === null ? "[" : "",
    );
    if (/[[{]/.test(rest)) return true;
  }
  return false;
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
