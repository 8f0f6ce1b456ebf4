/** MCP servers in a conversation; without any, nothing is loaded. */

import { usageError } from "../../protocol/error.ts";
import type { OpenThreads } from "./open_threads.ts";
import type { ContextServices } from "../../frontends/conversation/services.ts";

/** Services of the servers of the present runtime. */
export function mcpServices(threads: OpenThreads): Pick<
  ContextServices,
  "setPrompter" | "mcpServers" | "refreshMcp" | "mcpPrompts" | "mcpPrompt"
> {
  return {
    setPrompter: (prompter) => threads.prompter.set(prompter),
    mcpServers: async () => {
      const mcpServers = await threads.runtime.mcp?.mcpServers();
      return mcpServers?.servers() ?? [];
    },
    refreshMcp: () => refresh(threads),
    mcpPrompts: async () => {
      const mcpServers = await threads.runtime.mcp?.mcpServers();
      return await mcpServers?.prompts() ?? [];
    },
    mcpPrompt: async (server, name, values) => {
      const mcpServers = await threads.runtime.mcp?.mcpServers();
      if (mcpServers !== undefined) {
        return await mcpServers.prompt(server, name, values);
      }
      throw usageError(
        `Cannot ask MCP server ${server}: no such server, see /mcp`,
      );
    },
  };
}

async function refresh(threads: OpenThreads): Promise<string> {
  const mcpServers = await threads.runtime.mcp?.mcpServers();
  if (mcpServers === undefined) return "No MCP server is configured";
  const servers = await mcpServers.refresh();
  const lines = servers.map(({ name, state, tools }) =>
    `${name}: ${state}, ${tools.length} tools`
  );
  const tokens = threads.renewTools();
  const cost =
    `The next request uses the new tools and re-sends ${tokens} tokens uncached`;
  return [...lines, ...(tokens > 0 ? [cost] : [])].join("; ");
}
