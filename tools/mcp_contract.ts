/** The words between the parts of the MCP client. */
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport";
import type { Usage } from "../core/protocol/event.ts";
import type { FormAnswer, FormRequest } from "../core/protocol/form.ts";
import type { WireItem } from "../core/protocol/item.ts";
import type { ApprovalRequest, Decision } from "../core/protocol/policy.ts";
import type { ToolContext } from "../core/protocol/tool.ts";
import type { JsonObject } from "../core/util/json.ts";

/** A transport that can say what it knows of a failure. */
export interface McpTransport extends Transport {
  /** In words; empty when there is nothing to say. */
  describe(): string;
}

/** The answer to a server's request is an error of JSON-RPC. */
export class McpRefusal extends Error {
  override readonly name = "McpRefusal";
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
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

/** One request of a server to the model, beside all conversations. */
export interface SamplingRequest {
  /** The server's own; absent when it has none. */
  readonly instructions?: string;
  readonly input: readonly WireItem[];
  readonly tokensMax: number;
}

export interface SamplingAnswer {
  readonly text: string;
  readonly model: string;
  readonly stopReason: "endTurn" | "maxTokens";
  /** Null when the provider did not count. */
  readonly usage: Usage | null;
}

/** What sampling needs of the program: a person who may say no, and a model. */
export interface SamplingHook {
  ask(request: ApprovalRequest, signal: AbortSignal): Promise<Decision>;
  /** Throws ModelError and UserError, and the signal's reason. */
  send(
    request: SamplingRequest,
    context: ToolContext,
    signal: AbortSignal,
  ): Promise<SamplingAnswer>;
  /** Shows the person what has become of it. */
  tell(message: string): void;
}

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

export interface McpProgress {
  readonly progress: number;
  readonly total?: number | undefined;
  readonly message?: string | undefined;
}

export interface AskOptions {
  /** Without any sign of life; progress begins it anew. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: McpProgress) => void;
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
  readonly end: FailureEnd;

  constructor(message: string, end: FailureEnd = "alive") {
    super(message);
    this.end = end;
  }
}
