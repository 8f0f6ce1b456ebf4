/** Wildcards for names and for paths, as text. */

/** One character of a text, any number of them, or a choice: to go on here or further on. */
type Step =
  | { readonly of: string | Kind; readonly isMany?: true }
  | { readonly skip: number };

type Kind = (char: string) => boolean;

/** Any folders, or none. */
const FOLDERS: readonly Step[] = [
  { skip: 3 },
  { of: isAny, isMany: true },
  { of: "/" },
];
/** What lies below, if anything. */
const BELOW: readonly Step[] = [
  { skip: 3 },
  { of: "/" },
  { of: isAny, isMany: true },
];

/** Whether a name fits a wildcard (`*`, `?`, `[a-z]`), whatever its case. */
export function matchesName(wildcard: string, name: string): boolean {
  const steps = parseSteps(wildcard, { one: isAny, flags: "i" });
  return fits(steps, upperCase(name));
}

/**
 * Whether an absolute path, or a folder above it, fits a glob: `*` and `?` stay inside
 * one name, `**` crosses folders. A pattern without wildcards is a plain path.
 */
export function matchesPath(glob: string, path: string): boolean {
  if (glob === "") return false;
  const trimmed = glob.replace(/\/+$/, "").replace(/\*\*(?:\/\*\*)+/g, "**");
  const parts = trimmed.split(/(\/\*\*\/|\/\*\*$|^\*\*\/)/);
  const steps = parts.flatMap((part): readonly Step[] => {
    if (part === "/**/") return [{ of: "/" }, ...FOLDERS];
    if (part === "/**") return [{ of: "/" }, { of: isAny, isMany: true }];
    if (part === "**/") return FOLDERS;
    return parseSteps(part, { one: isInName, flags: "" });
  });
  return fits([...steps, ...BELOW], path);
}

// All ways at once: a regular expression tries one after the other, which for a few `*` and
// a long path takes for ever.
function fits(steps: readonly Step[], text: string): boolean {
  const seen = new Uint32Array(steps.length + 1);
  let places: number[] = [];
  let next: number[] = [];
  const reach = (at: number, turn: number): void => {
    if (seen[at] === turn) return;
    seen[at] = turn;
    const step = steps[at];
    if (step !== undefined && "skip" in step) {
      reach(at + 1, turn);
      return reach(at + step.skip, turn);
    }
    next.push(at);
    if (step?.isMany) reach(at + 1, turn);
  };
  reach(0, 1);
  for (let index = 0; index < text.length && next.length > 0; index++) {
    [places, next] = [next, places];
    next.length = 0;
    const char = text[index] ?? "";
    for (const at of places) {
      const step = steps[at];
      if (step === undefined || "skip" in step) continue;
      const { of, isMany } = step;
      const isFit = typeof of === "string" ? of === char : of(char);
      if (isFit) reach(isMany ? at : at + 1, index + 2);
    }
  }
  return next.includes(steps.length);
}

// As regular expressions fold case: character by character, and none into ASCII.
function upperCase(text: string): string {
  return text.replace(/[a-z]+|[\x80-\uffff]/g, (part) => {
    const upper = part.toUpperCase();
    return upper.length === part.length && (part < "\x80" || upper > "\x7f")
      ? upper
      : part;
  });
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

function parseSteps(
  pattern: string,
  { one, flags }: { readonly one: Kind; readonly flags: string },
): readonly Step[] {
  const steps: Step[] = [];
  for (let at = 0; at < pattern.length; at++) {
    const char = pattern[at] ?? "";
    const set = char === "[" ? parseSet(pattern.slice(at)) : null;
    if (char === "*") {
      steps.push({ of: one, isMany: true });
      while (pattern[at + 1] === "*") at++;
    } else if (set !== null) {
      const members = (set[2] ?? "").replace(/[\\[\]^]/g, "\\$&");
      const isOther = set[1] !== "";
      const source = new RegExp(`[${isOther ? "^" : ""}${members}]`, flags);
      steps.push({ of: (one) => source.test(one) });
      at += set[0].length - 1;
    } else if (char === "?") steps.push({ of: one });
    else steps.push({ of: flags === "i" ? upperCase(char) : char });
  }
  return steps;
}

function isAny(): boolean {
  return true;
}

function isInName(char: string): boolean {
  return char !== "/";
}

// `[a-z]`, `[!abc]`; a range that runs backwards makes the bracket an ordinary one.
function parseSet(rest: string): RegExpExecArray | null {
  const set = /^\[([!^]?)([^\]]+)\]/.exec(rest);
  const ranges = [...(set?.[2] ?? "").matchAll(/([^])-([^])/g)];
  return ranges.some(([, from = "", to = ""]) => from > to) ? null : set;
}
