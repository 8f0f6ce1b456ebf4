/** Two texts compared line by line, as the hunks of a unified diff. Pure. */

/** One line of an edit script. */
interface Edit {
  readonly sign: " " | "-" | "+";
  readonly line: string;
}

const CONTEXT_LINES = 3;

/** What differs, with three lines of context around it. */
interface TextDiff {
  /** Lines without their line ends; none when the texts are the same. */
  readonly hunks: readonly string[];
  readonly insertions: number;
  readonly deletions: number;
}

/** Minimal up to `editsMax` differing lines; above, blocks are replaced whole. */
export function diffHunks(
  before: string,
  after: string,
  editsMax: number,
): TextDiff {
  const edits = diffLines(splitLines(before), splitLines(after), editsMax);
  const count = (sign: string): number =>
    edits.filter((edit) => edit.sign === sign).length;
  return {
    hunks: renderHunks(edits),
    insertions: count("+"),
    deletions: count("-"),
  };
}

// With their newline, so that a last line without one differs from one with it.
function splitLines(text: string): readonly string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

function diffLines(
  before: readonly string[],
  after: readonly string[],
  editsMax: number,
): readonly Edit[] {
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before[start] === after[start]) start++;
  let end = 0;
  while (
    end < shorter - start &&
    before[before.length - 1 - end] === after[after.length - 1 - end]
  ) end++;
  const old = before.slice(start, before.length - end);
  const fresh = after.slice(start, after.length - end);
  return [
    ...before.slice(0, start).map(kept),
    ...(shortestEdits(old, fresh, editsMax) ?? [
      ...old.map((line): Edit => ({ sign: "-", line })),
      ...fresh.map((line): Edit => ({ sign: "+", line })),
    ]),
    ...before.slice(before.length - end).map(kept),
  ];
}

function kept(line: string): Edit {
  return { sign: " ", line };
}

/**
 * Myers, "An O(ND) Difference Algorithm and Its Variations" (1986): the furthest point
 * reached on every diagonal with 0, 1, 2 … edits, then the way back. Undefined when more
 * than `editsMax` edits would be needed.
 */
function shortestEdits(
  before: readonly string[],
  after: readonly string[],
  editsMax: number,
): readonly Edit[] | undefined {
  const reached: Map<number, number>[] = [];
  let furthest = new Map<number, number>([[1, 0]]);
  for (let edits = 0; edits <= editsMax; edits++) {
    const now = new Map<number, number>();
    for (let diagonal = -edits; diagonal <= edits; diagonal += 2) {
      let x = stepFrom(furthest, diagonal, edits);
      while (
        x < before.length && x - diagonal < after.length &&
        before[x] === after[x - diagonal]
      ) x++;
      now.set(diagonal, x);
      if (x >= before.length && x - diagonal >= after.length) {
        return walkBack(before, after, reached);
      }
    }
    reached.push(now);
    furthest = now;
  }
  return undefined;
}

// One edit on: down (an insertion) from the diagonal above, or right from the one below.
function stepFrom(
  furthest: ReadonlyMap<number, number>,
  diagonal: number,
  edits: number,
): number {
  const above = furthest.get(diagonal + 1) ?? 0;
  const below = furthest.get(diagonal - 1) ?? 0;
  const goesDown = diagonal === -edits ||
    (diagonal !== edits && below < above);
  return goesDown ? above : below + 1;
}

function walkBack(
  before: readonly string[],
  after: readonly string[],
  reached: readonly ReadonlyMap<number, number>[],
): readonly Edit[] {
  const edits: Edit[] = [];
  let x = before.length;
  let y = after.length;
  for (let count = reached.length; count > 0; count--) {
    const furthest = reached[count - 1] ?? new Map<number, number>();
    const diagonal = x - y;
    const above = furthest.get(diagonal + 1) ?? 0;
    const below = furthest.get(diagonal - 1) ?? 0;
    const goesDown = diagonal === -count ||
      (diagonal !== count && below < above);
    const fromX = goesDown ? above : below;
    const fromY = fromX - (goesDown ? diagonal + 1 : diagonal - 1);
    const snakeX = goesDown ? fromX : fromX + 1;
    while (x > snakeX) edits.push(kept(before[--x] ?? ""));
    edits.push(
      goesDown
        ? { sign: "+", line: after[fromY] ?? "" }
        : { sign: "-", line: before[fromX] ?? "" },
    );
    x = fromX;
    y = fromY;
  }
  while (x > 0) edits.push(kept(before[--x] ?? ""));
  return edits.reverse();
}

function renderHunks(edits: readonly Edit[]): readonly string[] {
  const lines: string[] = [];
  let oldLine = 1;
  let newLine = 1;
  let at = 0;
  for (const { from, to } of groups(edits)) {
    const count = (sign: string, start: number, end: number): number =>
      edits.slice(start, end).filter((edit) => edit.sign !== sign).length;
    oldLine += count("+", at, from);
    newLine += count("-", at, from);
    const oldCount = count("+", from, to);
    const newCount = count("-", from, to);
    lines.push(
      `@@ -${range(oldLine, oldCount)} +${range(newLine, newCount)} @@`,
    );
    for (const { sign, line } of edits.slice(from, to)) {
      lines.push(sign + line.replace(/\n$/, ""));
      if (!line.endsWith("\n")) lines.push("\\ No newline at end of file");
    }
    oldLine += oldCount;
    newLine += newCount;
    at = to;
  }
  return lines;
}

// An empty side is named by the line before it.
function range(line: number, count: number): string {
  return `${count === 0 ? line - 1 : line},${count}`;
}

// Ranges of edits that are shown together: changes whose contexts touch are one.
function groups(
  edits: readonly Edit[],
): readonly { readonly from: number; readonly to: number }[] {
  const found: { from: number; to: number }[] = [];
  for (const [at, edit] of edits.entries()) {
    if (edit.sign === " ") continue;
    const from = Math.max(0, at - CONTEXT_LINES);
    const to = Math.min(edits.length, at + 1 + CONTEXT_LINES);
    const last = found.at(-1);
    if (last !== undefined && from <= last.to) last.to = to;
    else found.push({ from, to });
  }
  return found;
}
