/** The prompt of a code review. */
import assert from "node:assert/strict";
import { REVIEW_SCHEMA } from "../../../prompts/mod.ts";
import { renderReviewPrompt } from "../../../core/context/requests.ts";

Deno.test("renderReviewPrompt() names the change and the form of the answer", () => {
  const cases = [
    [{ type: "uncommitted" }, "not committed"],
    [{ type: "branch", base: "main" }, "git merge-base HEAD main"],
    [{ type: "commit", commit: "abc123" }, "git show abc123"],
    [{ type: "custom", instructions: " Look at {x}. " }, "Look at {x}."],
  ] as const;
  for (const [target, expected] of cases) {
    const text = renderReviewPrompt(target);
    assert.ok(text.includes(expected), expected);
    assert.ok(text.includes(`\n${JSON.stringify(REVIEW_SCHEMA)}\n`));
    assert.ok(!/\{(target|schema)\}/.test(text));
  }
});
