/** Where lines of a patch are found in a file: exactly, then ever more loosely. Pure. */

// Unicode's White_Space, which is not what String.trim() takes away: that leaves U+0085
// and takes U+FEFF, a byte order mark that has to survive.
const SPACE =
  "[\\t-\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]";
const SPACE_START = new RegExp(`^${SPACE}+`);
const SPACE_CHAR = new RegExp(SPACE);

const DASHES = /[\u2010-\u2015\u2212]/g;
const SINGLE_QUOTES = /[\u2018-\u201b]/g;
const DOUBLE_QUOTES = /[\u201c-\u201f]/g;
const WIDE_SPACES = /[\u00a0\u2002-\u200a\u202f\u205f\u3000]/g;

/** How two lines are compared, strictest first. */
const FOLDS: readonly ((line: string) => string)[] = [
  (line) => line,
  trimEndSpace,
  trimSpace,
  foldPunctuation,
];

/** The lines of one file, with their folded forms made once and only when asked for. */
export class LineSeeker {
  readonly #lines: readonly string[];
  readonly #folded: (readonly string[])[] = [];

  constructor(lines: readonly string[]) {
    this.#lines = lines;
  }

  /**
   * Index of the first place at or after `from` where the pattern stands, or undefined.
   * With `atEnd` only the very end of the file counts. Nothing stands everywhere. One looser comparison is tried
   * only when the stricter one has found nothing in the whole range.
   */
  find(
    pattern: readonly string[],
    options: { readonly from: number; readonly atEnd: boolean },
  ): number | undefined {
    if (pattern.length === 0) return options.from;
    const last = this.#lines.length - pattern.length;
    const first = options.atEnd ? Math.max(last, 0) : options.from;
    if (first < options.from || last < first) return undefined;
    for (const [pass, fold] of FOLDS.entries()) {
      const lines = this.#foldedBy(pass);
      const wanted = pattern.map(fold);
      for (let at = first; at <= last; at++) {
        if (standsAt(lines, wanted, at)) return at;
      }
    }
    return undefined;
  }

  #foldedBy(pass: number): readonly string[] {
    const fold = FOLDS[pass] ?? trimSpace;
    return this.#folded[pass] ??= pass === 0
      ? this.#lines
      : this.#lines.map(fold);
  }
}

export function trimSpace(text: string): string {
  return trimEndSpace(text.replace(SPACE_START, ""));
}

export function trimEndSpace(text: string): string {
  // A loop: `\s+$` as a pattern takes quadratic time on long runs inside a line.
  let end = text.length;
  while (end > 0 && SPACE_CHAR.test(text.charAt(end - 1))) end--;
  return text.slice(0, end);
}

// Models write plain ASCII where the file has typographic punctuation, and the reverse.
function foldPunctuation(line: string): string {
  return trimSpace(line)
    .replace(DASHES, "-")
    .replace(SINGLE_QUOTES, "'")
    .replace(DOUBLE_QUOTES, '"')
    .replace(WIDE_SPACES, " ");
}

function standsAt(
  lines: readonly string[],
  pattern: readonly string[],
  at: number,
): boolean {
  for (let i = 0; i < pattern.length; i++) {
    if (lines[at + i] !== pattern[i]) return false;
  }
  return true;
}
