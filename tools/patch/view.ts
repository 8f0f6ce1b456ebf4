/** A planned patch as people see it: changes with diffs. */
import type { FileChange } from "../../core/protocol/event.ts";
import { LIMITS } from "../../core/protocol/limits.ts";
import { byteLength } from "../../core/util/text/text.ts";
import { renderDiff } from "./diff.ts";
import type { PatchStep } from "./plan.ts";
import { viewText } from "./text.ts";

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
