/** One configured server: started, restarted after it died, listed, called. */
import * as z from "zod/mini";
import { errorText } from "../../core/protocol/error.ts";
import type { Host } from "../../core/protocol/host.ts";
import { LIMITS } from "../../core/protocol/limits.ts";
import type { ToolContext } from "../../core/protocol/tool.ts";
import { isToolEnabled, type McpServerSpec } from "./client/server_config.ts";
import {
  type AskOptions,
  joinFailure,
  McpFailure,
  type McpProgress,
  type McpTransport,
  type ServerRequests,
} from "./client/types.ts";
import { CallTimeout } from "./client/call_timeout.ts";
import {
  type McpSession,
  openSession,
  type SessionOptions,
} from "./client/session.ts";
import { WireTool } from "./client/wire.ts";
import { orAbort } from "../../core/util/async.ts";

export type ServerState =
  | { readonly type: "off" }
  | { readonly type: "starting" }
  | { readonly type: "ready" }
  | { readonly type: "failed"; readonly reason: string };

interface ServerOptions {
  readonly host: Pick<Host, "sleep">;
  readonly spec: McpServerSpec;
  readonly openTransport: () => Promise<McpTransport>;
  /** The folder that is worked in. */
  readonly root: string | undefined;
  readonly canSample: boolean;
  /** Takes what the server wants of the person in the middle of a call. */
  readonly requests: ServerRequests;
  /** The tools differ from those offered last; called once. */
  readonly onChanged: () => void;
}

interface RunningCall {
  readonly context: ToolContext;
  readonly timeout: CallTimeout;
  /** Aborted when the call is over, whichever way. */
  readonly ended: AbortController;
}

/** A server over all of its lives in this run. */
export class McpServer {
  readonly spec: McpServerSpec;
  readonly #options: ServerOptions;
  readonly #stop = new AbortController();
  #state: ServerState;
  #session: McpSession | undefined;
  #opening: Promise<McpSession> | undefined;
  #relisting: Promise<void> | undefined;
  #tools: readonly WireTool[] = [];
  /** The tools that were handed out, as text; undefined before, and once they changed. */
  #handedOut: string | undefined;
  #isStale = false;
  #calls: readonly RunningCall[] = [];

  constructor(options: ServerOptions) {
    this.spec = options.spec;
    this.#options = options;
    this.#state = options.spec.enabled ? { type: "starting" } : { type: "off" };
  }

  get state(): ServerState {
    return this.#state;
  }

  /** Name and version as the server gives them; empty when it is not there. */
  get serverName(): string {
    return this.#session?.serverName ?? "";
  }

  /** The tools of the last listing that the configuration lets in, in the server's order. */
  get tools(): readonly WireTool[] {
    return this.#state.type === "ready" ? this.#tools : [];
  }

