/** Configured MCP servers for people and programs, without the secrets in them. */
import type { ServerView } from "../../contract/reports.ts";
import { withoutUrlSecrets } from "../../config/secrets.ts";
import type { Host } from "../../protocol/host.ts";
import type { McpServerSpec } from "../../../tools/mcp/client/server_config.ts";
import { McpTokenStore } from "../../../tools/mcp/client/tokens.ts";

const HIDDEN = "*****";

/** Whether there is a stored login at the server. */
export async function hasLogin(
  host: Host,
  { name, transport }: McpServerSpec,
  codexHome: string | undefined,
): Promise<boolean> {
  if (transport.type !== "http") return false;
  const server = { name, url: transport.url };
  const login = await new McpTokenStore(host, server, codexHome).read();
  return login?.tokens !== undefined;
}

/** What can be shown of a server. */
export function viewServer(
  spec: McpServerSpec,
  isLoggedIn: boolean,
): ServerView {
  return {
    name: spec.name,
    enabled: spec.enabled,
    required: spec.required,
    source: spec.source,
    transport: viewTransport(spec.transport),
    enabled_tools: spec.enabledTools ?? null,
    disabled_tools: spec.disabledTools,
    startup_timeout_sec: spec.startupMs / 1_000,
    tool_timeout_sec: spec.toolMs / 1_000,
    auth_status: authStatus(spec, isLoggedIn),
  };
}

/** One line a server. */
export function renderServers(views: readonly ServerView[]): readonly string[] {
  if (views.length === 0) {
    return [
      "No MCP server is configured; add one: rondo mcp add NAME -- COMMAND",
    ];
  }
  const width = Math.max(...views.map((view) => view.name.length));
  return views.map((view) => {
    const state = view.enabled ? "" : "  (off)";
    return `${view.name.padEnd(width)}  ${whereOf(view)}${state}`;
  });
}

/** All that is known of one, a line each. */
export function renderServer(view: ServerView): readonly string[] {
  const { transport, ...others } = view;
  const rows = Object.entries({ ...others, ...transport });
  return rows.filter(([, value]) => value !== null && !isEmpty(value))
    .map(([key, value]) =>
      `${key}: ${typeof value === "string" ? value : JSON.stringify(value)}`
    );
}

function viewTransport(
  transport: McpServerSpec["transport"],
): ServerView["transport"] {
  if (transport.type === "stdio") {
    return {
      type: "stdio",
      command: transport.command,
      args: transport.args,
      env: hideValues(transport.env),
      env_vars: transport.envVars,
      cwd: transport.cwd ?? null,
    };
  }
  return {
    type: "streamable_http",
    url: withoutUrlSecrets(transport.url),
    bearer_token_env_var: transport.bearerTokenEnvVar ?? null,
    http_headers: hideValues(transport.headers),
    env_http_headers: transport.envHeaders,
  };
}

function authStatus(
  { transport }: McpServerSpec,
  isLoggedIn: boolean,
): ServerView["auth_status"] {
  if (transport.type === "stdio") return "unsupported";
  if (transport.bearerTokenEnvVar !== undefined) return "bearer_token";
  return isLoggedIn ? "oauth" : "none";
}

function whereOf({ transport, auth_status }: ServerView): string {
  if (transport.type === "streamable_http") {
    return `${transport["url"]}  (login: ${auth_status.replace("_", " ")})`;
  }
  const args = transport["args"] as readonly string[];
  return [String(transport["command"]), ...args].join(" ");
}

function hideValues(
  values: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.keys(values).map((name) => [name, HIDDEN]),
  );
}

function isEmpty(value: unknown): boolean {
  return typeof value === "object" && value !== null &&
    Object.keys(value).length === 0;
}
