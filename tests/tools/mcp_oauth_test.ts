/** Logging in at a server: registration, PKCE, tokens kept for their owner, renewed, forgotten. */
import assert from "node:assert/strict";
import { logIn } from "../../tools/mcp_oauth.ts";
import { McpTokenStore } from "../../tools/mcp_tokens.ts";
import type { McpHttpSpec } from "../../tools/mcp_config.ts";
import { type McpHttp, serveMcpHttp } from "../support/mcp_http.ts";
import { behindUrl, host, testHub } from "./mcp_support.ts";
import { call, recordingContext, settings } from "./support_plain_sandbox.ts";

const REDIRECT = "http://127.0.0.1:1/callback";

/** A server that lets in by its own tokens, and an authority that gives them. */
class Authority {
  /** Bodies of the requests for tokens. */
  readonly asked: Record<string, string>[] = [];
  readonly registered: unknown[] = [];
  readonly #codes = new Map<string, string>();
  valid: string[] = [];
  server: McpHttp | undefined;
  #count = 0;
  /** Seconds a token is said to live. */
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
        });
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

interface Fixture {
  readonly authority: Authority;
  readonly server: McpHttp;
  readonly codexHome: string;
  readonly store: McpTokenStore;
  readonly file: string;
  readonly spec: McpHttpSpec;
}

async function withAuthority(
  work: (fixture: Fixture) => Promise<void>,
): Promise<void> {
  const authority = new Authority();
  await using server = authority.open();
  const codexHome = await Deno.makeTempDir();
  const store = new McpTokenStore(
    host,
    { name: "docs", url: server.url },
    codexHome,
  );
  const spec = behindUrl("docs", server.url).transport as McpHttpSpec;
  const file = `${codexHome}/mcp_logins/docs.json`;
  await work({ authority, server, codexHome, store, file, spec });
}

async function login(
  { authority, spec, store }: Fixture,
  more: {
    readonly comeBack?: (url: URL) => Promise<URL>;
    readonly spec?: Partial<McpHttpSpec>;
  } = {},
): Promise<void> {
  const page = Promise.withResolvers<URL>();
  await logIn({
    host,
    server: "docs",
    spec: { ...spec, ...more.spec },
    store,
    redirectUrl: REDIRECT,
    openPage: (url) => {
      page.resolve(url);
      return Promise.resolve();
    },
    comeBack: async () =>
      await (more.comeBack ?? ((url) => authority.agree(url)))(
        await page.promise,
      ),
  });
}

async function echo({ server, codexHome }: Fixture): Promise<{
  readonly text: string;
  readonly warnings: readonly string[];
}> {
  await using t = testHub([behindUrl("docs", server.url)], { codexHome });
  const [tool] = await t.tools();
  const context = recordingContext(
    settings({ sandbox: { mode: "danger-full-access" } }),
  );
  const output = await tool?.run(call({ text: "in" }), context);
  return { text: String(output?.content), warnings: t.warnings };
}

Deno.test("logIn() registers, proves the code with PKCE, and keeps the tokens for their owner", async () => {
  await withAuthority(async (fixture) => {
    const { authority, file } = fixture;
    await login(fixture);
    assert.deepEqual(authority.registered, [{
      client_name: "rondo",
      redirect_uris: [REDIRECT],
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      token_endpoint_auth_method: "none",
      scope: "use",
    }]);
    const asked = authority.asked[0];
    assert.equal(asked?.["client_id"], "client-1");
    assert.equal(asked?.["redirect_uri"], REDIRECT);
    assert.equal(asked?.["resource"], fixture.server.url);
    assert.equal(((await Deno.stat(file)).mode ?? 0) & 0o777, 0o600);
    const kept = JSON.parse(await Deno.readTextFile(file));
    assert.equal(kept.url, fixture.server.url);
    assert.equal(kept.tokens.access_token, "access-1");
    assert.deepEqual(await echo(fixture), { text: "in", warnings: [] });
  });
});

Deno.test("A stored login is renewed when its token is no longer taken", async () => {
  await withAuthority(async (fixture) => {
    await login(fixture);
    fixture.authority.valid = [];
    assert.deepEqual(await echo(fixture), { text: "in", warnings: [] });
    assert.equal(
      fixture.authority.asked.at(-1)?.["refresh_token"],
      "refresh-1",
    );
    const kept = JSON.parse(await Deno.readTextFile(fixture.file));
    assert.equal(kept.tokens.refresh_token, "refresh-2");
  });
});

Deno.test("A stored login that cannot be renewed is a server that asks for a login", async () => {
  await withAuthority(async (fixture) => {
    await login(fixture);
    fixture.authority.valid = [];
    fixture.authority.answerToRefresh = "refused";
    const { warnings } = await echo(fixture);
    assert.deepEqual(warnings, [
      "Cannot use the MCP server docs: it asks for a login: rondo mcp login docs",
    ]);
  });
});

Deno.test("logIn() uses a client that was registered by hand", async () => {
  await withAuthority(async (fixture) => {
    await login(fixture, { spec: { clientId: "mine", scopes: ["a", "b"] } });
    assert.deepEqual(fixture.authority.registered, []);
    assert.equal(fixture.authority.asked[0]?.["client_id"], "mine");
  });
});

Deno.test("logIn() takes no answer of another login, and no refusal for a yes", async () => {
  await withAuthority(async (fixture) => {
    const back = (query: string) => (url: URL): Promise<URL> => {
      const state = url.searchParams.get("state") ?? "";
      return Promise.resolve(
        new URL(`${REDIRECT}?${query.replace("STATE", state)}`),
      );
    };
    const cases = [
      ["code=x&state=other", /belongs to another login/],
      ["code=x", /belongs to another login/],
      ["state=STATE", /the answer has no code/],
      [
        "error=access_denied&error_description=no&state=STATE",
        /the server says access_denied: no/,
      ],
    ] as const;
    for (const [query, text] of cases) {
      await assert.rejects(login(fixture, { comeBack: back(query) }), text);
    }
    assert.equal((await fixture.store.read())?.tokens, undefined);
  });
});

Deno.test("McpTokenStore gives nothing to another server of the same name", async () => {
  await withAuthority(async (fixture) => {
    await login(fixture);
    const other = new McpTokenStore(
      host,
      { name: "docs", url: "https://elsewhere.example/mcp" },
      fixture.codexHome,
    );
    assert.equal(await other.read(), undefined);
    assert.notEqual(await fixture.store.read(), undefined);
  });
});

Deno.test("McpTokenStore forgets, once, and needs a home", async () => {
  await withAuthority(async (fixture) => {
    await login(fixture);
    assert.equal(await fixture.store.remove(), true);
    assert.equal(await fixture.store.remove(), false);
    assert.equal(await fixture.store.read(), undefined);
    const homeless = new McpTokenStore(
      host,
      { name: "docs", url: fixture.server.url },
      undefined,
    );
    assert.equal(await homeless.read(), undefined);
    await assert.rejects(
      homeless.write({ tokens: {} }),
      /there is no home folder/,
    );
  });
});

Deno.test("McpTokenStore says which file is broken and quotes none of it", async () => {
  await withAuthority(async ({ store, file }) => {
    await store.write({ tokens: { access_token: "secret" } });
    await Deno.writeTextFile(file, '{"url": "secret');
    await assert.rejects(store.read(), (error: Error) => {
      assert.equal(error.message, `Cannot read ${file}: it is not a login`);
      return true;
    });
  });
});
