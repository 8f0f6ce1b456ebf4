/** A scripted MCP server behind a URL (streamable HTTP) of this process. */
import { serveHttp } from "./http_server.ts";

export interface McpHttpOptions {
  readonly tools?: readonly Record<string, unknown>[];
  /** How answers come: as JSON, or as events of a stream. */
  readonly mode?: "json" | "sse";
  /** Milliseconds before the answer to a method. */
  readonly delayMs?: (method: string) => number;
  /** Tokens that are let in; anybody when absent. */
  readonly tokens?: () => readonly string[];
  /** Of the header that says where to log in. */
  readonly challenge?: string;
  /** Paths beside the server's own. */
  readonly more?: (
    request: Request,
  ) => Response | Promise<Response> | undefined;
}

export interface McpHttp extends AsyncDisposable {
  readonly url: string;
  readonly origin: string;
  /** Every message, and `DELETE` for each goodbye. */
  readonly messages: readonly string[];
  readonly headers: readonly Headers[];
  /** From now on the sessions there are will be unknown. */
  forget(): void;
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
}

/** Starts one on a free port. */
export function serveMcpHttp(options: McpHttpOptions = {}): McpHttp {
  const server = new HttpMcp(options);
  const http = serveHttp((request) => server.answer(request));
  const origin = `http://127.0.0.1:${http.port}`;
  return {
    url: `${origin}/mcp`,
    origin,
    messages: server.messages,
    headers: server.headers,
    forget: () => server.sessions.clear(),
    [Symbol.asyncDispose]: () => http.shutdown(),
  };
}

class HttpMcp {
  readonly messages: string[] = [];
  readonly headers: Headers[] = [];
  readonly sessions = new Set<string>();
  readonly #options: McpHttpOptions;
  #count = 0;

  constructor(options: McpHttpOptions) {
    this.#options = options;
  }

  async answer(request: Request): Promise<Response> {
    const other = await this.#options.more?.(request);
    if (other !== undefined) return other;
    if (new URL(request.url).pathname !== "/mcp") {
      await request.body?.cancel();
      return new Response("Not found", { status: 404 });
    }
    const tokens = this.#options.tokens?.();
    const given = request.headers.get("authorization")?.replace("Bearer ", "");
    if (tokens !== undefined && !tokens.includes(given ?? "")) {
      await request.body?.cancel();
      const challenge = this.#options.challenge ?? "Bearer";
      return new Response("no", {
        status: 401,
        headers: { "www-authenticate": challenge },
      });
    }
    if (request.method === "DELETE") {
      this.messages.push("DELETE");
      return new Response(null, { status: 200 });
    }
    if (request.method !== "POST") return new Response(null, { status: 405 });
    this.headers.push(request.headers);
    return await this.#post(await request.json(), request.headers);
  }

  async #post(message: Message, headers: Headers): Promise<Response> {
    const { method = "", id } = message;
    this.messages.push(method);
    const session = headers.get("mcp-session-id");
    if (method !== "initialize" && !this.sessions.has(session ?? "")) {
      return new Response("unknown session", { status: 404 });
    }
    if (id === undefined) return new Response(null, { status: 202 });
    const wait = this.#options.delayMs?.(method) ?? 0;
    if (wait > 0) await new Promise((done) => setTimeout(done, wait));
    if (method === "initialize") {
      const name = `session-${++this.#count}`;
      this.sessions.add(name);
      return this.#reply(id, {
        protocolVersion: "2025-06-18",
        serverInfo: { name: "behind-url", version: "1" },
        capabilities: { tools: {} },
      }, { "mcp-session-id": name });
    }
    if (method === "tools/list") {
      return this.#reply(id, { tools: this.#options.tools ?? [] });
    }
    return this.#call(id, message.params ?? {});
  }

  #call(id: number, params: Record<string, unknown>): Response {
    const args = (params["arguments"] ?? {}) as Record<string, unknown>;
    const meta = params["_meta"] as { progressToken?: number } | undefined;
    const text = (value: string): unknown => ({
      content: [{ type: "text", text: value }],
    });
    switch (params["name"]) {
      case "echo":
        return this.#reply(id, text(String(args["text"])));
      case "huge":
        return this.#reply(id, text("x".repeat(Number(args["bytes"]))));
      case "progress":
        return events([
          ...[1, 2].map((progress) => ({
            jsonrpc: "2.0",
            method: "notifications/progress",
            params: { progressToken: meta?.progressToken, progress },
          })),
          { jsonrpc: "2.0", id, result: text("done") },
        ]);
      // The stream ends, or breaks, before there is an answer.
      case "cut":
        return events([]);
      case "broken":
        return new Response(
          new ReadableStream({
            pull: () => {
              throw new Error("broken on purpose");
            },
          }),
          { headers: { "content-type": "text/event-stream" } },
        );
      default:
        return new Response("a fault", { status: 500 });
    }
  }

  #reply(
    id: number,
    result: unknown,
    headers: Record<string, string> = {},
  ): Response {
    const message = { jsonrpc: "2.0", id, result };
    return this.#options.mode === "sse"
      ? events([message], headers)
      : Response.json(message, { headers });
  }
}

function events(
  messages: readonly unknown[],
  headers: Record<string, string> = {},
): Response {
  const text = messages.map((one) =>
    `event: message\ndata: ${JSON.stringify(one)}\n\n`
  ).join("");
  return new Response(text, {
    headers: { ...headers, "content-type": "text/event-stream" },
  });
}
