/** Questions to the person as permission requests, and answers as decisions. Pure. */
import type {
  PermissionOption,
  RequestPermissionRequest,
  ToolCallUpdate,
} from "@agentclientprotocol/sdk";
import * as z from "zod/mini";
import type { Activity } from "../../../protocol/event.ts";
import {
  acceptOffer,
  type ApprovalRequest,
  type Decision,
  offeredRules,
  type RuleOffer,
} from "../../../protocol/policy.ts";
import { showHidden, showLine } from "../../../util/text/visible_text.ts";
import { questionText } from "../../wire/questions.ts";
import { fenced, textContent, viewCall } from "./tool_calls.ts";

interface Answer<T> {
  readonly option: PermissionOption;
  readonly means: T;
}

/** A request to the client, and what its answer means. */
interface Permission<T> {
  readonly params: Omit<RequestPermissionRequest, "sessionId">;
  /** Anything that is no clear yes is a no. */
  readonly read: (answer: unknown) => T;
}

const Outcome = z.object({
  outcome: z.union([
    z.object({ outcome: z.literal("selected"), optionId: z.string() }),
    z.object({ outcome: z.literal("cancelled") }),
  ]),
});

/** A question of the gate; `activity` is what it is about. */
export function buildPermission(
  request: ApprovalRequest,
  toolCallId: string,
  activity: Activity | undefined,
): Permission<Decision> {
  return permission(callOf(request, toolCallId, activity), [
    answer("allow_once", "allow", "Allow", { type: "approve" }),
    answer("allow_always", "allow_session", sessionText(request), {
      type: "approve_for_session",
    }),
    ...offeredRules(request).map((offer, at) =>
      answer(
        "allow_always",
        `allow_rule_${at}`,
        ruleText(offer),
        acceptOffer(offer),
      )
    ),
    answer("reject_once", "reject", "Reject", { type: "deny" }),
    answer("reject_once", "stop", "Reject and stop", { type: "abort" }),
  ], { cancelled: { type: "abort" }, none: NO_ANSWER });
}

/** Whether a session may have more rights than it was opened with. */
export function buildModeQuestion(
  mode: { readonly name: string; readonly description: string },
  toolCallId: string,
): Permission<"once" | "session" | "no"> {
  return permission({
    toolCallId,
    title: `Switch to ${mode.name}`,
    kind: "switch_mode",
    status: "pending",
    content: [
      textContent(
        `${mode.description}. That is more than the configuration allows.`,
      ),
    ],
  }, [
    answer("allow_once", "allow", "Allow", "once" as const),
    answer(
      "allow_always",
      "allow_session",
      "Allow, and do not ask again in this session",
      "session" as const,
    ),
    answer("reject_once", "reject", "Reject", "no" as const),
  ], { cancelled: "no", none: "no" });
}

const NO_ANSWER: Decision = {
  type: "deny",
  message: "The client's answer was none",
};

function answer<T>(
  kind: PermissionOption["kind"],
  optionId: string,
  name: string,
  means: T,
): Answer<T> {
  return { option: { kind, optionId, name }, means };
}

function permission<T>(
  toolCall: ToolCallUpdate,
  answers: readonly Answer<T>[],
  { cancelled, none }: { readonly cancelled: T; readonly none: T },
): Permission<T> {
  return {
    params: { toolCall, options: answers.map(({ option }) => option) },
    read: (given) => {
      const parsed = Outcome.safeParse(given);
      if (!parsed.success) return none;
      const { outcome } = parsed.data;
      if (outcome.outcome === "cancelled") return cancelled;
      const chosen = answers.find(({ option }) =>
        option.optionId === outcome.optionId
      );
      return chosen === undefined ? none : chosen.means;
    },
  };
}

function callOf(
  request: ApprovalRequest,
  toolCallId: string,
  activity: Activity | undefined,
): ToolCallUpdate {
  const view = activity === undefined ? undefined : viewCall(activity);
  const why = questionText(request);
  const detail = showHidden(request.detail).trimEnd();
  // Its diffs are there already; text for eyes, they do not show what is hidden in them.
  const isShown = request.targets !== undefined &&
    detail === request.detail.trimEnd();
  return {
    toolCallId,
    title: showLine(request.title),
    kind: view?.kind ?? "other",
    status: "pending",
    content: [
      ...(view?.content ?? []),
      // Whole and with what is hidden in it: it is what the answer is about.
      ...(isShown || detail === "" ? [] : [textContent(fenced(detail))]),
      ...(why === "" ? [] : [textContent(why)]),
    ],
    ...(view !== undefined && { locations: view.locations }),
    ...(view?.rawInput !== undefined && { rawInput: view.rawInput }),
  };
}

function sessionText({ sessionScope }: ApprovalRequest): string {
  return sessionScope === ""
    ? "Allow, and do not ask again in this session"
    : `Allow, and remember: ${showLine(sessionScope)}`;
}

function ruleText({ prefixes, sandbox = [] }: RuleOffer): string {
  const names = prefixes.map((words) => showLine(words.join(" "))).join(", ");
  const opened = sandbox.map((one) =>
    one === "network" ? " with network" : ` writing to ${showLine(one)}`
  ).join("");
  return `Always allow${opened}: ${names}`;
}
