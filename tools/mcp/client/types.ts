/** Types shared by the parts of the MCP client. */
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport";
import type { FormAnswer, FormRequest } from "../../../core/protocol/form.ts";
import type { ToolContext } from "../../../core/protocol/tool.ts";
import type { TraceCarrier } from "../../../core/protocol/settings.ts";
import type { JsonObject } from "../../../core/util/json/json.ts";
import { cutBytes, headBytes } from "../../../core/util/text/text.ts";

/** A transport that can say what it knows of a failure. */
export interface McpTransport extends Transport {
  /** In words; empty when there is nothing to say. */
  describe(): string;
}

/** The answer to a server's request is an error of JSON-RPC. */
export class McpRefusal extends Error {
  override readonly name = "McpRefusal";

  constructor(readonly code: number, message: string) {
    super(message);
  }
}

/** What a server asks the person in the middle of a call. */
export interface McpElicitation {
  readonly server: string;
  readonly message: string;
  /** A page to open (mode `url`). */
  readonly url?: string;
  /** JSON Schema of the answer (mode `form`). */
  readonly schema: JsonObject;
}

/** A frontend that takes values from the person. */
export type ElicitHook = (
  form: FormRequest,
  signal: AbortSignal,
) => Promise<FormAnswer>;

/** What a server may ask in the middle of a call; `context` is the call's, if one runs. */
export interface ServerRequests {
  elicit(
    request: McpElicitation,
    context: ToolContext | undefined,
    signal: AbortSignal,
  ): Promise<FormAnswer>;
  /** The result of `sampling/createMessage`. Throws McpRefusal. */
  sample(
    request: { readonly server: string; readonly params: JsonObject },
    context: ToolContext | undefined,
    signal: AbortSignal,
  ): Promise<JsonObject>;
}

/** A page that a server wants the person to open. */
export interface McpPage {
  readonly url: string;
  readonly message: string;
}

export interface McpProgress {
  readonly progress: number;
  readonly total?: number | undefined;
  readonly message?: string | undefined;
}

export interface AskOptions {
  /** Without any sign of life; progress restarts it. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: McpProgress) => void;
  /** The span it is asked under; the server is told of it. */
  readonly trace?: TraceCarrier | undefined;
}

/** What has become of the conversation in which something failed. */
export type FailureEnd =
  | "alive"
  /** It has ended; nobody knows how far the server came. */
  | "gone"
  /** It had ended before the server began. */
  | "forgotten";

/** Why a server did not do what was asked, for the model and the person. */
export class McpFailure extends Error {
  override readonly name = "McpFailure";
  /** What the person has to do elsewhere before the same can be asked again. */
  readonly pages: readonly McpPage[];

  constructor(
    message: string,
    readonly end: FailureEnd = "alive",
    pages: readonly McpPage[] = [],
  ) {
    super(message);
    this.pages = pages;
  }
}

const TEXT_BYTES_MAX = 2_048;
/** Details that begin the same have been said. */
const SAME_BYTES = 200;

/** What went wrong, and what the transport knows besides; each cut. */
export function joinFailure(what: string, details: string): string {
  const text = cutBytes(what, TEXT_BYTES_MAX);
  return what.includes(headBytes(details, SAME_BYTES))
    ? text
    : `${text}; ${cutBytes(details, TEXT_BYTES_MAX)}`;
}
