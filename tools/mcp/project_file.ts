/** `.mcp.json`: the servers of a project. Read only where the user trusts it. */
import * as z from "zod/mini";
import type { LoadedConfig } from "../../core/config/load.ts";
import { UserError } from "../../core/protocol/error.ts";
import type { Host } from "../../core/protocol/host.ts";
import { LIMITS } from "../../core/protocol/limits.ts";
import { resolvePath } from "../../core/util/path.ts";
import { parseMcpServer } from "./client/server_config.ts";
import type {
  McpHttpSpec,
  McpServerSpec,
  McpStdioSpec,
} from "./client/server_config.ts";

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
});

export interface McpServerList {
  /** Sorted by name. */
  readonly servers: readonly McpServerSpec[];
  readonly warnings: readonly string[];
}

type EnvLookup = (name: string) => string | undefined;

const PROJECT_FILE = ".mcp.json";

/** All servers of a run; those of config.toml stand before the project's own. */
export async function loadMcpServers(
  host: Pick<Host, "files" | "env">,
  loaded: Pick<LoadedConfig, "config" | "origin" | "projectRoot" | "trust">,
): Promise<McpServerList> {
  const project = await loadProjectServers(host, loaded);
  const byName = new Map(project.servers.map((one) => [one.name, one]));
  for (const [name, table] of Object.entries(loaded.config.mcp_servers)) {
    const { file, layer } = loaded.origin(["mcp_servers", name]);
    byName.set(name, parseMcpServer(name, table, file ?? layer));
  }
  const servers = [...byName.values()].sort((a, b) => a.name < b.name ? -1 : 1);
  return { servers, warnings: project.warnings };
}

// What does not fit is a warning.
function parseProjectServers(
  text: string,
  path: string,
  env: EnvLookup,
): McpServerList {
  const file = parseFile(text);
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

async function loadProjectServers(
  host: Pick<Host, "files" | "env">,
  { projectRoot, trust }: Pick<LoadedConfig, "projectRoot" | "trust">,
): Promise<McpServerList> {
  const path = resolvePath(projectRoot, PROJECT_FILE);
  const stat = await host.files.stat(path);
  if (stat === undefined || !stat.isFile) return { servers: [], warnings: [] };
  if (trust.level !== "trusted") {
    const why = `the project ${trust.folder} is not trusted`;
    return { servers: [], warnings: [`Ignoring ${path}: ${why}`] };
  }
  if (stat.size > LIMITS.mcpProjectFileBytes) {
    const most = LIMITS.mcpProjectFileBytes;
    const why = `it has ${stat.size} bytes, must have at most ${most}`;
    return { servers: [], warnings: [`Ignoring ${path}: ${why}`] };
  }
  const text = await host.files.readText(path);
  return parseProjectServers(text, path, (name) => host.env(name));
}

function parseFile(text: string): z.infer<typeof ProjectFile> | undefined {
  try {
    return z.parse(ProjectFile, JSON.parse(text));
  } catch {
    return undefined;
  }
}

function parseServer(
  name: string,
  value: unknown,
  { path, env }: { readonly path: string; readonly env: EnvLookup },
): McpServerSpec {
  if (!/^[a-zA-Z0-9_.-]+$/.test(name)) {
    throw new UserError("config", "its name must be letters, digits, . _ or -");
  }
  const parsed = z.safeParse(ProjectServer, value);
  if (!parsed.success) {
    const at = parsed.error.issues[0]?.path.join(".") ?? "";
    throw new UserError("config", `its "${at}" does not fit`);
  }
  return {
    name,
    source: path,
    transport: transportOf(parsed.data, env),
    enabled: true,
    required: false,
    startupMs: LIMITS.mcpStartupMs,
    toolMs: LIMITS.mcpToolMs,
    enabledTools: undefined,
    disabledTools: [],
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
    throw new UserError("config", 'its type is "sse", must be http or stdio');
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
  throw new UserError("config", "it must have either a command or a url");
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
      throw new UserError("config", `it needs the variable ${name}`);
    },
  );
}
