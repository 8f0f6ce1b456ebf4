/** The settings of MCP servers, from config.toml and `.mcp.json`. */
import type { McpServerConfig } from "../../../core/config/file/schema.ts";
import { LIMITS } from "../../../core/protocol/limits.ts";
import { assert } from "../../../core/util/assert.ts";

export type McpApprovalMode = "auto" | "prompt" | "approve";

/** A program that speaks on its stdin and stdout. */
export interface McpStdioSpec {
  readonly type: "stdio";
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Names of variables of ours that are handed on. */
  readonly envVars: readonly string[];
  /** The thread's folder when absent. */
  readonly cwd?: string;
}

/** A server behind a URL (streamable HTTP). */
export interface McpHttpSpec {
  readonly type: "http";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Header name to the variable with its value. */
  readonly envHeaders: Readonly<Record<string, string>>;
  readonly bearerTokenEnvVar?: string;
  /** Of a client that was registered by hand. */
  readonly clientId?: string;
  readonly authMethod?: string;
  /** Where the browser comes back to, instead of the settings of all servers. */
  readonly callbackPort?: number;
  readonly callbackUrl?: string;
  readonly scopes?: readonly string[];
  readonly resource?: string;
}

export interface McpServerSpec {
  readonly name: string;
  /** The file it stands in, for people. */
  readonly source: string;
  /** False when it comes with the project: its word about its own tools counts for nothing. */
  readonly isOwn: boolean;
  readonly transport: McpStdioSpec | McpHttpSpec;
  readonly enabled: boolean;
  /** Without it nothing is done at all. */
  readonly required: boolean;
  readonly startupMs: number;
  readonly toolMs: number;
  /** Undefined lets all in. */
  readonly enabledTools: readonly string[] | undefined;
  readonly disabledTools: readonly string[];
  readonly approval: {
    readonly fallback: McpApprovalMode;
    readonly tools: Readonly<Record<string, McpApprovalMode>>;
  };
  readonly parallel: boolean;
  /** Whether it learns of the working folder. */
  readonly roots: boolean;
}

/** One table of `[mcp_servers]`; it must have passed the checks of the configuration. */
export function parseMcpServer(
  name: string,
  config: McpServerConfig,
  place: Pick<McpServerSpec, "source" | "isOwn">,
): McpServerSpec {
  return {
    name,
    ...place,
    transport: transportOf(config),
    enabled: config.enabled,
    required: config.required,
    startupMs: config.startup_timeout_ms ??
      milliseconds(config.startup_timeout_sec) ?? LIMITS.mcpStartupMs,
    toolMs: milliseconds(config.tool_timeout_sec) ?? LIMITS.mcpToolMs,
    enabledTools: config.enabled_tools,
    disabledTools: config.disabled_tools,
    approval: {
      fallback: config.default_tools_approval_mode ?? "auto",
      tools: Object.fromEntries(
        Object.entries(config.tools).flatMap(([tool, { approval_mode }]) =>
          approval_mode === undefined ? [] : [[tool, approval_mode]]
        ),
      ),
    },
    parallel: config.supports_parallel_tool_calls,
    roots: config.roots,
  };
}

/** Whether the configuration lets a tool of the server in. */
export function isToolEnabled(
  spec: Pick<McpServerSpec, "enabledTools" | "disabledTools">,
  tool: string,
): boolean {
  return (spec.enabledTools?.includes(tool) ?? true) &&
    !spec.disabledTools.includes(tool);
}

function transportOf(config: McpServerConfig): McpStdioSpec | McpHttpSpec {
  const { command, url, cwd } = config;
  if (command !== undefined && command !== "") {
    return {
      type: "stdio",
      command,
      args: config.args,
      env: config.env,
      envVars: config.env_vars.map((one) =>
        typeof one === "string" ? one : one.name
      ),
      ...(cwd !== undefined && { cwd }),
    };
  }
  assert(url !== undefined && url !== "", "a server has a command or a URL");
  const { bearer_token_env_var, oauth, scopes, oauth_resource } = config;
  return {
    type: "http",
    url,
    headers: config.http_headers,
    envHeaders: config.env_http_headers,
    ...(bearer_token_env_var !== undefined && {
      bearerTokenEnvVar: bearer_token_env_var,
    }),
    ...clientOf(oauth),
    ...(scopes !== undefined && { scopes }),
    ...(oauth_resource !== undefined && { resource: oauth_resource }),
  };
}

function clientOf(oauth: McpServerConfig["oauth"]): Partial<McpHttpSpec> {
  const { client_id, token_endpoint_auth_method, callback_port, callback_url } =
    oauth ?? {};
  return {
    ...(client_id !== undefined && { clientId: client_id }),
    ...(token_endpoint_auth_method !== undefined && {
      authMethod: token_endpoint_auth_method,
    }),
    ...(callback_port !== undefined && { callbackPort: callback_port }),
    ...(callback_url !== undefined && { callbackUrl: callback_url }),
  };
}

function milliseconds(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : Math.round(seconds * 1_000);
}
