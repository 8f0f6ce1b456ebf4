/** This program as an MCP server: threads as tools, questions as elicitations. */
import { Server } from "@modelcontextprotocol/sdk/server";
// @ts-types="@modelcontextprotocol/sdk/types"
import {
  CallToolRequestSchema,
  ErrorCode,
  ListToolsRequestSchema,
  McpError,
} from "@modelcontextprotocol/sdk/types.js";
import * as z from "zod/mini";
import {
  errorText,
  SessionError,
  usageError,
  UserError,
} from "../../protocol/error.ts";
import type { Event } from "../../protocol/event.ts";
import { exitCode } from "../../contract/exit_code.ts";
import { LIMITS } from "../../protocol/limits.ts";
import type { ApprovalRequest, Decision } from "../../protocol/policy.ts";
import { type Terminal, TERMINATING_SIGNALS } from "../../protocol/terminal.ts";
import type { Thread } from "../../protocol/thread.ts";
import { PROGRAM, VERSION } from "../../protocol/version.ts";
import { parseTrace } from "../wire/trace.ts";
import { CodexEvents } from "./codex_events.ts";
import type { CodexMessage } from "./codex_words.ts";
import { buildElicitation, decisionOf, ElicitAnswer } from "./elicitation.ts";
import {
  REPLY_TOOLS,
  ReplyArguments,
  serverTools,
  START_TOOLS,
  StartArguments,
} from "./schema.ts";
import { TerminalTransport } from "./transport.ts";
import { followTurn, type TurnPort, type TurnResult } from "./turn.ts";

/** What the server needs of the rest of the program. */
export interface McpServerServices {
  /** A new thread. Throws UserError. */
  readonly start: (
    request: StartArguments,
    client: { readonly canAsk: boolean },
  ) => Promise<Thread>;
  /** A recorded one. Throws SessionError and UserError. */
  readonly resume: (
    threadId: string,
    client: { readonly canAsk: boolean },
  ) => Promise<Thread>;
}

interface McpServerOptions {
  readonly services: McpServerServices;
  readonly terminal: Terminal;
}

/** Serves until the client leaves or a signal ends it; resolves to the exit code. */
export async function runMcpServer(options: McpServerOptions): Promise<number> {
  const server = new ThreadServer(options);
  const { promise, resolve } = Promise.withResolvers<number>();
  const { terminal } = options;
  const undo = [
    terminal.onSignal("SIGINT", () => resolve(exitCode("sigint"))),
    ...TERMINATING_SIGNALS.map((signal) =>
      terminal.onSignal(signal, () => resolve(exitCode("sigterm")))
    ),
  ];
  await server.connect();
  const code = await Promise.race([promise, server.ended.then(() => 0)]);
  for (const one of undo) one();
  await server.close();
  return code;
}

/** What the SDK hands a handler, as far as it is used here. */
interface CallExtra {
  readonly requestId: string | number;
  readonly signal: AbortSignal;
  readonly progressToken: string | number | undefined;
  readonly trace: TurnPort["trace"];
}

interface OpenThread {
  readonly thread: Thread;
  readonly words: CodexEvents;
  /** Turns of one thread run one after the other. */
  last: Promise<unknown>;
}

class ThreadServer {
  readonly #services: McpServerServices;
  readonly #transport: TerminalTransport;
  readonly #server: Server;
  readonly #threads = new Map<string, Promise<OpenThread>>();

