/** `rondo apply-patch`: the patch engine as a program of its own, run inside the sandbox. */
import { ToolError } from "../../core/protocol/error.ts";
import type { Host } from "../../core/protocol/host.ts";
import { type PatchStep, readPatchPlan } from "./plan.ts";
import { writePlanned } from "./planned.ts";
import { writeEffects } from "./write.ts";

export interface PatchCommandResult {
  readonly exitCode: 0 | 1;
  readonly stdout: string;
  readonly stderr: string;
}

/** Applies a patch to the files below (or named from) `cwd`; prints nothing itself. */
export async function runApplyPatch(
  options: {
    readonly host: Host;
    readonly patch: string;
    readonly cwd: string;
  },
): Promise<PatchCommandResult> {
  const { host, patch, cwd } = options;
  return await resultOf(async () => {
    const plan = await readPatchPlan(host.files, patch, { cwd });
    await writeEffects(host, plan.effects);
    return renderSummary(plan.steps);
  });
}

/** Writes the part of a patch that renderPlanned() described; prints nothing itself. */
export async function runPlannedPatch(
  host: Host,
  planned: Uint8Array<ArrayBuffer>,
): Promise<PatchCommandResult> {
  return await resultOf(() => writePlanned(host, planned));
}

async function resultOf(
  work: () => Promise<string>,
): Promise<PatchCommandResult> {
  try {
    return { exitCode: 0, stdout: await work(), stderr: "" };
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    return { exitCode: 1, stdout: "", stderr: `${sentence(error.message)}\n` };
  }
}

/** What was done: added, modified, deleted files, each as the patch names them. */
export function renderSummary(steps: readonly PatchStep[]): string {
  const group = (kind: PatchStep["kind"], letter: string): string[] =>
    steps.filter((step) => step.kind === kind)
      .map((step) => `${letter} ${step.shownPath}`);
  const lines = [
    "Success. Updated the following files:",
    ...group("add", "A"),
    ...group("update", "M"),
    ...group("delete", "D"),
  ];
  return `${lines.join("\n")}\n`;
}

// As an own message of a program; in a tool's output the same words follow a colon.
function sentence(message: string): string {
  return message
    .replace(/^invalid patch: /, "Invalid patch: ")
    .replace(
      /^invalid hunk at line (\d+), /,
      "Invalid patch hunk on line $1: ",
    );
}
