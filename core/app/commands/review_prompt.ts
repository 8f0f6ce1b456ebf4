/** What `exec review` asks for, from its flags. */
import { renderReviewPrompt, type ReviewTarget } from "../../context/review.ts";
import type { CommandLine } from "../../contract/command_line.ts";
import { UserError } from "../../protocol/error.ts";

/** The prompt of a review. Throws UserError when the flags name two targets. */
export function buildReviewPrompt(
  { flags, prompt }: Pick<CommandLine, "flags" | "prompt">,
): string {
  const targets: ReviewTarget[] = [];
  if (flags.uncommitted) targets.push({ type: "uncommitted" });
  if (flags.base !== undefined) {
    targets.push({ type: "branch", base: flags.base });
  }
  if (flags.commit !== undefined) {
    targets.push({ type: "commit", commit: flags.commit });
  }
  if (prompt !== undefined && prompt !== "-") {
    targets.push({ type: "custom", instructions: prompt });
  }
  const [target = { type: "uncommitted" }, second] = targets;
  if (second !== undefined) {
    throw new UserError(
      "usage",
      `Cannot review ${target.type} and ${second.type} at once: must be one of --uncommitted, --base, --commit, PROMPT`,
    );
  }
  return renderReviewPrompt(target);
}
