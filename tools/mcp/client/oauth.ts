/** Login at servers (OAuth 2.1 with PKCE, as MCP requires) and use of the tokens. */
import type {
  OAuthClientProvider,
  OAuthDiscoveryState,
} from "@modelcontextprotocol/sdk/client/auth";
// @ts-types="@modelcontextprotocol/sdk/client/auth"
import {
  auth,
  extractWWWAuthenticateParams,
} from "@modelcontextprotocol/sdk/client/auth.js";
import type {
  OAuthClientInformationMixed,
  OAuthClientMetadata,
  OAuthTokens,
} from "@modelcontextprotocol/sdk/shared/auth";
import { UserError } from "../../../core/protocol/error.ts";
import type { Host } from "../../../core/protocol/host.ts";
import { PROGRAM } from "../../../core/protocol/version.ts";
import type { McpHttpSpec } from "./server_config.ts";
import { McpFailure } from "./types.ts";
import type { McpTokenStore } from "./tokens.ts";

/** A page of metadata, a registration at the server, or what there is. */
export type ClientRegistration = "auto" | "cimd" | "dcr";

interface OAuthOptions {
  readonly server: string;
  readonly spec: McpHttpSpec;
  readonly store: McpTokenStore;
}

interface LoginOptions extends OAuthOptions {
  readonly host: Pick<Host, "fetch" | "newId">;
  /** Where the browser is sent to in the end. */
  readonly redirectUrl: string;
  /** Shows the page on which the person agrees. */
  readonly openPage: (url: URL) => Promise<void>;
  /** The request with which the browser comes back. */
  readonly comeBack: () => Promise<URL>;
  readonly registration?: ClientRegistration | undefined;
}

/** Uses and renews a login that is there; where it is not, the server is a failed one. */
export function storedLogin(options: OAuthOptions): OAuthClientProvider {
  return new Provider(options, "http://127.0.0.1/callback", () => {
    throw new McpFailure(
      `it asks for a login: ${PROGRAM} mcp login ${options.server}`,
    );
  });
}

/** Takes the person through the login and stores what comes of it. Throws UserError. */
export async function logIn(options: LoginOptions): Promise<void> {
  const { host, spec, redirectUrl, openPage, comeBack } = options;
  const state = host.newId();
  const provider = new Provider(options, redirectUrl, openPage, state);
  const hints = await askForHints(host, spec);
  const request = {
    serverUrl: spec.url,
    fetchFn: host.fetch,
    ...hints,
    ...scopeOf(
      spec.scopes?.join(" ") ?? hints.scope,
      await options.store.read(),
    ),
  };
  const first = await auth(provider, request);
  if (first === "AUTHORIZED") return;
  const code = codeOf(await comeBack(), state, provider.issuer);
  const second = await auth(provider, { ...request, authorizationCode: code });
  if (second !== "AUTHORIZED") {
    throw new UserError("auth", "Cannot log in: the server gave no token");
  }
}

// What was granted stays asked for when more is wanted.
function scopeOf(
  asked: string | undefined,
  login: Awaited<ReturnType<McpTokenStore["read"]>>,
): { scope?: string } {
  const wanted = login?.scope;
  if (wanted === undefined) return asked === undefined ? {} : { scope: asked };
  const granted = login?.tokens?.["scope"];
  const words = [asked, granted, wanted].flatMap((one) =>
    typeof one === "string" ? one.split(" ") : []
  );
  return { scope: [...new Set(words)].join(" ") };
}

class Provider implements OAuthClientProvider {
  readonly clientMetadata: OAuthClientMetadata;
  /** Only where the configuration knows better: the SDK's own check is strict. */
  readonly validateResourceURL?: () => Promise<URL>;
  readonly #options: OAuthOptions & Pick<LoginOptions, "registration">;
  readonly #openPage: (url: URL) => void | Promise<void>;
  readonly #state: string | undefined;
  /** Set in a login, which never uses what an earlier one registered. */
  #client: OAuthClientInformationMixed | undefined;
  #verifier = "";
  /** The scope of a login. */
  #asked: string | undefined;
  #issuer: Issuer | undefined;

  constructor(
    options: OAuthOptions & Pick<LoginOptions, "registration">,
    readonly redirectUrl: string,
    openPage: (url: URL) => void | Promise<void>,
    state?: string,
  ) {
    const { spec } = options;
    this.#options = options;
    this.#openPage = openPage;
    this.#state = state;
    const { resource } = spec;
    if (resource !== undefined) {
      this.validateResourceURL = () => Promise.resolve(new URL(resource));
    }
    this.clientMetadata = {
      client_name: PROGRAM,
      redirect_uris: [redirectUrl],
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      token_endpoint_auth_method: "none",
      ...(spec.scopes !== undefined && { scope: spec.scopes.join(" ") }),
    };
  }

  state(): string {
    return this.#state ?? "";
  }

