/** Approvals as requests to the client, and its answers as decisions. Pure. */
import type { Activity } from "../../../protocol/event.ts";
import type { FormAnswer, FormRequest } from "../../../protocol/form.ts";
import {
  acceptOffer,
  type ApprovalRequest,
  type Decision,
  offeredRules,
} from "../../../protocol/policy.ts";
import { showHidden, showLine } from "../../../util/text/visible_text.ts";
import { buildFormSchema, parseFormAnswer } from "../../wire/form_schema.ts";
import { questionText } from "../../wire/questions.ts";
import { CommandAnswer, ElicitationAnswer } from "./turn_schema.ts";

interface Place {
  readonly threadId: string;
  readonly turnId: string;
  readonly itemId: string;
  readonly startedAtMs: number;
}

/** A request to a client, and what its answer means. */
export interface ClientQuestion<T> {
  readonly method: string;
  readonly params: Record<string, unknown>;
  /** Anything that is no clear yes is a no. */
  readonly read: (answer: unknown) => T;
}

/** A question of the gate; `activity` is what it is about. */
export function buildApproval(
  request: ApprovalRequest,
  place: Place,
  activity: Activity | undefined,
): ClientQuestion<Decision> {
  if (request.kind === "mcp") return mcpApproval(request, place, activity);
  const isPatch = request.targets !== undefined;
  return {
    method: isPatch
      ? "item/fileChange/requestApproval"
      : "item/commandExecution/requestApproval",
    params: isPatch
      ? { ...place, reason: questionText(request), grantRoot: null }
      : commandParams(request, place),
    read: (answer) => commandDecision(answer, request),
  };
}

/** Values that a server of MCP asks the person for. */
export function buildElicitation(
  form: FormRequest,
  place: Pick<Place, "threadId"> & {
    readonly turnId: string | null;
    readonly elicitationId: string;
  },
): ClientQuestion<FormAnswer> {
  const { elicitationId, ...rest } = place;
  const common = {
    ...rest,
    serverName: form.from,
    environmentId: null,
    _meta: null,
    message: form.message,
  };
  return {
    method: "mcpServer/elicitation/request",
    params: form.url === undefined
      ? {
        ...common,
        mode: "form",
        requestedSchema: buildFormSchema(form.fields),
      }
      : { ...common, mode: "url", url: form.url, elicitationId },
    read: (answer) => {
      const parsed = ElicitationAnswer.safeParse(answer);
      if (!parsed.success) return { action: "cancel" };
      const { action, content } = parsed.data;
      return parseFormAnswer(form.fields, { action, content });
    },
  };
}

function commandParams(
  request: ApprovalRequest,
  place: Place,
): Record<string, unknown> {
  const { detail: command } = request;
  const prefix = offeredRules(request)[0]?.prefixes[0];
  return {
    kind: "command",
    ...place,
    environmentId: null,
    reason: questionText(request),
    command,
    cwd: request.cwd,
    commandActions: [{ type: "unknown", command }],
    ...(prefix !== undefined && { proposedExecpolicyAmendment: prefix }),
    availableDecisions: [
      "accept",
      "acceptForSession",
      ...(prefix === undefined ? [] : [{
        acceptWithExecpolicyAmendment: { execpolicy_amendment: prefix },
      }]),
      "decline",
      "cancel",
    ],
  };
}

function commandDecision(
  answer: unknown,
  request: ApprovalRequest,
): Decision {
  const parsed = CommandAnswer.safeParse(answer);
  if (!parsed.success) {
    return { type: "deny", message: "The client's answer was none" };
  }
  const { decision } = parsed.data;
  if (typeof decision === "object") {
    const prefix = decision.acceptWithExecpolicyAmendment.execpolicy_amendment;
    const words = JSON.stringify(prefix);
    const offer = offeredRules(request).find(({ prefixes }) =>
      JSON.stringify(prefixes[0]) === words
    );
    return offer === undefined
      ? { type: "approve_prefix", prefix }
      : acceptOffer(offer);
  }
  switch (decision) {
    case "accept":
      return { type: "approve" };
    case "acceptForSession":
      return { type: "approve_for_session" };
    case "decline":
      return { type: "deny" };
    case "cancel":
      return { type: "abort" };
  }
}

// As Codex asks: an elicitation without fields, marked as being about a call.
function mcpApproval(
  request: ApprovalRequest,
  { threadId, turnId }: Place,
  activity: Activity | undefined,
): ClientQuestion<Decision> {
  const isCall = activity?.type === "mcp_call";
  return {
    method: "mcpServer/elicitation/request",
    params: {
      threadId,
      turnId,
      serverName: isCall ? activity.server : "",
      environmentId: null,
      mode: "form",
      _meta: {
        codex_approval_kind: "mcp_tool_call",
        persist: ["session"],
        ...(isCall && { tool_params: activity.arguments }),
      },
      message: [
        showLine(request.title),
        showLine(request.reason),
        showHidden(request.detail),
      ].filter((line, at, lines) => line !== "" && lines.indexOf(line) === at)
        .join("\n"),
      requestedSchema: { type: "object", properties: {} },
    },
    read: (answer) => {
      const parsed = ElicitationAnswer.safeParse(answer);
      const action = parsed.success ? parsed.data.action : "decline";
      if (action !== "accept") {
        return { type: action === "cancel" ? "abort" : "deny" };
      }
      return parsed.data?._meta?.persist === "session"
        ? { type: "approve_for_session" }
        : { type: "approve" };
    },
  };
}
