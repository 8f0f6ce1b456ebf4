/** Messages of ours that ask the model for something: a plan, a review, an answer that fits a schema. */
import {
  PLAN_PROMPTS,
  REVIEW_PROMPT,
  REVIEW_SCHEMA,
  SCHEMA_REPAIR,
} from "../../prompts/mod.ts";
import { fillIn } from "./format/text.ts";
import type { ReviewTarget } from "../contract/review.ts";
import { unreachable } from "../util/assert.ts";
import { textMessage, type WireItem } from "../protocol/item.ts";

/** The message that asks for a plan of the request and forbids to begin with it. */
export function renderPlanPrompt(request: string): string {
  return fillIn(PLAN_PROMPTS.request, { request: request.trim() });
}

/** The message that accepts a plan; what `plan` says is what holds. */
export function renderPlanAccepted(plan: string): string {
  return fillIn(PLAN_PROMPTS.accepted, { plan: plan.trim() });
}

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
      return `the commit \`${target.commit}\`${
        target.title === undefined ? "" : `, "${target.title}"`
      } (\`git show ${target.commit}\`).`;
    case "custom":
      return target.instructions.trim();
    default:
      return unreachable(target);
  }
}

/** Asks for the message once more; the problems are sentences. */
export function schemaRepairItem(problems: readonly string[]): WireItem {
  const list = problems.map((problem) => `- ${problem}`).join("\n");
  // A function, for the text of a problem may hold what replace() takes for a reference.
  return textMessage(
    "developer",
    SCHEMA_REPAIR.replace("{problems}", () => list),
  );
}
