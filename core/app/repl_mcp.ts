/** Where the conversation meets MCP servers; without any, nothing is there. */
import type { ContextServices } from "../frontends/repl_services.ts";
import { UserError } from "../protocol/error.ts";

/** The MCP half of the context services. */
export type McpServices = Pick<
  ContextServices,
  "mcpServers" | "refreshMcp" | "mcpPrompts" | "mcpPrompt"
>;

/** For a run without MCP servers. */
export const NO_MCP: McpServices = {
  mcpServers: () => Promise.resolve([]),
  refreshMcp: () => Promise.resolve("No MCP server is configured"),
  mcpPrompts: () => Promise.resolve([]),
  mcpPrompt: (server) =>
    Promise.reject(
      new UserError(
        "usage",
        `Cannot ask MCP server ${server}: it is not there`,
      ),
    ),
};
