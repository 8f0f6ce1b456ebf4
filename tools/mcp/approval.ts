/** Whether a call to a server's tool may run: by its hints, configuration and policy. Pure. */
import type { TurnSettings } from "../../core/protocol/settings.ts";
import { modeReason } from "../../core/policy/mode.ts";
import { unreachable } from "../../core/util/assert.ts";
import type { McpApprovalMode, McpServerSpec } from "./client/server_config.ts";

/** What a server says of its tool; absent is unknown (MCP 2025-06-18, tool annotations). */
export interface ToolHints {
  readonly readOnly?: boolean;
  readonly destructive?: boolean;
  readonly openWorld?: boolean;
}

type McpVerdict =
  | { readonly type: "run" }
  | { readonly type: "ask"; readonly reason: string }
  | { readonly type: "refuse"; readonly reason: string };

/** What is known of a tool before it is called. */
interface McpToolFacts {
  /** What the configuration says of it. */
  readonly mode: McpApprovalMode;
  readonly hints: ToolHints;
  /** Whether its server is the person's own. */
  readonly isOwn: boolean;
}

const READS_ONLY =
  "Only tools may be called of which a server of the user's own says that they only read (readOnlyHint)";

export function decideMcpCall(
  { mode, hints, isOwn }: McpToolFacts,
  { approval, sandbox, mode: turnMode }: Pick<
    TurnSettings,
    "approval" | "sandbox" | "mode"
  >,
): McpVerdict {
  // Servers act outside of our sandbox: what holds here is their own word that they only read.
  const isReading = isOwn && hints.readOnly === true &&
    hints.destructive !== true;
  if (turnMode !== undefined && !isReading) {
    return {
      type: "refuse",
      reason: `${READS_ONLY}; ${modeReason(turnMode)}`,
    };
  }
  if (mode === "approve") return { type: "run" };
  const reason = mode === "prompt"
    ? "The configuration asks before every call of this tool"
    : whyRisky(hints) ?? whyDoubted(isOwn, approval);
  if (reason === undefined) return { type: "run" };
  switch (approval) {
    case "untrusted":
    case "on-failure":
    case "on-request":
      return { type: "ask", reason };
    case "never": {
      // Nobody is asked, and anything goes: the person has said both.
      const isFree = sandbox.mode === "danger-full-access" ||
        sandbox.mode === "external-sandbox";
      return isFree && mode !== "prompt"
        ? { type: "run" }
        : { type: "refuse", reason };
    }
    default:
      if (typeof approval === "string") return unreachable(approval);
      return approval.granular.mcp_elicitations
        ? { type: "ask", reason }
        : { type: "refuse", reason };
  }
}

export function approvalModeOf(
  spec: Pick<McpServerSpec, "approval">,
  tool: string,
): McpApprovalMode {
  const { tools, fallback } = spec.approval;
  return Object.hasOwn(tools, tool) ? tools[tool] ?? fallback : fallback;
}

// Hints are the server's own word (MCP 2025-06-18: untrusted unless the server is).
function whyDoubted(
  isOwn: boolean,
  approval: TurnSettings["approval"],
): string | undefined {
  if (!isOwn) {
    return "Its server comes with the project, so its word that it is safe does not count";
  }
  return approval === "untrusted"
    ? 'Every call of a tool is asked about under "untrusted"'
    : undefined;
}

// A tool that says nothing of itself may do anything, as the specification has it.
function whyRisky(hints: ToolHints): string | undefined {
  if (hints.destructive === true) {
    return "The server says that this tool can be destructive";
  }
  if (hints.readOnly === true) return undefined;
  if (hints.destructive === undefined) {
    return "The server does not say what this tool may change";
  }
  return hints.openWorld === false
    ? undefined
    : "This tool may change things outside of this machine";
}
