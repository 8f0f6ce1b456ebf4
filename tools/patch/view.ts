/** A planned patch as people and policy see it: changes with diffs, and the paths it touches. */
import type { FileChange } from "../../core/protocol/event.ts";
import type { Files } from "../../core/protocol/host.ts";
import { LIMITS } from "../../core/protocol/limits.ts";
import { byteLength } from "../../core/util/text/text.ts";
import { isInside } from "../../core/util/path.ts";
import { renderDiff } from "./diff.ts";
import type { PatchPlan, PatchStep } from "./plan.ts";
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

/**
 * The absolute paths a patch writes, moves or deletes: as it names them, and also where
 * a link leads out of the folder it seems to be in.
 */
export async function changedPaths(
  files: Pick<Files, "realPath">,
  plan: PatchPlan,
  workdir: string,
): Promise<readonly string[]> {
  const named = plan.steps.flatMap(({ path, movedTo }) =>
    movedTo === undefined ? [path] : [path, movedTo]
  );
  const realWorkdir = await files.realPath(workdir);
  const escaped = plan.effects
    .filter(({ path, target }) =>
      isInside(path, workdir) && !isInside(target, realWorkdir)
    )
    .map(({ target }) => target);
  return [...new Set([...named, ...escaped])];
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
