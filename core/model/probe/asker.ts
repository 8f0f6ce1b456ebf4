/** Sends the small requests of a probe, one after the other, within their number and time. */
import { ModelError } from "../../protocol/error.ts";
import type { Usage } from "../../protocol/event.ts";
import type { Host } from "../../protocol/host.ts";
import { type CallView, viewItem, type WireItem } from "../../protocol/item.ts";
import { LIMITS } from "../../protocol/limits.ts";
import type { RateLimit } from "../../protocol/provider.ts";
import { createModelClient, type ModelClient } from "../client.ts";
import type { TransportOptions } from "../transport.ts";

/** An answer that came, whatever is in it. */
export interface ProbeAnswer {
  readonly ok: true;
  readonly text: string;
  readonly items: readonly WireItem[];
  readonly calls: readonly CallView[];
  readonly usage: Usage | null;
  /** As it came over the wire, its beginning. */
  readonly raw: string;
}

/** A request that failed. */
export interface ProbeFailure {
  readonly ok: false;
  /** Whether the server said no to what was asked; else it could not be asked. */
  readonly isRefusal: boolean;
  readonly error: ModelError;
}

export type Asked = ProbeAnswer | ProbeFailure;

/** What is said of a request that is not sent any more. */
const OVER = "the time or the number of requests was up";

/** Asks one provider; never throws what the provider did. */
export class Asker {
  readonly wireApi: "responses" | "chat";
  readonly #options: TransportOptions;
  readonly #client: ModelClient;
  readonly #meter: Meter;
  #raw = "";

  constructor(
    options: TransportOptions,
    meter: Meter,
    wireApi: "responses" | "chat",
  ) {
    this.wireApi = wireApi;
    this.#meter = meter;
    this.#options = options;
    const provider = {
      ...options.provider,
      wireApi,
      requestRetries: Math.min(1, options.provider.requestRetries),
      waitMaxMs: Math.min(LIMITS.probeWaitMs, options.provider.waitMaxMs),
    };
    const host = { ...options.host, fetch: this.#fetch.bind(this) };
    this.#client = createModelClient({ ...options, provider, host });
  }

  get rateLimits(): readonly RateLimit[] {
    return this.#client.rateLimits?.() ?? [];
  }

  /** Whether the server named this field of a request, and it was left out. */
  hasRefused(field: string): boolean {
    return this.#client.refusedFields?.().has(field) ?? false;
  }

  /** One whole answer. */
  async ask(body: string): Promise<Asked> {
    return await this.#within(async (signal) => {
      const items: WireItem[] = [];
      let usage: Usage | null = null;
      let written = "";
      try {
        for await (
          const batch of this.#client.stream(this.#ask(body, signal))
        ) {
          for (const event of batch) {
            if (event.type === "text_delta") written += event.text;
            if (event.type === "completed") usage = event.usage;
            if (event.type === "item_done") items.push(event.item);
          }
        }
      } catch (error) {
        // Cut off at its length: it was taken all the same.
        const isCut = error instanceof ModelError &&
          error.kind === "incomplete";
        if (!isCut) throw error;
      }
      const views = items.map(viewItem);
      const texts = views.flatMap((view) =>
        view.type === "message" ? [view.text] : []
      );
      return {
        ok: true,
        text: texts.join("\n") || written,
        items,
        calls: views.filter((view) => view.type === "call"),
        usage,
        raw: this.#raw,
      };
    });
  }

  /** `POST /responses/compact`. */
  async compact(body: string): Promise<Asked> {
    return await this.#within(async (signal) => {
      const { items, usage } = await this.#client.compact(
        this.#ask(body, signal),
      );
      return { ok: true, text: "", items, calls: [], usage, raw: this.#raw };
    });
  }

  /** Leaves an answer after its first event; whether there was one to leave. */
  async leave(body: string): Promise<Asked | "too short"> {
    let isLeft = false;
    const asked = await this.#within(async (signal) => {
      const stop = new AbortController();
      const whole = AbortSignal.any([signal, stop.signal]);
      try {
        for await (const batch of this.#client.stream(this.#ask(body, whole))) {
          if (batch.every(({ type }) => type === "opened")) continue;
          isLeft = !batch.some(({ type }) => type === "completed");
          if (isLeft) break;
        }
      } finally {
        stop.abort();
      }
      return { ok: true, text: "", items: [], calls: [], usage: null, raw: "" };
    });
    return asked.ok && !isLeft ? "too short" : asked;
  }

  #ask(
    body: string,
    signal: AbortSignal,
  ): Parameters<ModelClient["stream"]>[0] {
    return { body, threadId: "probe", signal };
  }

  async #within(
    run: (signal: AbortSignal) => Promise<ProbeAnswer>,
  ): Promise<Asked> {
    const { host } = this.#options;
    if (this.#meter.isOver) return over();
    const tooLate = new AbortController();
    const done = new AbortController();
    const ms = this.#meter.requestMs;
    host.sleep(ms, done.signal).then(
      () => tooLate.abort(lateError(ms)),
      () => {},
    );
    try {
      return await run(tooLate.signal);
    } catch (error) {
      if (!(error instanceof ModelError)) throw error;
      return { ok: false, error, isRefusal: isRefusal(error) };
    } finally {
      done.abort();
    }
  }

  async #fetch(...request: Parameters<typeof fetch>): Promise<Response> {
    if (this.#meter.isOver) throw over().error;
    this.#meter.count++;
    this.#raw = "";
    const response = await this.#options.host.fetch(...request);
    if (!response.ok || response.body === null) return response;
    const decoder = new TextDecoder();
    const watched = response.body.pipeThrough(
      new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
        transform: (bytes, controller) => {
          if (this.#raw.length < LIMITS.probeRawChars) {
            this.#raw += decoder.decode(bytes, { stream: true });
          }
          controller.enqueue(bytes);
        },
      }),
    );
    const { status, statusText, headers } = response;
    return new Response(watched, { status, statusText, headers });
  }
}

/** Counts what a probe has spent. */
export class Meter {
  count = 0;
  readonly #host: Pick<Host, "monotonicMs">;
  readonly #startedMs: number;

  constructor(host: Pick<Host, "monotonicMs">) {
    this.#host = host;
    this.#startedMs = host.monotonicMs();
  }

  get spentMs(): number {
    return Math.round(this.#host.monotonicMs() - this.#startedMs);
  }

  get isOver(): boolean {
    return this.count >= LIMITS.probeRequests ||
      this.spentMs >= LIMITS.probeWholeMs;
  }

  /** For the next request. */
  get requestMs(): number {
    return Math.max(
      1,
      Math.min(LIMITS.probeRequestMs, LIMITS.probeWholeMs - this.spentMs),
    );
  }
}

function over(): ProbeFailure {
  const error = new ModelError(`Not asked: ${OVER}`, {
    kind: "timeout",
    retryable: false,
  });
  return { ok: false, error, isRefusal: false };
}

function lateError(ms: number): ModelError {
  return new ModelError(`no whole answer in ${Math.ceil(ms / 1_000)} s`, {
    kind: "timeout",
    retryable: false,
  });
}

// A key that is wrong, a busy or broken server say nothing of what it takes.
function isRefusal({ kind, status = 0 }: ModelError): boolean {
  if (kind === "invalid_request" || kind === "context_window") return true;
  return kind === "http" && [404, 405, 406, 415, 501].includes(status);
}
