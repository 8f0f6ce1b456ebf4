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
import type { McpPeer } from "./server.ts";
import { buildOutput, openSpool, pieceOfResource } from "./result.ts";

interface ResourceToolDeps {
  readonly host: Pick<Host, "files" | "newId">;
  /** Those that have resources, sorted by name. */
  readonly peers: readonly McpPeer[];
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
  if (deps.peers.length === 0) return [];
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
      const peer = peerOf(args.server, deps);
      return await show(name, args, { deps, context }, async (ask) => {
        const { contents } = await peer.ask(
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
    const page = await peerOf(server, deps).ask(
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
    deps.peers.map(async (peer) => await listOf(peer, kind, ask)),
  );
  return { [kind]: lists.flat() };
}

// One server that fails does not hide what the others have.
async function listOf(
  peer: McpPeer,
  kind: Kind,
  ask: AskOptions,
): Promise<readonly Json[]> {
  const server = peer.spec.name;
  try {
    const items = await peer.ask(
      { ...ask, timeoutMs: peer.spec.toolMs },
      (session, more) => session.listAll(kind, more),
    );
    return items.map((item) => ({ server, ...(item as JsonObject) }));
  } catch (error) {
    ask.signal?.throwIfAborted();
    return [{ server, error: errorText(error) }];
  }
}

function peerOf(name: string, { peers }: ResourceToolDeps): McpPeer {
  const peer = peers.find((one) => one.spec.name === name);
  if (peer !== undefined) return peer;
  const names = peers.map((one) => one.spec.name).join(", ");
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
  work: (ask: AskOptions) => Promise<Parameters<typeof buildOutput>[0]>,
): Promise<ToolOutput> {
  const peer = deps.peers.find((one) => one.spec.name === args.server);
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
      timeoutMs: (peer ?? deps.peers[0])?.spec.toolMs ?? 0,
      signal: context.signal,
    });
    const content = await buildOutput(pieces, {
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
