/** The client behind a connection: what it can, and what it is told and asked. */
import type {
  AgentContext,
  ClientCapabilities,
  ClientRequestMethod,
  ClientRequestParamsByMethod,
  SessionUpdate,
} from "@agentclientprotocol/sdk";

export class Client {
  readonly #context: AgentContext;
  /** Aborted when it has left. */
  readonly gone: AbortSignal;
  can: ClientCapabilities = {};

  constructor(context: AgentContext, gone: AbortSignal) {
    this.#context = context;
    this.gone = gone;
  }

  /** Shows the output of commands as that of a terminal: a custom of Zed and others. */
  get hasTerminals(): boolean {
    return this.can._meta?.["terminal_output"] === true;
  }

  /** Resolves once it is on its way: who is slow is waited for. Never rejects. */
  async update(sessionId: string, update: SessionUpdate): Promise<void> {
    if (this.gone.aborted) return;
    const params = { sessionId, update };
    await this.#context.notify("session/update", params).catch(() => {});
  }

  /**
   * The answer as it came, for nobody has looked at it; `signal` takes the question back.
   * Rejects then, when the answer is an error, and when the client is gone.
   */
  async ask<M extends ClientRequestMethod>(
    method: M,
    params: ClientRequestParamsByMethod[M],
    signal: AbortSignal,
  ): Promise<unknown> {
    signal.throwIfAborted();
    return await this.#context.request(method, params, {
      cancellationSignal: signal,
      stopWaitingOnCancel: true,
    });
  }
}
