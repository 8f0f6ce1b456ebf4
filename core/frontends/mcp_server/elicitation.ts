/** An approval as an MCP elicitation, and the answer as a decision. Pure. */
import * as z from "zod/mini";
import {
  acceptOffer,
  type ApprovalRequest,
  type Decision,
  offeredRules,
} from "../../protocol/policy.ts";
import type { JsonObject } from "../../util/json/json.ts";
import { showHidden, showLine } from "../../util/text/visible_text.ts";

/** What came back: the answer of the specification, or the one clients of Codex give. */
export const ElicitAnswer = z.looseObject({
  action: z.optional(z.string()),
  content: z.nullish(z.looseObject({ decision: z.optional(z.string()) })),
  decision: z.optional(z.string()),
});
export type ElicitAnswer = z.infer<typeof ElicitAnswer>;

/** Parameters of `elicitation/create`; those beginning with `codex_` are for its clients. */
export function buildElicitation(
  request: ApprovalRequest,
  facts: { readonly threadId: string; readonly approvalId: string },
): JsonObject {
  const lines = [
    `${verbOf(request.kind)} ${showLine(request.title)}?`,
    ...(request.targets ?? []).map(({ path, named, isOutside }) =>
      `${isOutside ? "Outside the sandbox" : "File"}: ${showLine(path)}${
        named === undefined ? "" : ` (named ${showLine(named)})`
      }`
    ),
    showLine(request.reason),
    ...(request.detail === request.title ? [] : [showHidden(request.detail)]),
    `In ${showLine(request.cwd)}`,
    ...(request.forbids === "" ? [] : [request.forbids]),
  ];
  const isPatch = request.kind === "patch";
  return {
    message: lines.join("\n"),
    requestedSchema: {
      type: "object",
      properties: {
        decision: {
          type: "string",
          title: "Decision",
          description: `For the session: ${request.sessionScope}`,
          enum: [
            "approved",
            "approved_for_session",
            ...(request.prefix === undefined ? [] : ["approved_prefix"]),
            "denied",
            "abort",
          ],
          default: "approved",
        },
      },
    },
    threadId: facts.threadId,
    codex_elicitation: isPatch ? "patch-approval" : "exec-approval",
    codex_call_id: facts.approvalId,
    codex_event_id: facts.approvalId,
    codex_mcp_tool_call_id: facts.threadId,
    ...(!isPatch && { codex_command: [request.title] }),
    codex_cwd: request.cwd,
  };
}

/** What the answer means; anything but a clear yes is a no. */
export function decisionOf(
  answer: ElicitAnswer,
  request: ApprovalRequest,
): Decision {
  const word = answer.decision ?? answer.content?.decision;
  if (answer.action !== undefined && answer.action !== "accept") {
    return { type: "deny" };
  }
  const [offer] = offeredRules(request);
  switch (word) {
    case "approved":
      return { type: "approve" };
    case "approved_for_session":
      return { type: "approve_for_session" };
    case "approved_prefix":
      return offer === undefined ? { type: "approve" } : acceptOffer(offer);
    case "abort":
      return { type: "abort" };
    case undefined:
      return answer.action === "accept"
        ? { type: "approve" }
        : { type: "deny" };
    default:
      return { type: "deny" };
  }
}

function verbOf(kind: ApprovalRequest["kind"]): string {
  switch (kind) {
    case "command":
      return "Run";
    case "patch":
      return "Change";
    case "mcp":
      return "Call";
    case "escalation":
      return "Run without the sandbox:";
  }
}
