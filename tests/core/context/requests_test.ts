/** The messages of ours that ask for a plan, a review, or an answer in another form. */
import assert from "node:assert/strict";
import {
  renderPlanPrompt,
  renderReviewPrompt,
  schemaRepairItem,
} from "../../../core/context/requests.ts";
import { viewItem } from "../../../core/protocol/item.ts";
import { REVIEW_SCHEMA } from "../../../prompts/mod.ts";

Deno.test("renderPlanPrompt() ends with the request as it was said", () => {
  const prompt = renderPlanPrompt("  rename {x} to $1\n");
  assert.ok(prompt.endsWith("\nrename {x} to $1"), prompt);
  assert.match(prompt, /update_plan/);
});

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

Deno.test("schemaRepairItem() lists the problems as they are, in a message of ours", () => {
  const view = viewItem(schemaRepairItem(["/a: must be integer", "$& and $1"]));
  assert(view.type === "message");
  assert.equal(view.role, "developer");
  assert(view.text.includes("\n- /a: must be integer\n- $& and $1\n"));
  assert.doesNotMatch(view.text, /[{}]/);
});