  constructor({ services, terminal }: McpServerOptions) {
    this.#services = services;
    this.#transport = new TerminalTransport(terminal);
    this.#server = new Server({ name: PROGRAM, version: VERSION }, {
      capabilities: { tools: {} },
    });
    this.#server.setRequestHandler(ListToolsRequestSchema, () => ({
      tools: [...serverTools()],
    }));
    this.#server.setRequestHandler(
      CallToolRequestSchema,
      async ({ params }, { requestId, signal, _meta }) => ({
        ...await this.#call(params.name, params.arguments ?? {}, {
          requestId,
          signal,
          progressToken: _meta?.progressToken,
          trace: parseTrace(_meta),
        }),
      }),
    );
  }

  get ended(): Promise<void> {
    return this.#transport.ended;
  }

  async connect(): Promise<void> {
    await this.#server.connect(this.#transport);
  }

  async close(): Promise<void> {
    const threads = await Promise.allSettled(this.#threads.values());
    await Promise.all(threads.map(async (one) => {
      if (one.status !== "fulfilled") return;
      one.value.thread.submit({ type: "shutdown" });
      await one.value.thread.closed;
    }));
    await this.#server.close();
  }

  async #call(
    name: string,
    args: unknown,
    extra: CallExtra,
  ): Promise<Record<string, unknown>> {
    try {
      if (START_TOOLS.includes(name)) {
        const request = parse(StartArguments, args);
        const open = await this.#start(request);
        return toResult(await this.#turn(open, request.prompt, extra));
      }
      if (REPLY_TOOLS.includes(name)) {
        const request = parse(ReplyArguments, args);
        const id = request.threadId ?? request.conversationId ?? "";
        const open = await this.#find(id);
        return toResult(await this.#turn(open, request.prompt, extra));
      }
    } catch (error) {
      // What the caller can mend is an answer; the rest is a fault of the call.
      if (error instanceof UserError || error instanceof SessionError) {
        return toResult({
          threadId: "",
          content: errorText(error),
          isError: true,
        });
      }
      throw error;
    }
    const names = serverTools().map((tool) => tool.name).join(", ");
    throw new McpError(
      ErrorCode.InvalidParams,
      `Cannot call ${name}: no such tool, must be one of ${names}`,
    );
  }

  async #start(request: StartArguments): Promise<OpenThread> {
    const thread = await this.#services.start(request, this.#client());
    return await this.#keep(thread.id, Promise.resolve(thread));
  }

  async #find(threadId: string): Promise<OpenThread> {
    if (threadId === "") {
      throw usageError(
        "Cannot continue: threadId is missing, must be the id that a call returned",
      );
    }
    const open = this.#threads.get(threadId);
    if (open !== undefined) return await open;
    return await this.#keep(
      threadId,
      this.#services.resume(threadId, this.#client()),
    );
  }

  // Two calls at once for a recorded thread must not both open it.
  #keep(threadId: string, opening: Promise<Thread>): Promise<OpenThread> {
    const open = opening.then((thread): OpenThread => {
      const forget = (): void => void this.#threads.delete(threadId);
      thread.closed.then(forget, forget);
      return { thread, words: new CodexEvents(), last: Promise.resolve() };
    });
    this.#threads.set(threadId, open);
    open.catch(() => this.#threads.delete(threadId));
    return open;
  }

  async #turn(
    open: OpenThread,
    prompt: string,
    extra: CallExtra,
  ): Promise<TurnResult> {
    const turn = open.last.then(() => {
      extra.signal.throwIfAborted();
      return followTurn(open.thread, prompt, this.#port(open, extra));
    });
    open.last = turn.catch(() => {});
    return await turn;
  }

  #client(): { readonly canAsk: boolean } {
    const canAsk =
      this.#server.getClientCapabilities()?.elicitation !== undefined;
    return { canAsk };
  }

  #port({ thread, words }: OpenThread, extra: CallExtra): TurnPort {
    let steps = 0;
    return {
      signal: extra.signal,
      trace: extra.trace,
      send: (event) => this.#notifyEvent(event, words.take(event), extra),
      progress: (message) => {
        const { progressToken } = extra;
        if (progressToken === undefined) return;
        this.#notify("notifications/progress", {
          progressToken,
          progress: ++steps,
          message,
        });
      },
      ask: (request, approvalId) =>
        this.#ask(request, { threadId: thread.id, approvalId }, extra.signal),
    };
  }

  // A client that does not keep up goes without the pieces of texts it gets as a whole.
  #notifyEvent(
    event: Event,
    words: readonly CodexMessage[],
    extra: CallExtra,
  ): void {
    const isPiece = event.type.endsWith(".delta");
    const { pendingBytes } = this.#transport;
    if (isPiece && pendingBytes > LIMITS.outputPendingBytes) return;
    const _meta = { requestId: extra.requestId, threadId: event.threadId };
    for (const msg of words) {
      const id = msg.type === "session_configured" ? "" : extra.requestId;
      this.#notify("codex/event", { _meta, id: String(id), msg });
    }
    const id = String(event.seq);
    this.#notify(`${PROGRAM}/event`, { _meta, id, msg: event });
  }

  #notify(method: string, params: Record<string, unknown>): void {
    this.#server.notification({ method, params }).catch(() => {});
  }

  async #ask(
    request: ApprovalRequest,
    facts: { readonly threadId: string; readonly approvalId: string },
    signal: AbortSignal,
  ): Promise<Decision> {
    if (!this.#client().canAsk) {
      return { type: "deny", message: "The client cannot ask anybody" };
    }
    const params = buildElicitation(request, facts);
    const answer = await this.#server.request(
      { method: "elicitation/create", params: { ...params } },
      ElicitAnswer,
      { timeout: LIMITS.mcpClockMs, signal },
    );
    return decisionOf(answer, request);
  }
}

function toResult(
  { threadId, content, isError }: TurnResult,
): Record<string, unknown> {
  return {
    content: [{ type: "text", text: content }],
    // Older clients of Codex know the thread by its session.
    structuredContent: { threadId, session_id: threadId, content },
    ...(isError && { isError }),
  };
}

function parse<S extends z.ZodMiniType>(schema: S, value: unknown): z.infer<S> {
  const parsed = z.safeParse(schema, value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new McpError(
    ErrorCode.InvalidParams,
    `Cannot take the arguments: "${issue?.path.join(".") ?? ""}" does not fit`,
  );
}
