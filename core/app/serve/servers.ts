/** MCP servers for clients: those of an open thread, or those that are configured. */
import { parseParams, refusal } from "../../frontends/app_server/rpc.ts";
import type { OtherMethods } from "../../frontends/app_server/services.ts";
import { ServersParams } from "../../frontends/app_server/words/settings_schema.ts";
import { pageOf } from "../../frontends/wire/pages.ts";
import { unreachable } from "../../util/assert.ts";
import type { McpListing } from "../../../tools/mcp/servers.ts";
import { type McpAccess, openMcp } from "../mcp_access.ts";
import type { ServeBase } from "./base.ts";
import type { ThreadRuntimes } from "./runtimes.ts";

export function serverMethods(
  base: ServeBase,
  runtimes: ThreadRuntimes,
): OtherMethods {
  return new Map([
    [
      "mcpServerStatus/list",
      (params: unknown) => listServers(base, runtimes, params),
    ],
  ]);
}

// Without a thread the configured servers are started to be asked, and end again.
async function listServers(
  base: ServeBase,
  runtimes: ThreadRuntimes,
  params: unknown,
): Promise<unknown> {
  const { threadId, serverName, ...page } = parseParams(ServersParams, params);
  const ofThread = threadId ? threadServers(runtimes, threadId) : undefined;
  const access = threadId ? ofThread : await openConfigured(base);
  try {
    const all = await (await access?.mcpServers())?.listings() ?? [];
    const wanted = all.filter(({ name }) => !serverName || name === serverName);
    return pageOf(
      wanted.map((one) => ({
        ...listingView(one),
        runtimeStatus: threadId ? statusOf(one) : null,
      })),
      page,
    );
  } finally {
    if (!threadId) await access?.close();
  }
}

async function openConfigured(base: ServeBase): Promise<McpAccess | undefined> {
  return openMcp(base.host, await base.load(), { flags: base.flags });
}

function threadServers(
  runtimes: ThreadRuntimes,
  threadId: string,
): McpAccess | undefined {
  const runtime = runtimes.find(threadId);
  if (runtime !== undefined) return runtime.mcp;
  throw refusal(
    `Cannot list the servers of thread ${threadId}: it is not open, must be one that was started, resumed or forked here`,
  );
}

function listingView(
  { name, transport, state, tools }: McpListing,
): Record<string, unknown> {
  return {
    name,
    pluginId: null,
    httpOrigin: transport.type === "http"
      ? new URL(transport.url).origin
      : null,
    serverInfo: null,
    serverCapabilities: null,
    toolListMeta: null,
    tools: Object.fromEntries(tools.map((tool) => [tool.name, {
      name: tool.name,
      ...(tool.title && { title: tool.title }),
      ...(tool.description && { description: tool.description }),
      inputSchema: tool.inputSchema ?? { type: "object" },
      ...(tool.annotations && { annotations: tool.annotations }),
    }])),
    toolsError: state.type === "failed" ? state.reason : null,
    resources: [],
    resourceTemplates: [],
    authStatus: "unknown",
  };
}

function statusOf({ state }: McpListing): string {
  switch (state.type) {
    case "off":
      return "disabled";
    case "starting":
    case "failed":
      return state.type;
    case "ready":
      return "connected";
    default:
      return unreachable(state);
  }
}
