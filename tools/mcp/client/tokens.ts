/** Stored logins: one file a server in the home folder, readable only by its owner. */
import * as z from "zod/mini";
import { readOptional, writeWhole } from "../../../core/config/file/files.ts";
import { UserError } from "../../../core/protocol/error.ts";
import type { Host } from "../../../core/protocol/host.ts";
import { checkedJson } from "../../../core/util/json/json.ts";

/** What is kept of a login. `url` binds it: another server of that name gets nothing. */
const TokenFile = z.looseObject({
  url: z.string(),
  client: z.optional(z.record(z.string(), z.unknown())),
  tokens: z.optional(z.record(z.string(), z.unknown())),
});
type McpLogin = z.infer<typeof TokenFile>;

/** The store of one server's login. */
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
