/** The prompt of a code review, for the change that is to be looked at. */
import { REVIEW_PROMPT, REVIEW_SCHEMA } from "../../prompts/mod.ts";
import { unreachable } from "../util/assert.ts";
import { fillIn } from "./format/text.ts";

/** What is reviewed. */
export type ReviewTarget =
  | { readonly type: "uncommitted" }
  | { readonly type: "branch"; readonly base: string }
  | { readonly type: "commit"; readonly commit: string }
  /** In the person's own words. */
  | { readonly type: "custom"; readonly instructions: string };

/** The message that starts a review. */
export function renderReviewPrompt(target: ReviewTarget): string {
  return fillIn(REVIEW_PROMPT, {
    target: targetText(target),
    schema: JSON.stringify(REVIEW_SCHEMA),
  });
}

function targetText(target: ReviewTarget): string {
  switch (target.type) {
    case "uncommitted":
      return "everything in the working tree that is not committed: staged, unstaged and untracked files.";
    case "branch":
      return `what this branch adds to \`${target.base}\`: find the merge base (\`git merge-base HEAD ${target.base}\`) and read the diff from there.`;
    case "commit":
      return `the commit \`${target.commit}\` (\`git show ${target.commit}\`).`;
    case "custom":
      return target.instructions.trim();
    default:
      return unreachable(target);
  }
}
