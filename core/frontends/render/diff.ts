/** Unified diffs and plans as lines. Pure. */
import type { PlanStep } from "../../protocol/event.ts";
import { visibleLine, visibleText } from "../../util/text/visible_text.ts";
import { paint, type RenderOptions, type Style } from "./style.ts";

/** The lines of a diff, coloured; more than `linesMax` are counted instead. */
export function renderDiff(
  diff: string,
  options: RenderOptions & { readonly moreHint?: string },
  linesMax: number = Infinity,
): readonly string[] {
  const text = visibleText(diff).replace(/\n+$/, "");
  if (text === "") return [];
  const lines = text.split("\n");
  const shown = lines.slice(0, linesMax).map((line) =>
    paint(line, options, ...diffStyles(line))
  );
  const hidden = lines.length - shown.length;
  if (hidden <= 0) return shown;
  const hint = options.moreHint === undefined ? "" : `; ${options.moreHint}`;
  return [...shown, paint(`(${hidden} more lines${hint})`, options, "dim")];
}

/** How many lines a diff adds and removes. */
export function countDiff(
  diff: string,
): { readonly added: number; readonly removed: number } {
  let added = 0;
  let removed = 0;
  for (const line of diff.split("\n")) {
    if (/^(\+\+\+|---)( |$)/.test(line)) continue;
    if (line.startsWith("+")) added++;
    else if (line.startsWith("-")) removed++;
  }
  return { added, removed };
}

/** A plan as a checklist. */
export function renderPlan(
  steps: readonly PlanStep[],
  options: RenderOptions,
): readonly string[] {
  return steps.map(({ status, text }) => {
    const line = visibleLine(text, 500);
    switch (status) {
      case "completed":
        return paint(`[x] ${line}`, options, "dim");
      case "in_progress":
        return paint(`[>] ${line}`, options, "bold");
      default:
        return `[ ] ${line}`;
    }
  });
}

function diffStyles(line: string): readonly Style[] {
  if (/^(diff |index |\+\+\+|---)/.test(line)) return ["bold"];
  if (line.startsWith("@@")) return ["cyan"];
  if (line.startsWith("+")) return ["green"];
  return line.startsWith("-") ? ["red"] : [];
}
