/** A server's tool as one of the model's: approved, called, its result passed on. */
import { errorText, ToolError } from "../../core/protocol/error.ts";
import type { Host } from "../../core/protocol/host.ts";
import type { CallView } from "../../core/protocol/item.ts";
import { LIMITS } from "../../core/protocol/limits.ts";
import type { Decision } from "../../core/protocol/policy.ts";
import type {
  ActivityBody,
  Tool,
  ToolContext,
  ToolOutput,
} from "../../core/protocol/tool.ts";
import { unreachable } from "../../core/util/assert.ts";
import {
  asObject,
  checkedJson,
  type JsonObject,
} from "../../core/util/json/json.ts";
import { headBytes } from "../../core/util/text/text.ts";
import { functionSpec } from "../define/define_tool.ts";
import { approvalModeOf, decideMcpCall, type ToolHints } from "./approval.ts";
import {
  type AskOptions,
  McpFailure,
  type McpPage,
  type McpProgress,
  type ServerRequests,
} from "./client/types.ts";
import type { McpServer } from "./server.ts";
import { buildCallQuestion, refusalText } from "./question.ts";
import { openSpool, piecesOfResult, saveOutput, viewResult } from "./result.ts";
import { buildParameters } from "./schema.ts";
import type { McpSession } from "./client/session.ts";
import { callAsTask } from "./client/task.ts";
import type { CallResult, WireTool } from "./client/wire.ts";

const WAY_OUT =
  ", and nobody can approve it here; the user can allow it with the server's approval mode";

/** What all tools of all servers share. */
interface McpToolDeps {
  readonly host: Pick<Host, "files" | "newId" | "sleep">;
  /** What was approved until its thread ends: thread, server and tool. */
  readonly approved: Set<string>;
  /** Answers the requests that a server makes during a call. */
  readonly requests: ServerRequests;
  readonly spoolFolder?: string;
}

interface McpToolOptions extends McpToolDeps {
  readonly server: McpServer;
  readonly tool: WireTool;
  /** The name under which it is offered. */
  readonly name: string;
}

type McpActivity = Extract<ActivityBody, { type: "mcp_call" }>;

/** Undefined when its parameters are too large to be offered. */
export function createMcpTool(options: McpToolOptions): Tool | undefined {
  const { server, tool, name } = options;
  const parameters = buildParameters(tool.inputSchema);
  if (parameters === undefined) return undefined;
  const description = tool.description ?? tool.title ?? "";
  return {
    name,
    spec: functionSpec({
      name,
      description: headBytes(description, LIMITS.mcpDescriptionBytes),
      parameters,
    }),
    parallel: server.spec.parallel,
    // Only the server knows what its arguments mean.
    touches: () => [],
    run: async (call, context) => {
      const args = parseArguments(call, options);
      return await new McpCall(options, args, context).run();
    },
  };
}

/** The arguments as an object. Throws ToolError. */
function parseArguments(
  call: Pick<CallView, "input">,
  { name }: { readonly name: string },
): JsonObject {
  try {
    const args = asObject(checkedJson(call.input === "" ? "{}" : call.input));
    if (args !== undefined) return args;
  } catch (error) {
    throw new ToolError(
      `Cannot call ${name}: the arguments are not JSON: ${errorText(error)}`,
    );
  }
  throw new ToolError(
    `Cannot call ${name}: the arguments must be a JSON object`,
  );
}

class McpCall {
  readonly #options: McpToolOptions;
  readonly #args: JsonObject;
  readonly #context: ToolContext;
  #id = "";
  #shownBytes = 0;

  constructor(
    options: McpToolOptions,
    args: JsonObject,
    context: ToolContext,
  ) {
    this.#options = options;
    this.#args = args;
    this.#context = context;
  }

  async run(): Promise<ToolOutput> {
    const context = this.#context;
    this.#id = context.open(this.#activity({ status: "in_progress" }));
    try {
      const refusal = await this.#admit();
      if (refusal !== undefined) return this.#refused(refusal);
      return await this.#answered(await this.#callKept());
    } catch (error) {
      const message = context.signal.aborted
        ? "Stopped by the user"
        : errorText(error);
      this.#end({ status: "failed", error: { message } });
      if (!(error instanceof McpFailure)) throw error;
      const { name, server } = this.#options;
      return {
        content:
          `Cannot call ${name}: the server ${server.spec.name} failed: ${message}`,
        success: false,
      };
    }
  }

