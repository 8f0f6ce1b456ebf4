/** `rondo mcp login` and `logout`: through the user's browser, back to this machine. */
import type { Config } from "../../config/file/schema.ts";
import { checkCredentialStore } from "../../config/provider/login.ts";
import { openLoopback } from "../../host/loopback.ts";
import { errorText, usageError, UserError } from "../../protocol/error.ts";
import type { Host } from "../../protocol/host.ts";
import { LIMITS } from "../../protocol/limits.ts";
import type {
  McpHttpSpec,
  McpServerSpec,
} from "../../../tools/mcp/client/server_config.ts";
import {
  type ClientRegistration,
  logIn,
} from "../../../tools/mcp/client/oauth.ts";
import { McpTokenStore } from "../../../tools/mcp/client/tokens.ts";
import { checkRegistration } from "./edit.ts";
import { programEnv } from "../hooks.ts";
import { hostForServers } from "../mcp_access.ts";
import { withTimeout } from "../../util/async.ts";
import { findProgram } from "../../util/find_program.ts";

interface Place {
  readonly host: Host;
  readonly codexHome: string | undefined;
}

interface LoginPlace extends Place {
  readonly config: Config;
  /** Shows text while the user is in the browser. */
  readonly show: (text: string) => void;
  /** How the client becomes known to the server; as it comes when absent. */
  readonly registration?: ClientRegistration | undefined;
  /** Instead of those of the configuration. */
  readonly scopes?: readonly string[] | undefined;
}

const CALLBACK = "/callback";

/** Logs in and stores the tokens; resolves to what was done, in words. */
export async function logInToServer(
  server: McpServerSpec,
  place: LoginPlace,
): Promise<string> {
  const { scopes, config } = place;
  const configured = httpSpec(server);
  const spec = scopes === undefined ? configured : { ...configured, scopes };
  checkRegistration(place.registration, spec.clientId);
  checkCredentialStore(place.config, "mcp_oauth_credentials_store");
  const host = await hostForServers(place.host, [server]);
  const store = storeOf(server.name, spec, place);
  const back = openLoopback({
    port: spec.callbackPort ?? config.mcp_oauth_callback_port ?? 0,
  });
  const redirectUrl = withPort(
    spec.callbackUrl ?? config.mcp_oauth_callback_url ??
      `http://127.0.0.1${CALLBACK}`,
    back.port,
  );
  // Before the page is shown: a browser may be back at once.
  const returned = back.comeBack(new URL(redirectUrl).pathname);
  try {
    await logIn({
      host,
      server: server.name,
      spec,
      store,
      redirectUrl,
      registration: place.registration,
      openPage: (url) => openPage(url, place),
      comeBack: () => comeBackInTime(host, returned),
    });
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(
      "auth",
      `Cannot log in to ${server.name}: ${errorText(error)}`,
    );
  } finally {
    await back.close();
  }
  return `Logged in to ${server.name}`;
}

/** Forgets the tokens; resolves to what was done, in words. */
export async function forgetLogin(
  server: McpServerSpec,
  place: Place,
): Promise<string> {
  const store = storeOf(server.name, httpSpec(server), place);
  return await store.remove()
    ? `Logged out of ${server.name}`
    : `Not logged in to ${server.name}`;
}

// RFC 8252, section 7.3: at the loopback address any port is the registered one.
function withPort(callback: string, port: number): string {
  const url = new URL(callback);
  const isOurs = ["127.0.0.1", "localhost"].includes(url.hostname);
  if (isOurs && url.protocol === "http:" && url.port === "") {
    url.port = String(port);
  }
  return url.href;
}

function storeOf(
  name: string,
  { url }: McpHttpSpec,
  { host, codexHome }: Place,
): McpTokenStore {
  return new McpTokenStore(host, { name, url }, codexHome);
}

function httpSpec({ name, transport }: McpServerSpec): McpHttpSpec {
  if (transport.type === "http") return transport;
  throw usageError(
    `Cannot log in to ${name}: it is a program, must be a server with a URL`,
  );
}

// The page is shown as text in any case: there may be no browser here.
async function openPage(
  url: URL,
  { config, host, show }: LoginPlace,
): Promise<void> {
  show(`Open this page to log in:\n\n  ${url.href}\n\n`);
  const opener = await findProgram(
    host.os === "darwin" ? "open" : "xdg-open",
    {
      files: host.files,
      path: host.env("PATH"),
      writable: [
        host.cwd,
        "/tmp",
        host.env("TMPDIR") ?? "/tmp",
        ...config.sandbox_workspace_write.writable_roots,
      ],
    },
  );
  try {
    if (opener === undefined) throw new Error("there is no browser");
    const child = host.spawn({
      command: opener,
      args: [url.href],
      cwd: host.cwd,
      env: programEnv(host, config),
      stdin: "null",
      stdout: "null",
      stderr: "null",
      detached: true,
    });
    void child.status;
  } catch {
    show("No browser can be opened here; open this page in any browser.\n");
  }
}

async function comeBackInTime(host: Host, back: Promise<URL>): Promise<URL> {
  const url = await withTimeout(back, LIMITS.mcpLoginMs, host);
  if (url !== "timeout") return url;
  const minutes = LIMITS.mcpLoginMs / 60_000;
  throw new UserError(
    "auth",
    `Cannot log in: the page was not answered within ${minutes} minutes`,
  );
}
