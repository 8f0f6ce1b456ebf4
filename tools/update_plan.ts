/** The plan tool: the model writes its list of steps, the person watches it. */
import * as z from "zod/mini";
import { ToolError } from "../core/protocol/error.ts";
import type { ActivityBody, Tool, ToolContext } from "../core/protocol/tool.ts";
import type { JsonObject } from "../core/util/json/json.ts";
import description from "../prompts/tools/update_plan.md" with { type: "text" };

const Arguments = z.object({
  explanation: z.optional(z.nullable(z.string())),
  plan: z.array(z.object({
    step: z.string(),
    status: z.enum(["pending", "in_progress", "completed"]),
  })),
});

const PARAMETERS: JsonObject = {
  type: "object",
  properties: {
    explanation: {
      type: "string",
      description: "Why the plan is as it is, or changed",
    },
    plan: {
      type: "array",
      description: "All steps, in order",
      items: {
        type: "object",
        properties: {
          status: {
            type: "string",
            enum: ["pending", "in_progress", "completed"],
          },
          step: { type: "string", description: "A few words" },
        },
        required: ["step", "status"],
        additionalProperties: false,
      },
    },
  },
  required: ["plan"],
  additionalProperties: false,
};

/**
 * The tool named `update_plan`. The first call of a turn opens the plan, later ones
 * update it; the session completes it when the turn ends.
 */
export function createUpdatePlanTool(): Tool {
  // A turn has one signal for all its calls, so the signal stands for the turn.
  const plans = new WeakMap<AbortSignal, string>();
  return {
    name: "update_plan",
    spec: {
      type: "function",
      name: "update_plan",
      description: description.trim(),
      strict: false,
      parameters: PARAMETERS,
    },
    // Two plans at once would have no order.
    parallel: false,
    run: (call, context) => {
      showPlan(parsePlan(call.input), context, plans);
      return Promise.resolve({ content: "Plan updated", success: true });
    },
  };
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

function parsePlan(input: string): ActivityBody {
  let value: unknown;
  try {
    value = JSON.parse(input);
  } catch (error) {
    throw new ToolError(
      `Cannot read the plan: not JSON (${(error as Error).message})`,
    );
  }
  const parsed = Arguments.safeParse(value);
  if (!parsed.success) {
    const at = parsed.error.issues[0]?.path.join(".") ?? "";
    throw new ToolError(
      `Cannot read the plan: "${
        at || "plan"
      }" does not fit, must be {"plan": [{"step": "…", "status": "pending" | "in_progress" | "completed"}]}`,
    );
  }
  const steps = parsed.data.plan.map(({ step, status }) => ({
    text: step,
    status,
  }));
  return { type: "plan", steps };
}