  has(capability: "resources" | "prompts"): boolean {
    return this.#state.type === "ready" &&
      (this.#session?.has(capability) ?? false);
  }

  /**
   * Connects and lists what is not there or no longer true; the state says how it went.
   * A server that has failed is tried again only when that is asked for.
   */
  async start(options: { readonly isRetry?: boolean } = {}): Promise<void> {
    const { type } = this.#state;
    if (type === "off") return;
    if (type === "failed" && !options.isRetry) return;
    if (options.isRetry) this.#isStale = true;
    try {
      await this.session();
      if (this.#isStale) await this.#relist();
    } catch {
      // The state has it.
    }
  }

  /** The live session, a new one when the last has ended. Throws McpFailure. */
  async session(signal?: AbortSignal): Promise<McpSession> {
    signal?.throwIfAborted();
    if (this.#stop.signal.aborted) throw this.#stop.signal.reason;
    // A conversation that is still being opened does not know its tools yet.
    const live = this.#opening === undefined ? this.#session : undefined;
    if (live !== undefined && !live.isClosed) return live;
    this.#opening ??= this.#open().finally(() => this.#opening = undefined);
    return await orAbort(this.#opening, signal);
  }

  /**
   * Works on the live conversation; once more on a new one when the server had forgotten
   * the old one before it began. Throws McpFailure, or the reason of the abort.
   */
  async ask<T>(
    ask: AskOptions,
    work: (session: McpSession, ask: AskOptions) => Promise<T>,
  ): Promise<T> {
    const session = await this.session(ask.signal);
    try {
      return await work(session, ask);
    } catch (error) {
      if (!(error instanceof McpFailure) || error.end !== "forgotten") {
        throw error;
      }
      await session.close();
      return await work(await this.session(ask.signal), ask);
    }
  }

  /** As `ask`, for a tool call: progress restarts the time limit, questions pause it. */
  async call<T>(
    context: ToolContext,
    onProgress: (progress: McpProgress) => void,
    work: (session: McpSession, ask: AskOptions) => Promise<T>,
  ): Promise<T> {
    const { host } = this.#options;
    const timeout = new CallTimeout(host, this.spec.toolMs);
    const ended = new AbortController();
    const call = { context, timeout, ended };
    this.#calls = [...this.#calls, call];
    try {
      return await this.ask({
        // The SDK's own clock knows nothing of questions.
        timeoutMs: LIMITS.mcpClockMs,
        signal: AbortSignal.any([context.signal, timeout.signal]),
        trace: context.trace,
        onProgress: (progress) => {
          timeout.touch();
          onProgress(progress);
        },
      }, work);
    } finally {
      timeout.end();
      ended.abort();
      this.#calls = this.#calls.filter((one) => one !== call);
    }
  }

  /** From here on these tools are what changes are measured against. */
  offered(): void {
    this.#handedOut = this.#fingerprint();
  }

  /** Ends the server and what it has started. */
  async close(): Promise<void> {
    this.#stop.abort(new McpFailure("the program is ending", "gone"));
    await this.#opening?.catch(() => {});
    await this.#session?.close();
  }

  async #open(): Promise<McpSession> {
    const { host, spec, openTransport } = this.#options;
    this.#state = { type: "starting" };
    const timeout = new CallTimeout(host, spec.startupMs);
    const signal = AbortSignal.any([this.#stop.signal, timeout.signal]);
    const ask = { timeoutMs: LIMITS.mcpClockMs, signal };
    let transport: McpTransport | undefined;
    try {
      transport = await openTransport();
      const session = await openSession(this.#sessionOptions(transport), ask);
      this.#session = session;
      await this.#list(session, ask);
      return session;
    } catch (error) {
      await transport?.close();
      const details = transport?.describe() ?? "";
      const text = joinFailure(errorText(error), details);
      const failure = new McpFailure(text, "gone");
      this.#state = { type: "failed", reason: failure.message };
      throw failure;
    } finally {
      timeout.end();
    }
  }

  #sessionOptions(transport: McpTransport): SessionOptions {
    const { root, canSample, requests } = this.#options;
    const server = this.spec.name;
    return {
      server,
      transport,
      root,
      canSample,
      onToolsChanged: () => this.#noteChange(),
      onElicit: (request, stop) =>
        this.#inCall(
          stop,
          (context, signal) => requests.elicit(request, context, signal),
        ),
      onSample: (params, stop) =>
        this.#inCall(
          stop,
          (context, signal) =>
            requests.sample({ server, params }, context, signal),
        ),
    };
  }

  // Which call a question belongs to is not said: it is the one begun last. Its time
  // stands still meanwhile, and with it the question is over.
  async #inCall<T>(
    stop: AbortSignal,
    work: (context: ToolContext | undefined, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const call = this.#calls.at(-1);
    if (call === undefined) return await work(undefined, stop);
    const { context, timeout, ended } = call;
    const signals = [stop, context.signal, ended.signal];
    return await timeout.hold(() => work(context, AbortSignal.any(signals)));
  }

  async #list(session: McpSession, ask: AskOptions): Promise<void> {
    this.#isStale = false;
    const listed = await session.listAll("tools", ask);
    this.#tools = viewTools(listed).filter(({ name }) =>
      isToolEnabled(this.spec, name)
    );
    this.#state = { type: "ready" };
    const isKnown = this.#handedOut === undefined ||
      this.#handedOut === this.#fingerprint();
    if (isKnown) return;
    this.#handedOut = undefined;
    this.#options.onChanged();
  }

  // After one announced change, further ones cost nothing until the tools are listed.
  #noteChange(): void {
    this.#isStale = true;
    if (this.#handedOut === undefined || this.#relisting !== undefined) return;
    this.#relisting = this.#relist().then(async () => {
      await this.#options.host.sleep(LIMITS.mcpRelistMs, this.#stop.signal);
      this.#relisting = undefined;
      if (this.#isStale) this.#noteChange();
    }).catch(() => {});
  }

  async #relist(): Promise<void> {
    const session = this.#session;
    if (session === undefined || session.isClosed) return;
    const ask = { timeoutMs: this.spec.startupMs, signal: this.#stop.signal };
    // A server that cannot say what it has now keeps what it had.
    await this.#list(session, ask).catch(() => {});
  }

  #fingerprint(): string {
    return JSON.stringify(this.#tools);
  }
}

/** The tools of a listing, each once; anything else is left out. */
export function viewTools(listed: readonly unknown[]): readonly WireTool[] {
  const byName = new Map<string, WireTool>();
  for (const one of listed) {
    const parsed = z.safeParse(WireTool, one);
    if (!parsed.success || byName.has(parsed.data.name)) continue;
    byName.set(parsed.data.name, parsed.data);
  }
  return [...byName.values()];
}
