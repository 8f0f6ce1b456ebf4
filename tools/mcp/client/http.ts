/** The transport to a server at a URL: the SDK's, with limits and no lost requests. */
import type { OAuthClientProvider } from "@modelcontextprotocol/sdk/client/auth";
// @ts-types="@modelcontextprotocol/sdk/client/streamableHttp"
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport";
import type { JSONRPCMessage } from "@modelcontextprotocol/sdk/types";
import type { Host } from "../../../core/protocol/host.ts";
import type { TraceCarrier } from "../../../core/protocol/settings.ts";
import { LIMITS } from "../../../core/protocol/limits.ts";
import { type AnswerEnd, limitFetch } from "./http_limit.ts";
import { faultAnswer, faultText } from "./mend.ts";
import { withTimeout } from "../../../core/util/async.ts";

interface HttpOptions {
  readonly host: Pick<Host, "fetch" | "sleep">;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly auth?: OAuthClientProvider;
}

/** One session with one server. Every request is answered, if only with an error. */
export class HttpTransport implements Transport {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: Transport["onmessage"];
  readonly #inner: StreamableHTTPClientTransport;
  readonly #host: HttpOptions["host"];
  readonly #pending = new Set<number>();
  #problem = "";
  #closing: Promise<void> | undefined;

  constructor(options: HttpOptions) {
    const { host, headers, auth } = options;
    this.#host = host;
    this.#inner = new StreamableHTTPClientTransport(new URL(options.url), {
      requestInit: { headers: { ...headers } },
      fetch: limitFetch({
        fetch: (input, init) => host.fetch(input, withTrace(init)),
        messageBytesMax: LIMITS.mcpMessageBytes,
        onAnswerEnd: (end) => void this.#settle(end),
      }),
      ...(auth !== undefined && { authProvider: auth }),
    });
  }

  get sessionId(): string | undefined {
    return this.#inner.sessionId;
  }

  setProtocolVersion(version: string): void {
    this.#inner.setProtocolVersion(version);
  }

  async start(): Promise<void> {
    this.#inner.onmessage = (message) => this.#receive(message);
    this.#inner.onclose = () => this.onclose?.();
    this.#inner.onerror = (error) => {
      this.#problem = faultText(error);
      this.onerror?.(error);
      // The SDK says so when it gives up on a stream that could be resumed.
      if (/Maximum reconnection attempts/.test(this.#problem)) this.#failAll();
    };
    await this.#inner.start();
  }

  async send(message: JSONRPCMessage): Promise<void> {
    const id = "method" in message && "id" in message ? message.id : undefined;
    if (typeof id === "number") this.#pending.add(id);
    try {
      await this.#inner.send(message);
    } catch (error) {
      if (typeof id === "number") this.#pending.delete(id);
      throw error;
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** In words, what went wrong last; empty when nothing did. */
  describe(): string {
    return this.#problem;
  }

  #receive(message: JSONRPCMessage): void {
    if (!("method" in message) && typeof message.id === "number") {
      this.#pending.delete(message.id);
    }
    this.onmessage?.(message);
  }

  // What was in the body is still on its way through the parser.
  async #settle(end: AnswerEnd): Promise<void> {
    await this.#host.sleep(LIMITS.pipeGraceMs);
    if (end.isResumable) return;
    this.#fail(end.requestId, end.problem || "it ended without an answer");
  }

  #failAll(): void {
    for (const id of this.#pending) this.#fail(id, "the connection was lost");
  }

  #fail(id: number, state: string): void {
    if (!this.#pending.delete(id)) return;
    this.onmessage?.(faultAnswer(id, state));
  }

  async #close(): Promise<void> {
    const goodbye = this.#inner.terminateSession().catch(() => {});
    await withTimeout(goodbye, LIMITS.mcpGoodbyeMs, this.#host);
    await this.#inner.close();
  }
}

// A request that is made under a span says so in its first member: intermediaries read headers.
function withTrace(init: RequestInit | undefined): RequestInit | undefined {
  const { body } = init ?? {};
  if (typeof body !== "string") return init;
  const { traceparent, tracestate } = viewMeta(body.slice(0, 2_000));
  if (traceparent === undefined) return init;
  const headers = new Headers(init?.headers);
  headers.set("traceparent", traceparent);
  if (tracestate !== undefined) headers.set("tracestate", tracestate);
  return { ...init, headers };
}

function viewMeta(start: string): TraceCarrier {
  const [, text] =
    /^\{"method":"[a-z/]+","params":\{"_meta":(\{[^{}]*\})/.exec(start) ?? [];
  return text === undefined ? {} : JSON.parse(text);
}
