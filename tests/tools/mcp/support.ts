/** Scripted servers of a hub, and what tests ask of them. */
import { denoHost } from "../../../core/host/host.ts";
import type { Host } from "../../../core/protocol/host.ts";
import { LIMITS } from "../../../core/protocol/limits.ts";
import type { Tool } from "../../../core/protocol/tool.ts";
import type { McpServerSpec } from "../../../tools/mcp/client/server_config.ts";
import {
  McpServers,
  type McpServersOptions,
} from "../../../tools/mcp/servers.ts";
import { type McpScript, mcpServerArgs } from "../../support/mcp_server.ts";

export const host: Host = denoHost();

/** A program that follows the script. */
export function scripted(
  name: string,
  script: McpScript,
  more: Partial<McpServerSpec> = {},
): McpServerSpec {
  return {
    ...spec(name, more),
    transport: {
      type: "stdio",
      command: Deno.execPath(),
      args: mcpServerArgs(script),
      env: { DENO_NO_UPDATE_CHECK: "1" },
      envVars: ["DENO_DIR"],
    },
  };
}

/** A server behind a URL. */
export function behindUrl(
  name: string,
  url: string,
  more: Partial<McpServerSpec> = {},
): McpServerSpec {
  return {
    ...spec(name, more),
    transport: { type: "http", url, headers: {}, envHeaders: {} },
  };
}

function spec(name: string, more: Partial<McpServerSpec>): McpServerSpec {
  return {
    name,
    source: "test",
    isOwn: true,
    transport: { type: "stdio", command: "", args: [], env: {}, envVars: [] },
    enabled: true,
    required: false,
    startupMs: LIMITS.mcpStartupMs,
    toolMs: LIMITS.mcpToolMs,
    enabledTools: undefined,
    disabledTools: [],
    approval: { fallback: "approve", tools: {} },
    parallel: false,
    roots: false,
    ...more,
  };
}

export interface TestServers extends AsyncDisposable {
  readonly mcpServers: McpServers;
  /** What the person was shown. */
  readonly warnings: string[];
  /** The tools of a new generation of the thread. */
  tools(): Promise<readonly Tool[]>;
  /** One of them, by the name the server gives it. */
  tool(name: string): Promise<Tool>;
}

/** A hub that is closed at the end of the test. */
export function testServers(
  servers: readonly McpServerSpec[],
  more: Partial<McpServersOptions> = {},
): TestServers {
  const mcpServers = new McpServers({
    host,
    servers,
    cwd: "/tmp",
    codexHome: undefined,
    ...more,
  });
  const warnings: string[] = [];
  const tools = (): Promise<readonly Tool[]> =>
    mcpServers.tools({
      threadId: "thread-1",
      warn: (message) => void warnings.push(message),
    });
  return {
    mcpServers,
    warnings,
    tools,
    tool: async (name) => {
      const found = (await tools()).find((one) =>
        one.name === name || one.name.endsWith(`__${name}`)
      );
      if (found === undefined) throw new Error(`no tool ${name}`);
      return found;
    },
    [Symbol.asyncDispose]: () => mcpServers.close(),
  };
}

/** Whether a process is there (not only its entry, as of one that nobody waited for). */
export function isRunning(pid: number): boolean {
  // The runtime reads /proc itself only with all permissions there are.
  const { stdout } = new Deno.Command("cat", {
    args: [`/proc/${pid}/stat`],
    stderr: "null",
  }).outputSync();
  const stat = new TextDecoder().decode(stdout);
  return stat !== "" && !/\) [ZX] /.test(stat);
}

/** Waits until something holds; the test's own time is the bound. */
export async function until(
  holds: () => boolean | Promise<boolean>,
): Promise<void> {
  while (!await holds()) await new Promise((wake) => setTimeout(wake, 5));
}

/** Numbers, one a line, of a file that may not be there yet. */
export function readPids(path: string): number[] {
  try {
    return Deno.readTextFileSync(path).trim().split("\n").map(Number);
  } catch {
    return [];
  }
}

/** Messages a scripted server wrote down. */
export function readLog(path: string): Record<string, unknown>[] {
  try {
    return Deno.readTextFileSync(path).trim().split("\n")
      .map((line) => JSON.parse(line));
  } catch {
    return [];
  }
}
