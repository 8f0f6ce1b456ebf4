/** The tools that list and read the resources of all servers. */
import { errorText, ToolError } from "../../core/protocol/error.ts";
import type { Host } from "../../core/protocol/host.ts";
import type {
  ActivityBody,
  Tool,
  ToolContext,
  ToolOutput,
} from "../../core/protocol/tool.ts";
import type { Json, JsonObject } from "../../core/util/json/json.ts";
import { defineTool } from "../define/define_tool.ts";
import { optional, text } from "../define/parameters.ts";
import type { AskOptions } from "./client/types.ts";
import type { McpServer } from "./server.ts";
import { openSpool, pieceOfResource, saveOutput } from "./result.ts";

interface ResourceToolDeps {
  readonly host: Pick<Host, "files" | "newId">;
  /** Those that have resources, sorted by name. */
  readonly servers: readonly McpServer[];
  readonly spoolFolder?: string;
}

type Kind = "resources" | "resourceTemplates";

/** The three of them; none when no server has resources. */
export function createResourceTools(deps: ResourceToolDeps): readonly Tool[] {
  if (deps.servers.length === 0) return [];
  return [
    createListTool("list_mcp_resources", "resources", deps),
    createListTool("list_mcp_resource_templates", "resourceTemplates", deps),
    createReadTool(deps),
  ];
}

function createListTool(
  name: string,
  kind: Kind,
  deps: ResourceToolDeps,
): Tool {
  const what = kind === "resources"
    ? "resources (files, records and other data)"
    : "templates of resource addresses";
  return defineTool({
    name,
    description: `Lists the ${what} that the MCP servers offer for reading.`,
    parameters: {
      cursor: optional(
        text("nextCursor of the previous answer; needs a server"),
      ),
      server: optional(text("Only this server; all when absent")),
    },
    parallel: true,
    touches: () => [],
    run: async (args, context) =>
      await show(name, args, { deps, context }, async (ask) => {
        const text = JSON.stringify(await list(kind, args, deps, ask));
        return [{ type: "text", text }];
      }),
  });
}

function createReadTool(deps: ResourceToolDeps): Tool {
  const name = "read_mcp_resource";
  return defineTool({
    name,
    description: "Reads one resource of an MCP server.",
    parameters: {
      server: text("Name of the server"),
      uri: text("Address of the resource"),
    },
    parallel: true,
    touches: () => [],
    run: async (args, context) => {
      const server = serverOf(args.server, deps);
      return await show(name, args, { deps, context }, async (ask) => {
        const { contents } = await server.ask(
          ask,
          (session, more) => session.readResource(args.uri, more),
        );
        return contents.map(pieceOfResource);
      });
    },
  });
}

async function list(
  kind: Kind,
  { server, cursor }: {
    readonly server: string | undefined;
    readonly cursor: string | undefined;
  },
  deps: ResourceToolDeps,
  ask: AskOptions,
): Promise<Json> {
  if (server !== undefined && server !== "") {
    const page = await serverOf(server, deps).ask(
      ask,
      (session, more) => session.listPage(kind, cursor, more),
    );
    return {
      server,
      [kind]: page.items as Json[],
      ...(page.next !== undefined && { nextCursor: page.next }),
    };
  }
  if (cursor !== undefined && cursor !== "") {
    throw new ToolError(
      'Cannot read on in a list of all servers: "cursor" needs a "server"',
    );
  }
  const lists = await Promise.all(
    deps.servers.map(async (server) => await listOf(server, kind, ask)),
  );
  return { [kind]: lists.flat() };
}

// One server that fails does not hide what the others have.
async function listOf(
  server: McpServer,
  kind: Kind,
  ask: AskOptions,
): Promise<readonly Json[]> {
  const name = server.spec.name;
  try {
    const items = await server.ask(
      { ...ask, timeoutMs: server.spec.toolMs },
      (session, more) => session.listAll(kind, more),
    );
    return items.map((item) => ({ server: name, ...(item as JsonObject) }));
  } catch (error) {
    ask.signal?.throwIfAborted();
    return [{ server: name, error: errorText(error) }];
  }
}

function serverOf(name: string, { servers }: ResourceToolDeps): McpServer {
  const server = servers.find((one) => one.spec.name === name);
  if (server !== undefined) return server;
  const names = servers.map((one) => one.spec.name).join(", ");
  throw new ToolError(
    `Cannot find the MCP server "${name}": must be one of ${names}`,
  );
}

async function show(
  tool: string,
  args: { readonly server: string | undefined },
  { deps, context }: {
    readonly deps: ResourceToolDeps;
    readonly context: ToolContext;
  },
  work: (ask: AskOptions) => Promise<Parameters<typeof saveOutput>[0]>,
): Promise<ToolOutput> {
  const server = deps.servers.find((one) => one.spec.name === args.server);
  const activity = {
    type: "mcp_call",
    server: args.server ?? "all servers",
    tool,
    arguments: args as JsonObject,
    result: null,
    error: null,
  } as const satisfies Omit<ActivityBody & { type: "mcp_call" }, "status">;
  const id = context.open({ ...activity, status: "in_progress" });
  try {
    const pieces = await work({
      timeoutMs: (server ?? deps.servers[0])?.spec.toolMs ?? 0,
      signal: context.signal,
    });
    const content = await saveOutput(pieces, {
      model: context.settings.model,
      spool: openSpool(deps.host, deps.spoolFolder, context.threadId),
    });
    const text = typeof content === "string" ? content : "";
    const result = { content: [{ type: "text", text }] };
    context.complete(id, { ...activity, result, status: "completed" });
    return { content, success: true };
  } catch (error) {
    const message = context.signal.aborted
      ? "Stopped by the user"
      : errorText(error);
    context.complete(id, { ...activity, error: { message }, status: "failed" });
    context.signal.throwIfAborted();
    return { content: `Cannot run ${tool}: ${message}`, success: false };
  }
}
