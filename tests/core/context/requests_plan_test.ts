/** The message that asks for a plan. */
import assert from "node:assert/strict";
import { renderPlanPrompt } from "../../../core/context/requests.ts";

Deno.test("renderPlanPrompt() ends with the request as it was said", () => {
  const prompt = renderPlanPrompt("  rename {x} to $1\n");
  assert.ok(prompt.endsWith("\nrename {x} to $1"), prompt);
  assert.match(prompt, /update_plan/);
});
