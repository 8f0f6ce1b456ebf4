/** Where the conversation meets MCP servers; without any, nothing is loaded. */

import { UserError } from "../../protocol/error.ts";
import type { ReplDesk } from "./open_threads.ts";
import type { ContextServices } from "../../frontends/conversation/services.ts";

/** The MCP half of the context services. */
type McpServices = Pick<
  ContextServices,
  "meet" | "mcpServers" | "refreshMcp" | "mcpPrompts" | "mcpPrompt"
>;

/** What is asked of the servers of the world as it is now. */
export function mcpServices(desk: ReplDesk): McpServices {
  return {
    meet: (person) => desk.person.meet(person),
    mcpServers: async () => {
      const hub = await desk.world.mcp?.hub();
      return hub?.servers() ?? [];
    },
    refreshMcp: () => refresh(desk),
    mcpPrompts: async () => {
      const hub = await desk.world.mcp?.hub();
      return await hub?.prompts() ?? [];
    },
    mcpPrompt: async (server, name, values) => {
      const hub = await desk.world.mcp?.hub();
      if (hub !== undefined) return await hub.prompt(server, name, values);
      throw new UserError(
        "usage",
        `Cannot ask MCP server ${server}: it is not there`,
      );
    },
  };
}

async function refresh(desk: ReplDesk): Promise<string> {
  const hub = await desk.world.mcp?.hub();
  if (hub === undefined) return "No MCP server is configured";
  const servers = await hub.refresh();
  const lines = servers.map(({ name, state, tools }) =>
    `${name}: ${state}, ${tools.length} tools`
  );
  const tokens = desk.renewTools();
  const cost =
    `The next request offers these tools; the ${tokens} tokens so far are sent without the cache`;
  return [...lines, ...(tokens > 0 ? [cost] : [])].join("; ");
}
