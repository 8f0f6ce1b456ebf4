/** A scripted MCP server that asks for a login, and the authority that gives tokens for it. */
import assert from "node:assert/strict";
import { type McpHttp, serveMcpHttp } from "./mcp_http.ts";

/** A server that lets in by its own tokens, and an authority that gives them. */
export class Authority {
  /** Bodies of the requests for tokens. */
  readonly asked: Record<string, string>[] = [];
  readonly registered: unknown[] = [];
  readonly #codes = new Map<string, string>();
  valid: string[] = [];
  server: McpHttp | undefined;
  #count = 0;
  /** Laid over what it says of itself. */
  metadata: Record<string, unknown> = {};
  /** The name that its answers carry. */
  iss: string | undefined;
  answerToRefresh: "token" | "refused" = "token";

  open(): McpHttp {
    const server = serveMcpHttp({
      tools: [{ name: "echo" }],
      tokens: () => this.valid,
      more: (request) => this.#answer(request),
    });
    this.server = server;
    return server;
  }

  /** The person agrees: the address to which their browser is sent. */
  async agree(url: URL): Promise<URL> {
    const query = url.searchParams;
    assert.equal(query.get("code_challenge_method"), "S256");
    const code = `code-${++this.#count}`;
    this.#codes.set(code, query.get("code_challenge") ?? "");
    const back = new URL(query.get("redirect_uri") ?? "");
    back.searchParams.set("code", code);
    back.searchParams.set("state", query.get("state") ?? "");
    if (this.iss !== undefined) back.searchParams.set("iss", this.iss);
    await Promise.resolve();
    return back;
  }

  #answer(request: Request): Promise<Response> | Response | undefined {
    const { origin } = this.server ?? { origin: "" };
    switch (new URL(request.url).pathname) {
      case "/.well-known/oauth-protected-resource":
      case "/.well-known/oauth-protected-resource/mcp":
        return Response.json({
          resource: `${origin}/mcp`,
          authorization_servers: [origin],
          scopes_supported: ["use"],
        });
      case "/.well-known/oauth-authorization-server":
        return Response.json({
          issuer: origin,
          authorization_endpoint: `${origin}/authorize`,
          token_endpoint: `${origin}/token`,
          registration_endpoint: `${origin}/register`,
          response_types_supported: ["code"],
          code_challenge_methods_supported: ["S256"],
          token_endpoint_auth_methods_supported: ["none"],
          ...this.metadata,
        });
      case "/authorize":
        return this.agree(new URL(request.url)).then((back) =>
          new Response(null, { status: 302, headers: { location: back.href } })
        );
      case "/register":
        return this.#register(request);
      case "/token":
        return this.#token(request);
      default:
        return undefined;
    }
  }

  async #register(request: Request): Promise<Response> {
    const client = await request.json();
    this.registered.push(client);
    return Response.json({ ...client, client_id: "client-1" }, { status: 201 });
  }

  async #token(request: Request): Promise<Response> {
    const form = new URLSearchParams(await request.text());
    const asked = Object.fromEntries(form);
    this.asked.push(asked);
    const isAllowed = asked["grant_type"] === "refresh_token"
      ? this.answerToRefresh === "token"
      : await this.#provesCode(asked);
    if (!isAllowed) {
      return Response.json({ error: "invalid_grant" }, { status: 400 });
    }
    const token = `access-${this.asked.length}`;
    this.valid = [token];
    return Response.json({
      access_token: token,
      token_type: "Bearer",
      refresh_token: `refresh-${this.asked.length}`,
      expires_in: 3600,
    });
  }

  // RFC 7636, section 4.6.
  async #provesCode(asked: Record<string, string>): Promise<boolean> {
    const bytes = new TextEncoder().encode(asked["code_verifier"] ?? "");
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    const challenge = hash.toBase64({
      alphabet: "base64url",
      omitPadding: true,
    });
    return this.#codes.get(asked["code"] ?? "") === challenge;
  }
}
