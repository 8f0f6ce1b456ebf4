/** `rondo mcp-server`: threads for an MCP client on stdin. */
import { renderTomlValue, type TomlValue } from "../../config/file/toml.ts";
import {
  type McpServerServices,
  runMcpServer,
} from "../../frontends/mcp_server/server.ts";
import type { StartArguments } from "../../frontends/mcp_server/schema.ts";
import type { CommandLine, Flags } from "../../contract/command_line.ts";
import type { Host } from "../../protocol/host.ts";
import type { Terminal } from "../../protocol/terminal.ts";
import type { Thread } from "../../protocol/thread.ts";
import {
  type OpenThread,
  resumeThread,
  startThread,
  type ThreadFactory,
} from "../../session/thread/open.ts";
import { openRuntime, type Runtime } from "../runtime.ts";
import { sessionPath, threadFactory } from "../open_thread.ts";

/** Serves to the end and resolves to the exit code. */
export async function runMcpServerCommand(
  { flags }: CommandLine,
  host: Host,
  terminal: Terminal,
): Promise<number> {
  const runtimes = new Set<Runtime>();
  try {
    const services = createServices(host, flags, runtimes);
    return await runMcpServer({ services, terminal });
  } finally {
    await Promise.all([...runtimes].map((runtime) => runtime.mcp?.close()));
  }
}

// Each thread has its own runtime: folder, settings and servers are the caller's.
function createServices(
  host: Host,
  base: Flags,
  runtimes: Set<Runtime>,
): McpServerServices {
  const open = async (
    flags: Flags,
    options: { readonly canAsk: boolean; readonly instructions?: string },
    begin: (factory: ThreadFactory, runtime: Runtime) => Promise<OpenThread>,
  ): Promise<Thread> => {
    const runtime = await openRuntime(host, flags, {
      ...options,
      source: "mcp",
    });
    runtimes.add(runtime);
    const close = async (): Promise<void> => {
      await runtime.mcp?.close();
      runtimes.delete(runtime);
    };
    try {
      const { thread } = await begin(await threadFactory(runtime), runtime);
      void thread.closed.then(close);
      return thread;
    } catch (error) {
      await close();
      throw error;
    }
  };
  return {
    start: async (request, { canAsk }) => {
      const instructions = request["base-instructions"];
      const options = {
        canAsk,
        ...(instructions !== undefined && { instructions }),
      };
      return await open(buildFlags(base, request), options, startThread);
    },
    resume: async (threadId, { canAsk }) =>
      await open(
        base,
        { canAsk },
        async (factory, runtime) =>
          await resumeThread(
            factory,
            await sessionPath(runtime, {
              args: [threadId],
              flags: { all: true },
            }),
          ),
      ),
  };
}

/** The flags of the command line with what the call says over them. */
function buildFlags(base: Flags, request: StartArguments): Flags {
  const { model, profile, cwd, sandbox } = request;
  const approval = request["approval-policy"];
  const config = [
    ...(base.config ?? []),
    ...Object.entries(request.config ?? {}).flatMap(([key, value]) => {
      const toml = tomlOf(value);
      return toml === undefined ? [] : [`${key}=${renderTomlValue(toml)}`];
    }),
    ...textSetting("developer_instructions", request["developer-instructions"]),
    ...textSetting("compact_prompt", request["compact-prompt"]),
  ];
  return {
    ...base,
    ...(config.length > 0 && { config }),
    ...(model !== undefined && { model }),
    ...(profile !== undefined && { profile }),
    ...(cwd !== undefined && { cd: cwd }),
    ...(sandbox !== undefined && { sandbox }),
    ...(approval !== undefined && { askForApproval: approval }),
  };
}

function textSetting(key: string, value: string | undefined): string[] {
  return value === undefined ? [] : [`${key}=${renderTomlValue(value)}`];
}

// TOML has no null: what is null is not set.
function tomlOf(value: unknown): TomlValue | undefined {
  if (value === null || value === undefined) return undefined;
  if (Array.isArray(value)) {
    return value.map(tomlOf).filter((one) => one !== undefined);
  }
  if (typeof value !== "object") return value as TomlValue;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, member]) => {
      const toml = tomlOf(member);
      return toml === undefined ? [] : [[key, toml]];
    }),
  );
}