  // A server writes files by itself, unless it says that this tool only reads.
  async #callKept(): Promise<CallResult> {
    const { server, tool } = this.#options;
    if (hintsOf(tool).readOnly) return await this.#call();
    const over = await this.#context.beforeProgram({
      policy: this.#context.settings.sandbox,
      what: `${server.spec.name}: ${tool.name}`,
    });
    try {
      return await this.#call();
    } finally {
      over();
    }
  }

  // Once more when the user has opened the page that the server asked for.
  async #call(): Promise<CallResult> {
    const { server } = this.#options;
    const call = (): Promise<CallResult> =>
      server.call(
        this.#context,
        (progress) => this.#show(progress),
        (session, ask) => this.#send(session, ask),
      );
    try {
      return await call();
    } catch (error) {
      const pages = error instanceof McpFailure ? error.pages : [];
      if (pages.length === 0 || !await this.#openPages(pages)) throw error;
      return await call();
    }
  }

  async #openPages(pages: readonly McpPage[]): Promise<boolean> {
    const { server, requests } = this.#options;
    const context = this.#context;
    for (const { url, message } of pages) {
      const answer = await requests.elicit(
        {
          server: server.spec.name,
          message: `${message}\nFinish on the page, then accept: ` +
            "the call is made again",
          url,
          schema: {},
        },
        context,
        context.signal,
      );
      if (answer.action !== "accept") return false;
    }
    return true;
  }

  async #send(session: McpSession, ask: AskOptions): Promise<CallResult> {
    const { tool, host } = this.#options;
    return tool.execution?.taskSupport === "required"
      ? await callAsTask(
        { session, tool: tool.name, args: this.#args, ask },
        host,
      )
      : await session.callTool(tool.name, this.#args, ask);
  }

  // Undefined lets the call through; a text is for the model.
  async #admit(): Promise<string | undefined> {
    const { server, tool, approved } = this.#options;
    const { settings, threadId } = this.#context;
    const mode = approvalModeOf(server.spec, tool.name);
    const { isOwn } = server.spec;
    const facts = { mode, hints: hintsOf(tool), isOwn };
    const verdict = decideMcpCall(facts, settings);
    switch (verdict.type) {
      case "run":
        return undefined;
      case "refuse":
        return `Cannot call ${this.#options.name}: ${verdict.reason}` +
          (settings.mode === undefined ? WAY_OUT : "");
      case "ask": {
        const key = JSON.stringify([threadId, server.spec.name, tool.name]);
        if (approved.has(key)) return undefined;
        const decision = await this.#ask(verdict.reason);
        if (decision.type === "approve_for_session") approved.add(key);
        return decision.type === "deny" || decision.type === "abort"
          ? refusalText(decision)
          : undefined;
      }
      default:
        return unreachable(verdict);
    }
  }

  async #ask(reason: string): Promise<Decision> {
    const { server, tool } = this.#options;
    const call = {
      server: server.spec.name,
      tool: tool.name,
      args: this.#args,
    };
    const { cwd } = this.#context.settings;
    return await this.#context.ask(buildCallQuestion(call, { reason, cwd }));
  }

  #refused(text: string): ToolOutput {
    this.#end({ status: "declined", error: { message: text } });
    return { content: text, success: false };
  }

  async #answered(result: CallResult): Promise<ToolOutput> {
    const success = result.isError !== true;
    const { host, spoolFolder } = this.#options;
    const content = await saveOutput(piecesOfResult(result), {
      model: this.#context.settings.model,
      spool: openSpool(host, spoolFolder, this.#context.threadId),
    });
    this.#end({
      status: success ? "completed" : "failed",
      result: viewResult(result),
    });
    return { content, success };
  }

  #show({ progress, total, message }: McpProgress): void {
    const count = total === undefined ? `${progress}` : `${progress}/${total}`;
    const text = `${count}${message === undefined ? "" : ` ${message}`}\n`;
    this.#shownBytes += text.length;
    if (this.#shownBytes > LIMITS.deltaBytesMax) return;
    this.#context.delta(this.#id, text);
  }

  #end(facts: Pick<McpActivity, "status"> & Partial<McpActivity>): void {
    this.#context.complete(this.#id, this.#activity(facts));
  }

  #activity(
    facts: Pick<McpActivity, "status"> & Partial<McpActivity>,
  ): McpActivity {
    return {
      type: "mcp_call",
      server: this.#options.server.spec.name,
      tool: this.#options.tool.name,
      arguments: this.#args,
      result: null,
      error: null,
      ...facts,
    };
  }
}

function hintsOf({ annotations }: WireTool): ToolHints {
  const { readOnlyHint, destructiveHint, openWorldHint } = annotations ?? {};
  return {
    ...(readOnlyHint != null && { readOnly: readOnlyHint }),
    ...(destructiveHint != null && { destructive: destructiveHint }),
    ...(openWorldHint != null && { openWorld: openWorldHint }),
  };
}
