/** Logging in at a server: registration, PKCE, tokens kept for their owner, renewed, forgotten. */
import assert from "node:assert/strict";
import {
  type ClientRegistration,
  logIn,
} from "../../../../tools/mcp/client/oauth.ts";
import {
  McpTokenStore,
  noteScope,
} from "../../../../tools/mcp/client/tokens.ts";
import type { McpHttpSpec } from "../../../../tools/mcp/client/server_config.ts";
import { Authority } from "../../../support/mcp_authority.ts";
import type { McpHttp } from "../../../support/mcp_http.ts";
import { behindUrl, host, testServers } from "../support.ts";
import { call, recordingContext, settings } from "../../support.ts";

const REDIRECT = "http://127.0.0.1:1/callback";

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
    readonly registration?: ClientRegistration;
  } = {},
): Promise<void> {
  const page = Promise.withResolvers<URL>();
  await logIn({
    host,
    server: "docs",
    spec: { ...spec, ...more.spec },
    store,
    redirectUrl: REDIRECT,
    registration: more.registration,
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
  await using t = testServers([behindUrl("docs", server.url)], { codexHome });
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

Deno.test("logIn() uses the secret of a client that was registered by hand, and of no other", async () => {
  await withAuthority(async (fixture) => {
    fixture.authority.metadata = {
      token_endpoint_auth_methods_supported: ["client_secret_post"],
    };
    await fixture.store.write({
      client: { client_id: "mine", client_secret: "hush" },
    });
    await login(fixture, { spec: { clientId: "mine" } });
    assert.equal(fixture.authority.asked[0]?.["client_secret"], "hush");
    await login(fixture, { spec: { clientId: "other" } });
    assert.equal(fixture.authority.asked[1]?.["client_secret"], undefined);
  });
});

Deno.test("logIn() registers, or goes by a page of metadata, only as it is told to", async () => {
  await withAuthority(async (fixture) => {
    const { authority } = fixture;
    const page = "https://client.example/me.json";
    await assert.rejects(
      login(fixture, { registration: "cimd", spec: { clientId: page } }),
      /takes no page of metadata/,
    );
    assert.deepEqual(authority.asked, []);
    authority.metadata = { client_id_metadata_document_supported: true };
    await login(fixture, { registration: "cimd", spec: { clientId: page } });
    assert.equal(authority.asked[0]?.["client_id"], page);
    await login(fixture, { registration: "dcr" });
    assert.equal(authority.asked[1]?.["client_id"], "client-1");
    assert.equal(authority.registered.length, 1);
  });
});

Deno.test("logIn() proves the client as the configuration says", async () => {
  await withAuthority(async (fixture) => {
    const { authority, store } = fixture;
    authority.metadata = {
      token_endpoint_auth_methods_supported: [
        "client_secret_basic",
        "client_secret_post",
      ],
    };
    await store.write({ client: { client_id: "me", client_secret: "hush" } });
    for (const authMethod of ["client_secret_post", "client_secret_basic"]) {
      await login(fixture, { spec: { clientId: "me", authMethod } });
    }
    assert.deepEqual(
      authority.asked.map((body) => body["client_secret"]),
      ["hush", undefined],
    );
  });
});

Deno.test("A scope that the server wants is said, and asked for beside the others by the next login", async () => {
  await withAuthority(async (fixture) => {
    const asked: (string | null)[] = [];
    const follow = (url: URL): Promise<URL> => {
      asked.push(url.searchParams.get("scope"));
      return fixture.authority.agree(url);
    };
    await login(fixture, { comeBack: follow });
    const wanting = noteScope("docs", fixture.store, {
      fetch: () =>
        Promise.resolve(
          new Response("", {
            status: 403,
            headers: {
              "www-authenticate":
                'Bearer error="insufficient_scope", scope="write"',
            },
          }),
        ),
    });
    await assert.rejects(wanting(fixture.server.url), {
      message:
        'it asks for a login with the scope "write": rondo mcp login docs',
    });
    await login(fixture, { comeBack: follow });
    await login(fixture, { comeBack: follow });
    assert.deepEqual(asked, ["use", "use write", "use"]);
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

Deno.test("logIn() opens only web pages", async () => {
  await withAuthority(async (fixture) => {
    for (const page of ["file:///etc/hostname", "x-other://run"]) {
      fixture.authority.metadata = { authorization_endpoint: page };
      await assert.rejects(login(fixture), /must begin with https:\/\//);
    }
  });
});

Deno.test("logIn() believes no issuer but the one it was sent to", async () => {
  await withAuthority(async (fixture) => {
    const { authority, server } = fixture;
    authority.metadata = { issuer: "https://other.example" };
    await assert.rejects(
      login(fixture),
      /its issuer is https:\/\/other\.example, must be http:/,
    );
    authority.metadata = {};
    authority.iss = "https://other.example";
    await assert.rejects(login(fixture), /in the answer is https:\/\/other/);
    authority.metadata = {
      authorization_response_iss_parameter_supported: true,
    };
    authority.iss = undefined;
    await assert.rejects(login(fixture), /in the answer is missing/);
    assert.deepEqual(authority.asked, []);
    authority.iss = server.origin;
    await login(fixture);
    assert.equal(authority.asked.length, 1);
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
