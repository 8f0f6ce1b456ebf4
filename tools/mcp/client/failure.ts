/** Why a server failed, in words. */
// @ts-types="@modelcontextprotocol/sdk/client/auth"
import { UnauthorizedError } from "@modelcontextprotocol/sdk/client/auth.js";
// @ts-types="@modelcontextprotocol/sdk/types"
import { McpError } from "@modelcontextprotocol/sdk/types.js";
import { errorText } from "../../../core/protocol/error.ts";
import { headBytes } from "../../../core/util/text/text.ts";
import { PROGRAM } from "../../../core/protocol/version.ts";
import { asObject } from "../../../core/util/json/json.ts";
import { LIMITS } from "../../../core/protocol/limits.ts";
import { type FailureEnd, McpFailure, type McpPage } from "./types.ts";

interface FailureFacts {
  readonly server: string;
  readonly timeoutMs: number;
  /** The connection has ended. */
  readonly isGone: boolean;
  /** What the transport knows. */
  readonly details: string;
}

/** JSON-RPC codes that the SDK uses for its own timeout and for a connection that ended. */
const TIMED_OUT = -32_001;
const CLOSED = -32_000;
/** "URL elicitation required" (MCP 2025-11-25, client/elicitation). */
const PAGE_FIRST = -32_042;
const TEXT_BYTES_MAX = 2_048;

/** What went wrong, as an error for the model and the person. */
export function describeFailure(
  error: unknown,
  facts: FailureFacts,
): McpFailure {
  if (error instanceof McpFailure) return error;
  const what = headBytes(whatFailed(error, facts), TEXT_BYTES_MAX);
  const isOwnWord = error instanceof McpError && !facts.isGone &&
    error.code !== TIMED_OUT;
  const details = isOwnWord || what.includes(facts.details)
    ? ""
    : `; ${facts.details}`;
  return new McpFailure(what + details, endOf(error, facts), pagesOf(error));
}

function pagesOf(error: unknown): readonly McpPage[] {
  if (!(error instanceof McpError) || error.code !== PAGE_FIRST) return [];
  const { elicitations } = asObject(error.data) ?? {};
  if (!Array.isArray(elicitations)) return [];
  return elicitations.slice(0, LIMITS.mcpPagesFirst).flatMap((one) => {
    const { url, message } = asObject(one) ?? {};
    if (typeof url !== "string") return [];
    return [{ url, message: typeof message === "string" ? message : "" }];
  });
}

function whatFailed(error: unknown, facts: FailureFacts): string {
  if (error instanceof UnauthorizedError || statusOf(error) === 401) {
    return `it asks for a login: ${PROGRAM} mcp login ${facts.server}`;
  }
  if (!(error instanceof McpError)) return errorText(error);
  const text = error.message.replace(/^(MCP error -?\d+: )+/, "");
  if (error.code === TIMED_OUT && text === "Request timed out") {
    return `it did not answer within ${facts.timeoutMs / 1_000} s`;
  }
  if (error.code === CLOSED && text === "Connection closed") {
    return "the connection was closed";
  }
  return text;
}

// A server answers 404 when it has forgotten the session (MCP 2025-06-18, transports).
function endOf(error: unknown, facts: FailureFacts): FailureEnd {
  if (statusOf(error) === 404) return "forgotten";
  return facts.isGone ? "gone" : "alive";
}

function statusOf(error: unknown): number | undefined {
  if (error instanceof McpError) return undefined;
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "number" ? code : undefined;
}
