/** All MCP servers: those of config.toml, and those of an approved `.mcp.json`. */
import * as z from "zod/mini";
import type { LoadedConfig } from "../../core/config/load.ts";
import { approvedSources } from "../../core/config/trust/source.ts";
import { configError, UserError } from "../../core/protocol/error.ts";
import type { Host } from "../../core/protocol/host.ts";
import { LIMITS } from "../../core/protocol/limits.ts";
import { parseMcpServer } from "./client/server_config.ts";
import type {
  McpHttpSpec,
  McpServerSpec,
  McpStdioSpec,
} from "./client/server_config.ts";
import { parseJson } from "../../core/util/json/json.ts";

const ProjectFile = z.object({
  mcpServers: z._default(z.record(z.string(), z.unknown()), {}),
});

const ProjectServer = z.object({
  type: z.optional(z.string()),
  command: z.optional(z.string()),
  args: z._default(z.array(z.string()), []),
  env: z._default(z.record(z.string(), z.string()), {}),
  cwd: z.optional(z.string()),
  url: z.optional(z.string()),
  headers: z._default(z.record(z.string(), z.string()), {}),
  // What narrows, in the words of the programs that share the file.
  enabled: z._default(z.boolean(), true),
  disabled: z._default(z.boolean(), false),
  includeTools: z.optional(z.array(z.string())),
  excludeTools: z._default(z.array(z.string()), []),
  disabledTools: z._default(z.array(z.string()), []),
});

export interface McpServerList {
  /** Sorted by name. */
  readonly servers: readonly McpServerSpec[];
  readonly warnings: readonly string[];
}

type EnvLookup = (name: string) => string | undefined;

/** All servers of a run; those of config.toml stand before those of `.mcp.json`. */
export function buildMcpServers(
  host: Pick<Host, "env">,
  { config, origin, trust, managed }: Pick<
    LoadedConfig,
    "config" | "origin" | "trust" | "managed"
  >,
): McpServerList {
  const byName = new Map<string, McpServerSpec>();
  const warnings: string[] = [];
  for (const source of approvedSources(trust, "servers")) {
    const { text, file } = source;
    const list = parseProjectServers(text, file, (name) => host.env(name));
    warnings.push(...list.warnings);
    for (const one of list.servers) {
      const refusal = managed?.serverRefusal(one.name, one.transport);
      if (refusal === undefined) byName.set(one.name, one);
      else warnings.push(`Ignoring MCP server of ${file}: ${refusal}`);
    }
  }
  for (const [name, table] of Object.entries(config.mcp_servers)) {
    const { file, layer } = origin(["mcp_servers", name]);
    const place = { source: file ?? layer, isOwn: layer !== "project" };
    byName.set(name, parseMcpServer(name, table, place));
  }
  const servers = [...byName.values()].sort((a, b) => a.name < b.name ? -1 : 1);
  return { servers, warnings };
}

// What does not fit is a warning.
function parseProjectServers(
  text: string,
  path: string,
  env: EnvLookup,
): McpServerList {
  const file = z.safeParse(ProjectFile, parseJson(text)).data;
  if (file === undefined) {
    return {
      servers: [],
      warnings: [
        `Cannot read ${path}: it is not JSON with an object "mcpServers"`,
      ],
    };
  }
  const servers: McpServerSpec[] = [];
  const warnings: string[] = [];
  for (const [name, value] of Object.entries(file.mcpServers)) {
    try {
      servers.push(parseServer(name, value, { path, env }));
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      warnings.push(
        `Ignoring MCP server "${name}" of ${path}: ${error.message}`,
      );
    }
  }
  return { servers, warnings };
}

function parseServer(
  name: string,
  value: unknown,
  { path, env }: { readonly path: string; readonly env: EnvLookup },
): McpServerSpec {
  if (!/^[a-zA-Z0-9_.-]+$/.test(name)) {
    throw configError("its name must be letters, digits, . _ or -");
  }
  const parsed = z.safeParse(ProjectServer, value);
  if (!parsed.success) {
    const at = parsed.error.issues[0]?.path.join(".") ?? "";
    throw configError(`its "${at}" does not fit`);
  }
  return {
    name,
    source: path,
    isOwn: false,
    transport: transportOf(parsed.data, env),
    enabled: parsed.data.enabled && !parsed.data.disabled,
    required: false,
    startupMs: LIMITS.mcpStartupMs,
    toolMs: LIMITS.mcpToolMs,
    enabledTools: parsed.data.includeTools,
    disabledTools: [...parsed.data.excludeTools, ...parsed.data.disabledTools],
    approval: { fallback: "auto", tools: {} },
    parallel: false,
    roots: false,
  };
}

function transportOf(
  server: z.infer<typeof ProjectServer>,
  env: EnvLookup,
): McpStdioSpec | McpHttpSpec {
  const { command, url, type, cwd } = server;
  if (type === "sse") {
    throw configError('its type is "sse", must be http or stdio');
  }
  if (command !== undefined && url === undefined) {
    return {
      type: "stdio",
      command: expand(command, env),
      args: server.args.map((one) => expand(one, env)),
      env: expandAll(server.env, env),
      envVars: [],
      ...(cwd !== undefined && { cwd: expand(cwd, env) }),
    };
  }
  if (url !== undefined && command === undefined) {
    return {
      type: "http",
      url: expand(url, env),
      headers: expandAll(server.headers, env),
      envHeaders: {},
    };
  }
  throw configError("it must have either a command or a url");
}

function expandAll(
  values: Readonly<Record<string, string>>,
  env: EnvLookup,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, expand(value, env)]),
  );
}

// `${NAME}` and `${NAME:-fallback}`, as other programs that read this file have it.
function expand(text: string, env: EnvLookup): string {
  return text.replace(
    /\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g,
    (_, name: string, fallback: string | undefined) => {
      const value = env(name);
      if (value !== undefined && value !== "") return value;
      if (fallback !== undefined) return fallback;
      throw configError(`it needs the variable ${name}`);
    },
  );
}
