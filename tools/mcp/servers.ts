/** All servers of a run: started, offered and ended together. */
import * as z from "zod/mini";
import {
  configError,
  errorText,
  usageError,
} from "../../core/protocol/error.ts";
import type { Host } from "../../core/protocol/host.ts";
import { LIMITS } from "../../core/protocol/limits.ts";
import type {
  McpPromptView,
  McpServerView,
  Tool,
} from "../../core/protocol/tool.ts";
import { unreachable } from "../../core/util/assert.ts";
import type { McpServerSpec } from "./client/server_config.ts";
import type { ElicitHook } from "./client/types.ts";
import type { WireTool } from "./client/wire.ts";
import { allocateToolNames, compareText } from "./names.ts";
import { McpServer, type ServerState } from "./server.ts";
import { PersonalAnswers } from "./server_requests.ts";
import { createResourceTools } from "./resources.ts";
import { piecesOfBlock } from "./result.ts";
import { createMcpTool } from "./tool.ts";
import type { SamplingHook } from "./sampling.ts";
import { createTransport, type TransportOptions } from "./client/transport.ts";
import { PromptResult, WirePrompt } from "./client/wire.ts";
import { orAbort } from "../../core/util/async.ts";

export interface McpServersOptions {
  readonly host: Host;
  readonly servers: readonly McpServerSpec[];
  /** Problems of their configuration; each thread is warned of them. */
  readonly warnings?: readonly string[];
  /** Where servers run unless configured. */
  readonly cwd: string;
  readonly codexHome: string | undefined;
  /** Where answers that are too long for the model are kept. */
  readonly spoolFolder?: string;
  /** Ends what servers have started in groups of their own. */
  readonly reap?: TransportOptions["reap"];
  /** Asked before a server of the person's own is started. */
  readonly checkPrograms?: TransportOptions["checkPrograms"];
  /** Takes values from the person; without it they can only say yes or no. */
  readonly elicit?: ElicitHook;
  /** Lets servers ask the model; without it such requests are refused. */
  readonly sampling?: SamplingHook;
}

/** What a thread says when it asks for the tools. */
interface McpToolsRequest {
  readonly threadId: string;
  /** Shows the person what is wrong now, or changes later. */
  readonly warn: (message: string) => void;
  readonly signal?: AbortSignal;
}

/** Nothing runs before `start` or `tools`; after `close` nothing does. */
/** A server as programs are told of it. */
export interface McpListing extends Pick<McpServerSpec, "name" | "transport"> {
  readonly state: ServerState;
  /** As it lists them, and the configuration lets them in. */
  readonly tools: readonly WireTool[];
}

export class McpServers {
  readonly #options: McpServersOptions;
  readonly #answers: PersonalAnswers;
  readonly #servers: readonly McpServer[];
  readonly #approved = new Set<string>();
  readonly #listeners = new Map<string, (message: string) => void>();
  /** Warnings given so far, by thread. */
  readonly #warned = new Set<string>();

  constructor(options: McpServersOptions) {
    this.#options = options;
    this.#answers = new PersonalAnswers(options);
    this.#servers = [...options.servers]
      .sort((a, b) => compareText(a.name, b.name))
      .map((spec) => this.#createServer(spec));
  }

  /** Starts all servers at once, without waiting for them. */
  start(): void {
    void this.#started();
  }

  /**
   * The tools of a generation, in an order that depends on nothing but their names. Waits
   * for the servers as long as each may take; throws UserError when one is required and
   * failed, and the reason of the abort.
   */
  async tools(request: McpToolsRequest): Promise<readonly Tool[]> {
    this.#listeners.set(request.threadId, request.warn);
    await orAbort(this.#started(), request.signal);
    const { host, spoolFolder, warnings = [] } = this.#options;
    for (const text of warnings) this.#warnOnce(request, text);
    this.#tellFailures(request);
    const deps = { host, ...(spoolFolder !== undefined && { spoolFolder }) };
    for (const server of this.#servers) server.offered();
    return [
      ...createResourceTools({
        ...deps,
        servers: this.#servers.filter((server) => server.has("resources")),
      }),
      ...this.#createTools(deps, request.warn),
    ];
  }

  /** Lists everything again and restarts what has failed. Resolves to the new state. */
  async refresh(): Promise<readonly McpServerView[]> {
    this.#warned.clear();
    await Promise.all(
      this.#servers.map((server) => server.start({ isRetry: true })),
    );
    return this.servers();
  }

  servers(): readonly McpServerView[] {
    return this.#servers.map((server) => ({
      name: server.spec.name,
      state: stateText(server),
      tools: server.tools.map((tool) => tool.name).sort(compareText),
    }));
  }

