/** The plan tool: the model keeps a list of steps that the user can follow. */
import type { ActivityBody, Tool, ToolContext } from "../core/protocol/tool.ts";
import description from "../prompts/tools/update_plan.md" with { type: "text" };
import { defineTool } from "./define/define_tool.ts";
import { choice, list, object, optional, text } from "./define/parameters.ts";

const PARAMETERS = {
  explanation: optional(text("Why the plan is as it is, or changed")),
  plan: list(
    object({
      step: text("A few words"),
      status: choice(["pending", "in_progress", "completed"]),
    }),
    "All steps, in order",
  ),
};

/**
 * The tool named `update_plan`. The first call of a turn opens the plan, later ones
 * update it; the session completes it when the turn ends.
 */
export function createUpdatePlanTool(): Tool {
  // A turn has one signal for all its calls, so the signal stands for the turn.
  const plans = new WeakMap<AbortSignal, string>();
  return defineTool({
    name: "update_plan",
    description,
    parameters: PARAMETERS,
    // Two plans at once would have no order.
    parallel: false,
    touches: () => [],
    run: ({ plan }, context) => {
      const steps = plan.map(({ step, status }) => ({ text: step, status }));
      showPlan({ type: "plan", steps }, context, plans);
      return Promise.resolve({ content: "Plan updated", success: true });
    },
  });
}

function showPlan(
  activity: ActivityBody,
  context: ToolContext,
  plans: WeakMap<AbortSignal, string>,
): void {
  const id = plans.get(context.signal);
  if (id !== undefined) context.update(id, activity);
  else plans.set(context.signal, context.open(activity));
}
