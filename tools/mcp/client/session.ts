/** One session with one server, from initialize to its end, and why it failed, in words. */
import type { Client } from "@modelcontextprotocol/sdk/client";
// @ts-types="@modelcontextprotocol/sdk/client/auth"
import { UnauthorizedError } from "@modelcontextprotocol/sdk/client/auth.js";
// @ts-types="@modelcontextprotocol/sdk/types"
import { McpError } from "@modelcontextprotocol/sdk/types.js";
import * as z from "zod/mini";
import { LIMITS } from "../../../core/protocol/limits.ts";
import { PROGRAM } from "../../../core/protocol/version.ts";
import { asObject, type JsonObject } from "../../../core/util/json/json.ts";
import { faultText } from "./mend.ts";
import { type ClientOptions, createClient } from "./sdk_client.ts";
import {
  type AskOptions,
  type FailureEnd,
  joinFailure,
  McpFailure,
  type McpPage,
  type McpProgress,
  type McpTransport,
} from "./types.ts";
import {
  CallResult,
  Page,
  type PageItems,
  PromptResult,
  ReadResult,
} from "./wire.ts";

export interface SessionOptions extends ClientOptions {
  readonly transport: McpTransport;
}

/** What can be listed: the method, and the member of its answer. */
const LISTS = {
  tools: { method: "tools/list", capability: "tools" },
  prompts: { method: "prompts/list", capability: "prompts" },
  resources: { method: "resources/list", capability: "resources" },
  resourceTemplates: {
    method: "resources/templates/list",
    capability: "resources",
  },
} as const;

export type Listable = keyof typeof LISTS;

/** Says hello. Throws McpFailure, or the abort's reason; nothing is left running then. */
export async function openSession(
  options: SessionOptions,
  ask: AskOptions,
): Promise<McpSession> {
  const session = new McpSession(options);
  try {
    await session.connect(ask);
    return session;
  } catch (error) {
    await session.close();
    throw error;
  }
}

/** Every method throws McpFailure, or the reason of the abort. */
export class McpSession {
  readonly #options: SessionOptions;
  readonly #client: Client;
  #isClosed = false;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#client = createClient(options);
    this.#client.onclose = () => {
      this.#isClosed = true;
    };
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Name and version as the server gives them. */
  get serverName(): string {
    const version = this.#client.getServerVersion();
    return version === undefined ? "" : `${version.name} ${version.version}`;
  }

  async connect(ask: AskOptions): Promise<void> {
    const { transport } = this.#options;
    await this.#guard(
      ask,
      (options) => this.#client.connect(transport, options),
    );
  }

  has(capability: "tools" | "resources" | "prompts"): boolean {
    return this.#client.getServerCapabilities()?.[capability] !== undefined;
  }

  /** All pages of it; empty when the server does not offer such things. */
  async listAll(what: Listable, ask: AskOptions): Promise<readonly unknown[]> {
    const all: unknown[] = [];
    let cursor: string | undefined;
    for (let page = 0; page < LIMITS.mcpPages; page++) {
      const { items, next } = await this.listPage(what, cursor, ask);
      all.push(...items);
      if (next === undefined || next === cursor) break;
      if (all.length >= LIMITS.mcpListed) break;
      cursor = next;
    }
    return all.slice(0, LIMITS.mcpListed);
  }

  async listPage(
    what: Listable,
    cursor: string | undefined,
    ask: AskOptions,
  ): Promise<PageItems> {
    const { method, capability } = LISTS[what];
    if (!this.has(capability)) return { items: [] };
    const params = cursor === undefined ? {} : { cursor };
    const page = this.parse(Page, await this.request(method, params, ask));
    const items = page[what];
    if (!Array.isArray(items)) {
      throw new McpFailure(`its answer to ${method} has no ${what}`);
    }
    const { nextCursor } = page;
    return { items, ...(nextCursor != null && { next: nextCursor }) };
  }

  async callTool(
    name: string,
    args: JsonObject,
    ask: AskOptions,
  ): Promise<CallResult> {
    const params = { name, arguments: args };
    return this.parse(
      CallResult,
      await this.request("tools/call", params, ask),
    );
  }

  async readResource(
    uri: string,
    ask: AskOptions,
  ): Promise<z.infer<typeof ReadResult>> {
    const result = await this.request("resources/read", { uri }, ask);
    return this.parse(ReadResult, result);
  }

  async getPrompt(
    name: string,
    values: Readonly<Record<string, string>>,
    ask: AskOptions,
  ): Promise<z.infer<typeof PromptResult>> {
    const params = { name, arguments: { ...values } };
    const result = await this.request("prompts/get", params, ask);
    return this.parse(PromptResult, result);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#options.transport.close();
  }

  /** Any request there is; its result as the server gave it. */
  async request(
    method: string,
    params: Record<string, unknown>,
    ask: AskOptions,
  ): Promise<unknown> {
    const { trace } = ask;
    // First, where a server behind a URL is told of it once more (http.ts).
    const all = trace === undefined ? params : { _meta: trace, ...params };
    return await this.#guard(
      ask,
      (options) =>
        this.#client.request({ method, params: all }, z.unknown(), options),
    );
  }

  async #guard<T>(
    ask: AskOptions,
    work: (options: SdkOptions) => Promise<T>,
  ): Promise<T> {
    ask.signal?.throwIfAborted();
    // The SDK cancels at the server on every abort, also of what is long answered.
    const stop = new AbortController();
    const onAbort = (): void => stop.abort(ask.signal?.reason);
    ask.signal?.addEventListener("abort", onAbort, { once: true });
    try {
      return await work(sdkOptions({ ...ask, signal: stop.signal }));
    } catch (error) {
      ask.signal?.throwIfAborted();
      const { transport, server } = this.#options;
      const failure = describeFailure(error, {
        server,
        timeoutMs: ask.timeoutMs,
        isGone: this.#isClosed,
        details: transport.describe(),
      });
      if (failure.end !== "alive") this.#isClosed = true;
      throw failure;
    } finally {
      ask.signal?.removeEventListener("abort", onAbort);
    }
  }

  /** The answer as this schema has it. Throws McpFailure. */
  parse<S extends z.ZodMiniType>(schema: S, value: unknown): z.infer<S> {
    const parsed = z.safeParse(schema, value);
    if (parsed.success) return parsed.data;
    const at = parsed.error.issues[0]?.path.join(".") ?? "";
    throw new McpFailure(`its answer does not fit at "${at}"`);
  }
}

interface SdkOptions {
  timeout: number;
  resetTimeoutOnProgress: true;
  signal?: AbortSignal;
  onprogress?: (progress: McpProgress) => void;
}

function sdkOptions(
  { timeoutMs, signal, onProgress }: AskOptions,
): SdkOptions {
  return {
    timeout: timeoutMs,
    resetTimeoutOnProgress: true,
    ...(signal !== undefined && { signal }),
    ...(onProgress !== undefined && { onprogress: onProgress }),
  };
}

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

/** What went wrong, as an error for the model and the person. */
function describeFailure(
  error: unknown,
  facts: FailureFacts,
): McpFailure {
  if (error instanceof McpFailure) return error;
  const whole = whatFailed(error, facts);
  const isOwnWord = error instanceof McpError && !facts.isGone &&
    error.code !== TIMED_OUT;
  const text = joinFailure(whole, isOwnWord ? "" : facts.details);
  return new McpFailure(text, endOf(error, facts), pagesOf(error));
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
  if (!(error instanceof McpError)) return faultText(error);
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
