/** Plan mode: entered, left, and the one question that hands over to the work. */
import {
  renderPlanAccepted,
  renderPlanPrompt,
} from "../../context/requests.ts";
import { usageError } from "../../protocol/error.ts";
import { renderPlan } from "../render/diff.ts";
import { approvalText } from "../render/format.ts";
import type { SlashCommand, SlashContext } from "./slash_context.ts";
import type { ConversationView } from "./view.ts";

const STAYS =
  "Still in plan mode: /plan accept carries the plan out, /plan off leaves without it";

export const PLAN_COMMAND: SlashCommand = {
  name: "plan",
  args: "[REQUEST|accept [PLAN]|off]",
  summary: "Plan while nothing can be changed; then carry it out",
  run: runPlan,
  words: () => ["accept", "off"],
};

function runPlan(context: SlashContext, args: string): void {
  const { state } = context;
  const [, verb, plan = ""] = /^(accept|off)(?:\s+([^]*))?$/.exec(args) ?? [];
  if (verb === "accept") return acceptPlan(context, plan);
  if (verb === "off" && plan === "") return leave(context);
  if (args === "" && state.isPlanning) return showPlan(context);
  enter(context);
  if (args === "") return;
  state.isPlanAsked = true;
  context.send(renderPlanPrompt(args), `/plan ${args}`);
}

function enter(context: SlashContext): void {
  const { state } = context;
  if (state.isPlanning) return;
  context.changeSettings({ mode: "plan" });
  context.say([
    "Plan mode: nothing can be changed until a plan is accepted; /plan off leaves it",
  ]);
}

function leave(context: SlashContext): void {
  needPlanning(context);
  context.changeSettings({ mode: undefined });
  context.say([`Plan mode is left; now ${rightsAfter(context)}`]);
}

function showPlan({ state, say }: SlashContext): void {
  say([
    ...renderPlan(state.plan, { hasColor: false, width: Infinity }),
    STAYS,
  ]);
}

/** Leaves plan mode and hands the plan over: as it was proposed, or as it was edited. */
function acceptPlan(context: SlashContext, edited: string): void {
  needPlanning(context);
  const plan = edited.trim() === "" ? context.state.proposedPlan : edited;
  if (plan.trim() === "") {
    throw usageError(
      "Cannot accept a plan: there is none yet, ask for one with /plan REQUEST",
    );
  }
  context.changeSettings({ mode: undefined });
  context.send(renderPlanAccepted(plan), "/plan accept");
}

/** Asks once whether to carry the plan out. */
export async function offerPlan(
  context: SlashContext,
  view: Pick<ConversationView, "canEdit" | "choose" | "giveBack" | "say">,
  signal: AbortSignal,
): Promise<void> {
  const edit = view.canEdit ? ["Change the plan first"] : [];
  const answers = [
    `Yes, leave plan mode for it: ${rightsAfter(context)}`,
    ...edit,
    "No, stay in plan mode",
  ];
  const chosen = await view.choose({
    title: "Carry out this plan?",
    answers,
    safe: answers.length - 1,
  }, signal);
  if (signal.aborted) return;
  if (chosen === 0) return acceptPlan(context, "");
  if (chosen === answers.length - 1) return view.say([STAYS]);
  view.giveBack([`/plan accept ${context.state.proposedPlan}`]);
}

function needPlanning({ state }: SlashContext): void {
  if (state.isPlanning) return;
  throw usageError("Cannot leave plan mode: it is not on, /plan begins it");
}

function rightsAfter({ state: { settings } }: SlashContext): string {
  const { approval, sandbox } = settings?.after ?? {};
  return approval === undefined || sandbox === undefined
    ? "the permissions from before"
    : `sandbox ${sandbox.mode}, approvals ${approvalText(approval)}`;
}
