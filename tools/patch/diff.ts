/** A patch as people see it: unified diffs, bounded in time and size. Pure. */
import type { FileChange } from "../../core/protocol/event.ts";
import { LIMITS } from "../../core/protocol/limits.ts";
import { diffHunks } from "../../core/util/text/line_diff.ts";
import { byteLength } from "../../core/util/text/text.ts";
import type { PatchStep } from "./plan.ts";
import { viewText } from "./text.ts";

interface DiffInput {
  /** Name and text before; absent when the file is new. */
  readonly before?: { readonly name: string; readonly text: string };
  /** Name and text after; absent when the file goes away. */
  readonly after?: { readonly name: string; readonly text: string };
}

/** The diff with three lines of context; empty when the texts are the same. */
export function renderDiff(
  input: DiffInput,
  options: { readonly bytesMax: number; readonly editsMax?: number },
): string {
  const { hunks } = diffHunks(
    input.before?.text ?? "",
    input.after?.text ?? "",
    options.editsMax ?? LIMITS.patchDiffEdits,
  );
  const sameName = input.before?.name === input.after?.name;
  if (hunks.length === 0 && sameName) return "";
  const lines = [
    `--- ${input.before?.name ?? "/dev/null"}`,
    `+++ ${input.after?.name ?? "/dev/null"}`,
    ...hunks,
  ];
  return cutLines(lines, options.bytesMax);
}

function cutLines(lines: readonly string[], bytesMax: number): string {
  let room = bytesMax;
  for (const [at, line] of lines.entries()) {
    room -= byteLength(line) + 1;
    if (room >= 0) continue;
    const shown = lines.slice(0, at).map((one) => `${one}\n`).join("");
    return `${shown}[… ${lines.length - at} more lines of this diff]\n`;
  }
  return lines.map((line) => `${line}\n`).join("");
}

/** One change per hunk, in the order of the patch; diffs are bounded together too. */
export function renderChanges(
  steps: readonly PatchStep[],
): readonly FileChange[] {
  let room = LIMITS.patchDetailBytes;
  return steps.map((step) => {
    const bytesMax = Math.min(room, LIMITS.patchDiffBytes);
    const diff = bytesMax > 0 ? stepDiff(step, bytesMax) : "";
    room -= byteLength(diff);
    return {
      path: step.path,
      kind: step.kind,
      ...(step.movedTo === undefined ? {} : { movedTo: step.movedTo }),
      ...(diff === "" ? {} : { diff }),
    };
  });
}

function stepDiff(step: PatchStep, bytesMax: number): string {
  const { kind, path, movedTo, before, after } = step;
  // A file that goes away unread (too large, not readable) has nothing to show.
  if (kind === "delete" && before === undefined) return "";
  return renderDiff({
    ...(before === undefined
      ? {}
      : { before: { name: path, text: viewText(before) } }),
    ...(after === undefined
      ? {}
      : { after: { name: movedTo ?? path, text: viewText(after) } }),
  }, { bytesMax });
}
