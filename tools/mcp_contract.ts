/** The words between the parts of the MCP client. */
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport";
import type { JsonObject } from "../core/util/json.ts";

/** A transport that can say what it knows of a failure. */
export interface McpTransport extends Transport {
  /** In words; empty when there is nothing to say. */
  describe(): string;
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

export interface McpElicitationAnswer {
  readonly action: "accept" | "decline" | "cancel";
  readonly content?: Readonly<
    Record<string, string | number | boolean | string[]>
  >;
}

export type ElicitHook = (
  request: McpElicitation,
  signal: AbortSignal,
) => Promise<McpElicitationAnswer>;

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
