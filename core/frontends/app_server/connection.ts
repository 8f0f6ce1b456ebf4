/** One client: its lines in, ours out, and the questions that wait for its answers. */
import type { Host } from "../../protocol/host.ts";
import { LIMITS } from "../../protocol/limits.ts";
import type { TerminalOutput } from "../../protocol/terminal.ts";
import { parseJson } from "../../util/json/json.ts";
import { encodeJsonLine } from "../../util/json/jsonl.ts";
import type { TraceCarrier } from "../../protocol/settings.ts";
import { type ByteSource, linesOf } from "../wire/lines.ts";
import { parseTrace } from "../wire/trace.ts";
import {
  ClientMessage,
  refusal,
  renderError,
  type RequestId,
  RPC,
  RpcError,
} from "./rpc.ts";

/** The two directions of a client's stream. */
export interface ClientStream {
  readonly input: ByteSource;
  readonly output: Pick<TerminalOutput, "write" | "pendingBytes" | "flush">;
  /** Ends both directions. */
  readonly close: () => void;
}

/** A request on its way to its answer. */
export interface Call {
  readonly connection: Connection;
  readonly method: string;
  readonly params: unknown;
  /** The client's span (`trace`, as Codex has it). */
  readonly trace: TraceCarrier | undefined;
  /** Answers now; what the handler does afterwards comes behind the answer. */
  readonly respond: (result: unknown) => void;
}

/** What a client has said of itself. */
interface ClientFacts {
  readonly name: string;
  readonly version: string;
  readonly isExperimental: boolean;
  /** Notifications that it does not want. */
  readonly unwanted: ReadonlySet<string>;
}

interface ConnectionOptions {
  readonly host: Pick<Host, "sleep">;
  readonly stream: ClientStream;
  /** Resolves to the result. Throws what `renderError` makes an error of. */
  readonly handle: (call: Call) => Promise<unknown>;
}

export class Connection {
  readonly #options: ConnectionOptions;
  readonly #asked = new Map<RequestId, PromiseWithResolvers<unknown>>();
  readonly #gone = new AbortController();
  #facts: ClientFacts | undefined;
  #lastId = 0;
  #running = 0;
  #wake: (() => void) | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  get facts(): ClientFacts | undefined {
    return this.#facts;
  }

  /** Takes what `initialize` says. Throws RpcError the second time. */
  introduce(facts: ClientFacts): void {
    if (this.#facts !== undefined) throw refusal("Already initialized");
    this.#facts = facts;
  }

  /** Aborted once the client has left or reads no more. */
  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  notify(method: string, params: unknown): void {
    if (this.#facts === undefined || this.#facts.unwanted.has(method)) return;
    this.#send({ method, params });
  }

  /**
   * Asks the client something; `settled` takes the question back. Rejects when it is
   * taken back, answered with an error, or the client is gone.
   */
  async ask(
    method: string,
    params: unknown,
    settled: AbortSignal,
    onId: (id: RequestId) => void,
  ): Promise<unknown> {
    const signal = AbortSignal.any([settled, this.gone]);
    signal.throwIfAborted();
    const id = this.#lastId++;
    const answer = Promise.withResolvers<unknown>();
    const stop = (): void => answer.reject(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
    this.#asked.set(id, answer);
    onId(id);
    this.#send({ method, id, params });
    try {
      return await answer.promise;
    } finally {
      signal.removeEventListener("abort", stop);
      this.#asked.delete(id);
    }
  }

  /** Waits for a slow client; one that takes nothing any more is given up. */
  async caughtUp(): Promise<void> {
    const { output } = this.#options.stream;
    if (output.pendingBytes <= LIMITS.outputPendingBytes) return;
    const flushing = output.flush({ timeoutMs: LIMITS.outputFlushMs });
    const isRead = await Promise.race([
      flushing,
      new Promise<true>((resolve) => {
        this.gone.addEventListener("abort", () => resolve(true), {
          once: true,
        });
      }),
    ]);
    if (!isRead) this.leave();
  }

  /** Serves to the end of what the client says. Never rejects. */
  async run(): Promise<void> {
    const lines = linesOf(this.#options.stream.input, {
      lineBytesMax: LIMITS.appServerLineBytes,
    });
    try {
      for await (const line of lines) {
        if (this.gone.aborted) break;
        this.#take(line);
        await this.caughtUp();
        while (this.#running >= LIMITS.appServerRequests) await this.#oneDone();
      }
    } catch (error) {
      if (error instanceof RangeError) {
        this.#fail(null, new RpcError(RPC.parse, error.message));
      }
    }
    await this.#finish();
    this.leave();
  }

  // What was asked before the end of its input is answered, if that takes no time.
  async #finish(): Promise<void> {
    const timeoutMs = LIMITS.outputFlushStoppedMs;
    const isOver = this.#options.host.sleep(timeoutMs, this.gone)
      .then(() => true, () => true);
    while (this.#running > 0) {
      if (await Promise.race([isOver, this.#oneDone()])) break;
    }
    await this.#options.stream.output.flush({ timeoutMs });
  }

  /** Ends it from our side, or notes that it has ended. */
  leave(): void {
    if (this.gone.aborted) return;
    this.#gone.abort(new DOMException("The client has left", "AbortError"));
    this.#wake?.();
    this.#options.stream.close();
  }

  #take(line: string): void {
    const value = parseJson(line);
    if (value === undefined) {
      const error = new RpcError(RPC.parse, "Cannot read the line: no JSON");
      return this.#fail(null, error);
    }
    const parsed = ClientMessage.safeParse(value);
    if (!parsed.success) {
      const words =
        "Cannot take the message: it is no request, notification or response";
      return this.#fail(null, refusal(words));
    }
    const message = parsed.data;
    if (typeof message["method"] === "string") {
      const { id, ...request } = message as {
        readonly method: string;
        readonly id?: RequestId;
        readonly params?: unknown;
        readonly trace?: unknown;
      };
      // "initialized" is the only notification there is; others are nobody's.
      if (id !== undefined) void this.#answer(id, request);
      return;
    }
    const asked = this.#asked.get(message["id"] as RequestId);
    if (asked === undefined) return;
    if (message["error"] === undefined) asked.resolve(message["result"]);
    else asked.reject(new Error("The client could not answer"));
  }

  async #answer(
    id: RequestId,
    { method, params, trace }: {
      readonly method: string;
      readonly params?: unknown;
      readonly trace?: unknown;
    },
  ): Promise<void> {
    let isAnswered = false;
    const respond = (result: unknown): void => {
      if (isAnswered) return;
      isAnswered = true;
      this.#send({ id, result });
    };
    this.#running++;
    try {
      const call = { connection: this, method, params, respond };
      const by = parseTrace(trace);
      respond(await this.#options.handle({ ...call, trace: by }) ?? {});
    } catch (error) {
      if (!isAnswered) this.#fail(id, error);
    } finally {
      this.#running--;
      this.#wake?.();
    }
  }

  async #oneDone(): Promise<false> {
    if (this.gone.aborted) return false;
    await new Promise<void>((resolve) => this.#wake = resolve);
    this.#wake = undefined;
    return false;
  }

  #fail(id: RequestId | null, error: unknown): void {
    this.#send({ id, error: renderError(error) });
  }

  #send(message: unknown): void {
    if (this.gone.aborted) return;
    const { output } = this.#options.stream;
    if (!output.write(encodeJsonLine(message))) this.leave();
  }
}
