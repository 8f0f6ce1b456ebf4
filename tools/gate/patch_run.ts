/** An approved patch: what the sandbox allows is written in it, and only the rest without. */
import type {
  CommandResult,
  GateRequest,
} from "../../core/protocol/command.ts";

type Run = (
  request: Pick<GateRequest, "argv" | "stdin">,
  sandboxed: boolean,
) => Promise<CommandResult>;

/**
 * Writes the files of a patch that was approved to run without the sandbox, those
 * `outside` without it and all others in it. All of it happens or nothing.
 */
export async function runApprovedPatch(
  request: GateRequest,
  outside: readonly string[],
  run: Run,
): Promise<CommandResult> {
  const { action, patchPart } = request;
  if (action.type !== "patch" || patchPart === undefined) {
    return await run(request, false);
  }
  const inside = action.paths.filter((path) => !outside.includes(path));
  if (outside.length === 0 || inside.length === 0) {
    return await run(patchPart(action.paths, "apply"), false);
  }
  const undo = patchPart(inside, "undo");
  const first = await run(patchPart(inside, "apply"), true);
  if (first.exitCode !== 0) return first;
  const second = await run(patchPart(outside, "apply"), false);
  if (second.exitCode === 0) return second;
  const undone = await run(undo, true);
  return undone.exitCode === 0 ? second : {
    ...second,
    notes: [
      ...second.notes,
      `Files of the patch that stay changed: ${inside.join(", ")}`,
    ],
  };
}
