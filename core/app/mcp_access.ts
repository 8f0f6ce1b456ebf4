/** MCP servers of a run. Nothing of them is loaded where none is configured. */
import type { LoadedConfig } from "../config/load.ts";
import { approvedSources } from "../config/trust/source.ts";
import { reapChild } from "../host/system/libc.ts";
import { openHttpClient } from "../host/http_client.ts";
import type { Host } from "../protocol/host.ts";
import type { Flags } from "../contract/command_line.ts";
import { OrphanReaper } from "../../sandbox/run/orphans.ts";
import type { McpServerSpec } from "../../tools/mcp/client/server_config.ts";
import type { McpServers, McpServersOptions } from "../../tools/mcp/servers.ts";

/** The servers of a run, on their way. */
export interface McpAccess {
  mcpServers(): Promise<McpServers>;
  /** Ends all of them and what they have started. */
  close(): Promise<void>;
}

/** Who answers servers that ask for more than a yes. */
export type McpPerson = Pick<McpServersOptions, "elicit" | "sampling">;

interface McpAccessOptions {
  readonly flags: Pick<Flags, "ephemeral">;
  /** Absent where nobody can be asked so much. */
  readonly person?: McpPerson | undefined;
}

/** Begins to start what is configured, without waiting; undefined when that is nothing. */
export function openMcp(
  host: Host,
  loaded: LoadedConfig,
  options: McpAccessOptions,
): McpAccess | undefined {
  if (!hasServers(loaded)) return undefined;
  const loading = loadServers(host, loaded, options);
  // Whoever asks for the servers gets the error.
  loading.catch(() => {});
  return {
    mcpServers: () => loading,
    close: async () => {
      const mcpServers = await loading.catch(() => undefined);
      await mcpServers?.close();
    },
  };
}

/**
 * The host as servers are reached with it: it also trusts the authorities that other
 * programs of this machine are told of. Costs nothing without a server behind HTTPS.
 */
export async function hostForServers(
  host: Host,
  servers: readonly Pick<McpServerSpec, "transport">[],
): Promise<Host> {
  const isSecure = servers.some(({ transport }) =>
    transport.type === "http" && transport.url.startsWith("https:")
  );
  if (!isSecure) return host;
  const { client } = await openHttpClient(host, { name: "MCP" });
  if (client === undefined) return host;
  return {
    ...host,
    fetch: (input, init) => host.fetch(input, { ...init, client }),
  };
}

/** Ends the orphans of a server; they come to us, the subreaper. */
export function reapingOf(
  host: Host,
): (mark: string, pid: number) => Promise<unknown> {
  const reaper = new OrphanReaper(host, reapChild);
  return async (mark, pid) =>
    await reaper.end({ mark, isConfined: false }, pid);
}

function hasServers({ config, trust }: LoadedConfig): boolean {
  return Object.keys(config.mcp_servers).length > 0 ||
    approvedSources(trust, "servers").length > 0;
}

async function loadServers(
  host: Host,
  loaded: LoadedConfig,
  { flags, person }: McpAccessOptions,
): Promise<McpServers> {
  const [{ McpServers }, { buildMcpServers }] = await Promise.all([
    import("../../tools/mcp/servers.ts"),
    import("../../tools/mcp/project_file.ts"),
  ]);
  const { codexHome, cwd } = loaded;
  const { servers, warnings } = buildMcpServers(host, loaded);
  const mcpServers = new McpServers({
    host: await hostForServers(host, servers),
    reap: reapingOf(host),
    servers,
    warnings,
    cwd,
    codexHome,
    checkPrograms: loaded.checkPrograms,
    // As for commands: nothing stays of an ephemeral run, and a name in a shared folder
    // could be taken by somebody else first.
    ...(codexHome !== undefined && !flags.ephemeral && {
      spoolFolder: `${codexHome}/spool`,
    }),
    ...person,
  });
  mcpServers.start();
  return mcpServers;
}
