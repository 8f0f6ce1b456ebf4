/** The tools that list and read the resources of all servers. */
import * as z from "zod/mini";
import { ToolError } from "../../core/protocol/error.ts";
import type { Host } from "../../core/protocol/host.ts";
import type { CallView } from "../../core/protocol/item.ts";
import type {
  ActivityBody,
  Tool,
  ToolContext,
  ToolOutput,
} from "../../core/protocol/tool.ts";
import { errorText } from "../../core/protocol/error.ts";
import type { Json, JsonObject } from "../../core/util/json/json.ts";
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

const ListArguments = z.object({
  server: z.nullish(z.string()),
  cursor: z.nullish(z.string()),
});
const ReadArguments = z.object({ server: z.string(), uri: z.string() });

const SERVER = { type: "string", description: "Name of the server" };

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
  return createTool({
    name,
    description: `Lists the ${what} that the MCP servers offer for reading.`,
    properties: {
      cursor: {
        type: "string",
        description: "Where the last answer for this server said to go on",
      },
      server: { ...SERVER, description: "Only this server; all when absent" },
    },
    required: [],
    run: async (call, context) => {
      const args = parse(ListArguments, call);
      return await show(name, args, { deps, context }, async (ask) => {
        const text = JSON.stringify(await list(kind, args, deps, ask));
        return [{ type: "text", text }];
      });
    },
  });
}

function createReadTool(deps: ResourceToolDeps): Tool {
  const name = "read_mcp_resource";
  return createTool({
    name,
    description: "Reads one resource of an MCP server.",
    properties: {
      server: SERVER,
      uri: { type: "string", description: "Address of the resource" },
    },
    required: ["server", "uri"],
    run: async (call, context) => {
      const args = parse(ReadArguments, call);
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

function createTool(options: {
  readonly name: string;
  readonly description: string;
  readonly properties: JsonObject;
  readonly required: readonly string[];
  readonly run: Tool["run"];
}): Tool {
  const { name, description, properties, required, run } = options;
  return {
    name,
    spec: {
      type: "function",
      name,
      description,
      strict: false,
      parameters: {
        type: "object",
        properties,
        required,
        additionalProperties: false,
      },
    },
    parallel: true,
    run,
  };
}

async function list(
  kind: Kind,
  { server, cursor }: z.infer<typeof ListArguments>,
  deps: ResourceToolDeps,
  ask: AskOptions,
): Promise<Json> {
  if (server != null && server !== "") {
    const page = await serverOf(server, deps).ask(
      ask,
      (session, more) => session.listPage(kind, cursor ?? undefined, more),
    );
    return {
      server,
      [kind]: page.items as Json[],
      ...(page.next !== undefined && { nextCursor: page.next }),
    };
  }
  if (cursor != null && cursor !== "") {
    throw new ToolError(
      'Cannot go on with a list of all servers: "cursor" needs a "server"',
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
  args: { readonly server?: string | null | undefined },
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

function parse<S extends z.ZodMiniType>(schema: S, call: CallView): z.infer<S> {
  try {
    return z.parse(schema, JSON.parse(call.input === "" ? "{}" : call.input));
  } catch {
    const wanted = call.name === "read_mcp_resource"
      ? '{"server": "…", "uri": "…"}'
      : '{"server": "…", "cursor": "…"}, both optional';
    throw new ToolError(
      `Cannot call ${call.name}: the arguments do not fit, must be ${wanted}`,
    );
  }
}
