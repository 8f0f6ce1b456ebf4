/** The prompt that asks for a plan before anything is done. */
import { PLAN_PROMPT } from "../../prompts/mod.ts";
import { fillIn } from "./format/text.ts";

/** The message that asks for a plan of the request and forbids to begin with it. */
export function renderPlanPrompt(request: string): string {
  return fillIn(PLAN_PROMPT, { request: request.trim() });
}