  /** All of them with their tools, once each is there or has failed. */
  async listings(): Promise<readonly McpListing[]> {
    await this.#started();
    return this.#servers.map(({ spec, state, tools }) => {
      const { name, transport } = spec;
      return { name, transport, state, tools };
    });
  }

  /** Prompts of all servers that are there; those that fail to list offer none. */
  async prompts(): Promise<readonly McpPromptView[]> {
    await this.#started();
    const lists = await Promise.all(
      this.#servers.filter((server) => server.has("prompts")).map(promptsOf),
    );
    return lists.flat();
  }

  /** A prompt's text, to be sent as the person's message. Throws UserError. */
  async prompt(
    serverName: string,
    name: string,
    values: Readonly<Record<string, string>>,
  ): Promise<string> {
    const server = this.#servers.find(({ spec }) => spec.name === serverName);
    if (server === undefined) {
      throw usageError(`Cannot find the MCP server "${serverName}"`);
    }
    try {
      const result = await server.ask(
        { timeoutMs: server.spec.toolMs },
        (session, ask) => session.getPrompt(name, values, ask),
      );
      return renderPrompt(result);
    } catch (error) {
      throw usageError(
        `Cannot get the prompt ${name} of ${server}: ${errorText(error)}`,
      );
    }
  }

  /** Ends all servers and what they have started. */
  async close(): Promise<void> {
    this.#listeners.clear();
    await Promise.all(this.#servers.map((server) => server.close()));
  }

  async #started(): Promise<void> {
    await Promise.all(this.#servers.map((server) => server.start()));
  }

  #createServer(spec: McpServerSpec): McpServer {
    const options = this.#options;
    const server: McpServer = new McpServer({
      host: options.host,
      spec,
      root: spec.roots ? options.cwd : undefined,
      canSample: options.sampling !== undefined,
      openTransport: () => createTransport(spec, options),
      requests: this.#answers,
      onChanged: () => this.#announce(spec.name),
    });
    return server;
  }

  #createTools(
    deps: Pick<McpServersOptions, "host" | "spoolFolder">,
    warn: (message: string) => void,
  ): readonly Tool[] {
    const all = this.#servers.flatMap((server) =>
      server.tools.map((tool) => ({ server, tool }))
    );
    const names = allocateToolNames(
      all.map(({ server, tool }) => ({
        server: server.spec.name,
        tool: tool.name,
      })),
    );
    const tools = all.flatMap((one, at) => {
      const name = names[at] ?? "";
      const approved = this.#approved;
      const requests = this.#answers;
      const tool = createMcpTool({ ...deps, ...one, name, approved, requests });
      if (tool !== undefined) return [tool];
      warn(
        `Leaving out ${name}: its parameters take more than ${LIMITS.mcpSchemaBytes} bytes`,
      );
      return [];
    });
    return tools.sort((a, b) => compareText(a.name, b.name));
  }

  // Each failure once a thread; what a person has to have ends the turn.
  #tellFailures(request: McpToolsRequest): void {
    for (const { spec, state } of this.#servers) {
      if (state.type !== "failed") continue;
      const text = `Cannot use the MCP server ${spec.name}: ${state.reason}`;
      if (spec.required) {
        throw configError(`${text}; it is required`);
      }
      this.#warnOnce(request, text);
    }
  }

  #warnOnce({ threadId, warn }: McpToolsRequest, text: string): void {
    const key = JSON.stringify([threadId, text]);
    if (this.#warned.has(key)) return;
    this.#warned.add(key);
    warn(text);
  }

  #announce(server: string): void {
    const text = `The MCP server ${server} has changed its tools; ` +
      "the new ones are offered after the next compaction, or at once with /mcp refresh";
    for (const warn of this.#listeners.values()) warn(text);
  }
}

function stateText({ state, serverName }: McpServer): string {
  switch (state.type) {
    case "ready":
      return serverName === "" ? "ready" : `ready, ${serverName}`;
    case "failed":
      return `failed: ${state.reason}`;
    case "starting":
    case "off":
      return state.type;
    default:
      return unreachable(state);
  }
}

async function promptsOf(server: McpServer): Promise<readonly McpPromptView[]> {
  const ask = { timeoutMs: server.spec.toolMs };
  const listed = await server.ask(
    ask,
    (session, more) => session.listAll("prompts", more),
  ).catch(() => []);
  return listed.flatMap((one) => {
    const parsed = z.safeParse(WirePrompt, one);
    if (!parsed.success) return [];
    const { name, description, arguments: parameters } = parsed.data;
    return [{
      server: server.spec.name,
      name,
      description: description ?? "",
      parameters: (parameters ?? []).map((one) => one.name),
    }];
  }).sort((a, b) => compareText(a.name, b.name));
}

function renderPrompt({ messages }: z.infer<typeof PromptResult>): string {
  const texts = messages.map(({ role, content }) => {
    const text = piecesOfBlock(content).map((piece) =>
      piece.type === "text" ? piece.text : "[an image]"
    ).join("\n");
    return role === "user" ? text : `[${role}]\n${text}`;
  });
  return texts.join("\n\n");
}
