/** Hunks on a text as it is now: each where its lines are, or a conflict. Pure. */
import type { Hunk, HunkLine } from "./file_patch.ts";

interface HunkConflict {
  /** Of the text as it is now, counted from 1: where the lines were looked for. */
  readonly line: number;
}

/** The new text, or the places where other lines stand than the patch was made for. */
export function applyHunks(
  text: string,
  hunks: readonly Hunk[],
): { readonly text: string } | { readonly conflicts: readonly HunkConflict[] } {
  const lines = text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
  const conflicts: HunkConflict[] = [];
  const isBare = hunks.length > 1 && !hunks.some(hasContext);
  const parts: string[] = [];
  let next = 0;
  let moved = 0;
  for (const hunk of hunks) {
    const old = sideOf(hunk, "+");
    const wanted = Math.max(0, hunk.oldStart - (old.length === 0 ? 0 : 1)) +
      moved;
    const at = findLines(lines, old, { hunk, wanted, from: next, isBare });
    if (at === undefined) {
      conflicts.push({ line: Math.min(wanted, lines.length) + 1 });
      continue;
    }
    moved = at - wanted + moved;
    for (const line of lines.slice(next, at)) parts.push(line);
    for (const line of sideOf(hunk, "-")) parts.push(line);
    next = at + old.length;
  }
  if (conflicts.length > 0) return { conflicts };
  for (const line of lines.slice(next)) parts.push(line);
  return { text: parts.join("") };
}

function sideOf(
  { lines }: Hunk,
  without: HunkLine["sign"],
): readonly string[] {
  return lines.filter(({ sign }) => sign !== without).map(({ text }) => text);
}

function hasContext({ lines }: Hunk): boolean {
  return lines.some(({ sign }) => sign === " ");
}

/** Nearest to where they are wanted. As git does, the end of a text only fits at the end. */
function findLines(
  lines: readonly string[],
  old: readonly string[],
  { hunk, wanted, from, isBare }: {
    readonly hunk: Hunk;
    readonly wanted: number;
    readonly from: number;
    /** Nothing but the places say where they go. */
    readonly isBare: boolean;
  },
): number | undefined {
  const fits = (at: number): boolean =>
    at >= from && at + old.length <= lines.length &&
    old.every((line, index) => lines[at + index] === line);
  const isFirst = hunk.lines[0]?.sign === " ";
  const isLast = hunk.lines.at(-1)?.sign === " ";
  if (isBare || (!isFirst && !isLast && hunk.oldStart > 1)) {
    return fits(wanted) ? wanted : undefined;
  }
  if (hunk.oldStart <= 1 && !isFirst) {
    const isWhole = isLast || old.length === lines.length;
    return fits(0) && isWhole ? 0 : undefined;
  }
  if (!isLast) {
    const at = lines.length - old.length;
    return fits(at) ? at : undefined;
  }
  for (let away = 0; away <= lines.length; away++) {
    if (fits(wanted - away)) return wanted - away;
    if (fits(wanted + away)) return wanted + away;
  }
  return undefined;
}
