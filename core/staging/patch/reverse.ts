/** The patch that takes another one back. Pure. */
import { usageError } from "../../protocol/error.ts";
import type { Content, FilePatch, HunkLine, PatchGroup } from "./file_patch.ts";

const SIGNS: Readonly<Record<HunkLine["sign"], HunkLine["sign"]>> = {
  " ": " ",
  "-": "+",
  "+": "-",
};

/** Throws UserError where a patch says too little. */
export function reversePatch(
  groups: readonly PatchGroup[],
): readonly PatchGroup[] {
  return groups.toReversed().map((group) => group.toReversed().map(reverseOne));
}

function reverseOne(patch: FilePatch): FilePatch {
  const { oldName, newName, oldMode, newMode, oldId, newId, isCopy } = patch;
  return {
    content: reverseContent(patch),
    // What was copied goes away; the other one stays.
    isCopy: false,
    ...(newName !== undefined && { oldName: newName }),
    ...(oldName !== undefined && !isCopy && { newName: oldName }),
    ...(newMode !== undefined && { oldMode: newMode }),
    ...(oldMode !== undefined && { newMode: oldMode }),
    ...(newId !== undefined && { oldId: newId }),
    ...(oldId !== undefined && { newId: oldId }),
  };
}

function reverseContent({ content, newName, isCopy }: FilePatch): Content {
  if (isCopy) {
    throw usageError(
      `Cannot take back the copy ${newName}: the patch does not hold it, must be removed by hand`,
    );
  }
  switch (content.kind) {
    case "same":
      return content;
    case "text":
      return {
        kind: "text",
        hunks: content.hunks.map(({ oldStart, newStart, lines }) => ({
          oldStart: newStart,
          newStart: oldStart,
          lines: lines.map(({ sign, text }) => ({ sign: SIGNS[sign], text })),
        })),
      };
    case "binary": {
      const { forward, reverse } = content;
      if (reverse !== undefined) {
        return { kind: "binary", forward: reverse, reverse: forward };
      }
      throw usageError(
        `Cannot take back the change of ${newName}: the patch does not hold what was there before`,
      );
    }
  }
}
