/** Stored logins: one file a server in the home folder, readable only by its owner. */
// @ts-types="@modelcontextprotocol/sdk/client/auth"
import { extractWWWAuthenticateParams } from "@modelcontextprotocol/sdk/client/auth.js";
import * as z from "zod/mini";
import { readOptional, writeWhole } from "../../../core/config/file/files.ts";
import { UserError } from "../../../core/protocol/error.ts";
import type { Host } from "../../../core/protocol/host.ts";
import { PROGRAM } from "../../../core/protocol/version.ts";
import { checkedJson } from "../../../core/util/json/json.ts";
import { visibleLine } from "../../../core/util/text/visible_text.ts";
import { McpFailure } from "./types.ts";

/** What is kept of a login. `url` binds it: another server of that name gets nothing. */
const TokenFile = z.looseObject({
  url: z.string(),
  client: z.optional(z.record(z.string(), z.unknown())),
  tokens: z.optional(z.record(z.string(), z.unknown())),
  /** What the server has asked for beyond the tokens; the next login asks for it. */
  scope: z.optional(z.string()),
});
type McpLogin = z.infer<typeof TokenFile>;

export class McpTokenStore {
  readonly #host: Host;
  readonly #server: string;
  readonly #url: string;
  readonly #codexHome: string | undefined;

  constructor(
    host: Host,
    server: { readonly name: string; readonly url: string },
    codexHome: string | undefined,
  ) {
    this.#host = host;
    this.#server = server.name;
    this.#url = server.url;
    this.#codexHome = codexHome;
  }

  /** Undefined when there is no login at this server. Read every time: others write it, too. */
  async read(): Promise<McpLogin | undefined> {
    const path = this.#path();
    const text = path && await readOptional(this.#host, path);
    if (path === undefined || text === undefined) return undefined;
    try {
      const file = z.parse(TokenFile, checkedJson(text));
      return file.url === this.#url ? file : undefined;
    } catch {
      // The parser's own words could quote the token.
      throw new UserError("auth", `Cannot read ${path}: it is not a login`);
    }
  }

  /** Adds to what is there. */
  async write(change: Omit<McpLogin, "url">): Promise<void> {
    const path = this.#path();
    if (path === undefined) {
      throw new UserError(
        "auth",
        "Cannot log in: there is no home folder",
      );
    }
    const old = await this.read().catch(() => undefined);
    const file = { ...old, ...change, url: this.#url };
    await writeWhole(this.#host, path, `${JSON.stringify(file, null, 2)}\n`, {
      mode: 0o600,
    });
  }

  /** False when there was nothing to forget. */
  async remove(): Promise<boolean> {
    const path = this.#path();
    if (path === undefined || !await this.#host.files.lstat(path)) return false;
    await this.#host.files.remove(path);
    return true;
  }

  #path(): string | undefined {
    if (this.#codexHome === undefined) return undefined;
    const name = encodeURIComponent(this.#server);
    return `${this.#codexHome}/mcp_logins/${name}.json`;
  }
}

/**
 * Fetches for a server with a login. One that wants a broader scope (RFC 6750, section 3.1)
 * gets it by a new login alone: what it wants is kept for that, and said.
 */
export function noteScope(
  server: string,
  store: McpTokenStore,
  host: Pick<Host, "fetch">,
): typeof fetch {
  return async (url, init) => {
    const response = await host.fetch(url, init);
    if (response.status !== 403) return response;
    const { error, scope } = extractWWWAuthenticateParams(response);
    if (error !== "insufficient_scope") return response;
    await response.body?.cancel();
    if (scope !== undefined) await store.write({ scope });
    throw new McpFailure(
      `it asks for a login${
        scope === undefined ? "" : ` with the scope "${visibleLine(scope)}"`
      }: ${PROGRAM} mcp login ${server}`,
    );
  };
}
