/** `rondo mcp-server`: threads for an MCP client on stdin. */
import {
  type McpServerServices,
  runMcpServer,
} from "../../frontends/mcp_server/server.ts";
import type { StartArguments } from "../../frontends/mcp_server/schema.ts";
import type { CommandLine, Flags } from "../../contract/command_line.ts";
import type { Host } from "../../protocol/host.ts";
import type { Terminal } from "../../protocol/terminal.ts";
import { resumeThread, startThread } from "../../session/thread/open.ts";
import { sessionPath } from "../open_thread.ts";
import { clientFlags } from "./client_flags.ts";
import { ThreadRuntimes } from "./runtimes.ts";

/** Serves to the end and resolves to the exit code. */
export async function runMcpServerCommand(
  { flags }: CommandLine,
  host: Host,
  terminal: Terminal,
): Promise<number> {
  const runtimes = new ThreadRuntimes(host, "mcp-server", terminal);
  try {
    const services = createServices(flags, runtimes);
    return await runMcpServer({ services, terminal });
  } finally {
    await runtimes.close();
  }
}

function createServices(
  base: Flags,
  runtimes: ThreadRuntimes,
): McpServerServices {
  return {
    start: async (request, { canAsk }) => {
      const instructions = request["base-instructions"];
      const { thread } = await runtimes.open({
        flags: buildFlags(base, request),
        canAsk,
        ...(instructions !== undefined && { instructions }),
      }, startThread);
      return thread;
    },
    resume: async (threadId, { canAsk }) => {
      const named = { args: [threadId], flags: { all: true } };
      const { thread } = await runtimes.open(
        { flags: base, canAsk },
        async (factory, runtime) =>
          await resumeThread(factory, await sessionPath(runtime, named)),
      );
      return thread;
    },
  };
}

function buildFlags(base: Flags, request: StartArguments): Flags {
  return clientFlags(base, {
    ...request,
    approval: request["approval-policy"],
    texts: {
      developer_instructions: request["developer-instructions"],
      compact_prompt: request["compact-prompt"],
    },
  });
}