  async clientInformation(): Promise<OAuthClientInformationMixed | undefined> {
    const { spec, store } = this.#options;
    if (this.#client !== undefined) return this.#client;
    const stored = (await store.read())?.client;
    if (spec.clientId !== undefined) {
      const { client_id, client_secret } = stored ?? {};
      const isIts = client_id === spec.clientId;
      return {
        client_id: spec.clientId,
        ...(isIts && typeof client_secret === "string" && { client_secret }),
        ...(spec.authMethod !== undefined && {
          token_endpoint_auth_method: spec.authMethod,
        }),
      };
    }
    if (this.#state !== undefined) return undefined;
    return stored as OAuthClientInformationMixed | undefined;
  }

  async saveClientInformation(
    client: OAuthClientInformationMixed,
  ): Promise<void> {
    this.#client = client;
    await this.#options.store.write({ client: { ...client } });
  }

  async tokens(): Promise<OAuthTokens | undefined> {
    // Start afresh: an old token that can be renewed would end the login at once.
    if (this.#state !== undefined) return undefined;
    return (await this.#options.store.read())?.tokens as
      | OAuthTokens
      | undefined;
  }

  async saveTokens(tokens: OAuthTokens): Promise<void> {
    const { store } = this.#options;
    // RFC 6749, section 5.1: an answer without a scope grants what was asked for.
    const scope = this.#asked ?? (await store.read())?.tokens?.["scope"];
    await store.write({
      tokens: { ...(scope !== undefined && { scope }), ...tokens },
      ...(this.#state !== undefined && { scope: undefined }),
    });
  }

  /** Who gives the tokens; known once it was asked for its pages. */
  get issuer(): Issuer | undefined {
    return this.#issuer;
  }

  // RFC 8414, section 3.3: a description of another issuer is not this one's.
  saveDiscoveryState(state: OAuthDiscoveryState): void {
    const { authorizationServerUrl: url, authorizationServerMetadata } = state;
    if (authorizationServerMetadata === undefined) return;
    const { issuer: named, ...more } = authorizationServerMetadata;
    const expected = this.#issuer?.name ?? url;
    if (!isSameIssuer(named, expected)) {
      throw failure(`its issuer is ${named}, must be ${expected}`);
    }
    const takesPages = "client_id_metadata_document_supported" in more &&
      more["client_id_metadata_document_supported"] === true;
    if (this.#options.registration === "cimd" && !takesPages) {
      throw failure("the server takes no page of metadata as a client");
    }
    this.#issuer = {
      name: named,
      isInAnswer: "authorization_response_iss_parameter_supported" in more &&
        more["authorization_response_iss_parameter_supported"] === true,
    };
  }

  async redirectToAuthorization(url: URL): Promise<void> {
    if (url.protocol !== "https:" && url.protocol !== "http:") {
      throw failure(
        `its login page is ${url.href}, must begin with https:// or http://`,
      );
    }
    this.#asked = url.searchParams.get("scope") ?? undefined;
    await this.#openPage(url);
  }

  saveCodeVerifier(verifier: string): void {
    this.#verifier = verifier;
  }

  codeVerifier(): string {
    return this.#verifier;
  }

  async invalidateCredentials(scope: string): Promise<void> {
    if (scope === "all" || scope === "tokens") {
      await this.#options.store.remove();
    }
    if (scope === "all" || scope === "client") this.#client = undefined;
  }
}

/** An authorization server. */
interface Issuer {
  readonly name: string;
  /** Whether it signs its answers with its name. */
  readonly isInAnswer: boolean;
}

// `https://a.example` and `https://a.example/` are one.
function isSameIssuer(left: string, right: string): boolean {
  return left.replace(/\/$/, "") === right.replace(/\/$/, "");
}

function failure(why: string): UserError {
  return new UserError("auth", `Cannot log in: ${why}`);
}

// What the server says when it is asked without a token (RFC 9728, section 5.1).
async function askForHints(
  host: Pick<Host, "fetch">,
  spec: McpHttpSpec,
): Promise<{ resourceMetadataUrl?: URL; scope?: string }> {
  const response = await host.fetch(spec.url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "accept": "application/json, text/event-stream",
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 0, method: "ping" }),
    redirect: "manual",
  });
  await response.body?.cancel();
  if (response.status !== 401) return {};
  const { resourceMetadataUrl, scope } = extractWWWAuthenticateParams(response);
  return {
    ...(resourceMetadataUrl !== undefined && { resourceMetadataUrl }),
    ...(scope !== undefined && { scope }),
  };
}

function codeOf(
  url: URL,
  state: string,
  issuer: Issuer | undefined,
): string {
  const { searchParams: query } = url;
  const problem = query.get("error");
  if (problem !== null) {
    const more = query.get("error_description");
    throw failure(`the server says ${problem}${more ? `: ${more}` : ""}`);
  }
  if (query.get("state") !== state) {
    throw failure("the answer belongs to another login");
  }
  // RFC 9207, section 2.4: the code is given only to who has issued it.
  const named = query.get("iss") ?? undefined;
  const isNeeded = issuer?.isInAnswer === true || named !== undefined;
  if (issuer !== undefined && isNeeded && named !== issuer.name) {
    throw failure(
      `the issuer in the answer is ${
        named ?? "missing"
      }, must be ${issuer.name}`,
    );
  }
  const code = query.get("code");
  if (code === null || code === "") throw failure("the answer has no code");
  return code;
}
