/** A model client whose requests are spans. */
import type { ModelClient } from "../model/client.ts";
import { bodyText } from "../model/request.ts";
import type { ResponseEvent } from "../model/response_event.ts";
import type { ModelRequest } from "../model/transport.ts";
import type { Usage } from "../protocol/event.ts";
import { viewItem, type WireItem } from "../protocol/item.ts";
import { renderInput, renderItems } from "./content.ts";
import type { Attributes, Span } from "./sdk.ts";
import { failSpan, type TraceScope } from "./trace_scope.ts";
import { providerAttributes, usageAttributes } from "./words.ts";

type CostOf = (usage: Usage) => number | undefined;

/** The same client. What it is asked for, and what it answers, stays as it is. */
export function traceModel(
  client: ModelClient,
  trace: TraceScope,
  costOf: CostOf,
): ModelClient {
  const begin = (request: ModelRequest, operation: string): RequestTrace =>
    new RequestTrace(trace, {
      place: providerAttributes(client.provider),
      operation,
      request,
      costOf,
      isTold: client.provider.sendsTraceContext ?? false,
    });
  return {
    ...client,
    stream: (request) => {
      const traced = begin(request, "chat");
      return traced.follow(client.stream(traced.request));
    },
    compact: async (request) => {
      const traced = begin(request, "compact");
      try {
        const result = await client.compact(traced.request);
        traced.used(result.usage);
        return result;
      } catch (error) {
        traced.failed(error);
        throw error;
      } finally {
        traced.end();
      }
    },
  };
}

interface RequestFacts {
  readonly place: Attributes;
  readonly operation: string;
  readonly request: ModelRequest;
  readonly costOf: CostOf;
  /** Whether the provider is told which span it works under. */
  readonly isTold: boolean;
}

/** The span of one request, its retries included. */
class RequestTrace {
  readonly request: ModelRequest;
  readonly #trace: TraceScope;
  readonly #costOf: CostOf;
  readonly #span: Span;
  readonly #startedMs: number;
  /** Of the metrics as well. */
  readonly #common: Attributes;
  #outcome: Attributes = {};
  #retries = 0;
  #isHeard = false;
  #items: WireItem[] = [];
  #finish = "stop";

  constructor(trace: TraceScope, facts: RequestFacts) {
    const { sdk, host, contentMax } = trace.deps;
    const { operation, place, request } = facts;
    const model = modelOf(request.body);
    this.#trace = trace;
    this.#costOf = facts.costOf;
    this.#startedMs = host.monotonicMs();
    this.#common = {
      "gen_ai.operation.name": operation,
      ...place,
      "gen_ai.request.model": model,
    };
    this.#span = sdk.startSpan(`${operation} ${model}`.trim(), {
      parent: trace.scope,
      isClient: true,
      attributes: {
        ...this.#common,
        "gen_ai.conversation.id": trace.threadId,
        ...(operation === "chat" && { "gen_ai.request.stream": true }),
        ...(contentMax !== undefined &&
          renderInput(bodyText(request.body), contentMax)),
      },
    });
    const headers = facts.isTold ? trace.carrierOf(this.#span) : undefined;
    this.request = {
      ...request,
      ...(headers !== undefined && { headers: { ...headers } }),
      onRetry: (notice): void => {
        this.#retries++;
        request.onRetry?.(notice);
      },
    };
  }

  async *follow(
    batches: AsyncIterable<readonly ResponseEvent[]>,
  ): AsyncGenerator<readonly ResponseEvent[]> {
    try {
      for await (const batch of batches) {
        for (const event of batch) this.#take(event);
        yield batch;
      }
    } catch (error) {
      this.failed(error);
      throw error;
    } finally {
      this.end();
    }
  }

  used(usage: Usage | null): void {
    if (usage === null) return;
    const { instruments } = this.#trace.deps;
    this.#span.setAttributes(usageAttributes(usage));
    instruments.tokens(usage, this.#common);
    const cost = this.#costOf(usage);
    if (cost === undefined) return;
    this.#span.setAttribute("rondo.cost", cost);
    this.#trace.addCost(cost);
    instruments.cost(cost, this.#common);
  }

  failed(error: unknown): void {
    this.#outcome = failSpan(this.#span, error);
    this.#trace.deps.instruments.error({ ...this.#common, ...this.#outcome });
  }

  end(): void {
    const { instruments, host, contentMax } = this.#trace.deps;
    if (this.#retries > 0) {
      this.#span.setAttribute("rondo.request.retries", this.#retries);
    }
    if (contentMax !== undefined && this.#items.length > 0) {
      this.#span.setAttributes(
        renderItems(this.#items, this.#finish, contentMax),
      );
    }
    this.#span.end();
    instruments.request((host.monotonicMs() - this.#startedMs) / 1_000, {
      ...this.#common,
      ...this.#outcome,
    });
  }

  #take(event: ResponseEvent): void {
    switch (event.type) {
      case "opened":
        if (event.requestId !== undefined) {
          this.#span.setAttribute("rondo.request.id", event.requestId);
        }
        return;
      case "item_done":
        if (viewItem(event.item).type === "call") this.#finish = "tool_call";
        if (this.#trace.deps.contentMax !== undefined) {
          this.#items.push(event.item);
        }
        return;
      case "spent":
        return this.used(event.usage);
      case "completed":
        return this.#complete(event);
      default:
        return this.#hear();
    }
  }

  #complete(event: ResponseEvent & { readonly type: "completed" }): void {
    const { model } = event;
    if (event.isCut) this.#finish = "length";
    this.#outcome = {
      ...(model !== undefined && { "gen_ai.response.model": model }),
    };
    this.#span.setAttributes({
      ...this.#outcome,
      "gen_ai.response.finish_reasons": [this.#finish],
    });
    this.used(event.usage);
  }

  #hear(): void {
    if (this.#isHeard) return;
    this.#isHeard = true;
    const ms = this.#trace.deps.host.monotonicMs() - this.#startedMs;
    this.#span.setAttribute("gen_ai.response.time_to_first_chunk", ms / 1_000);
  }
}

// It stands first in every body.
function modelOf(body: ModelRequest["body"]): string {
  const start = typeof body === "string"
    ? body.slice(0, 500)
    : new TextDecoder().decode(body.subarray(0, 500));
  const [, text] = /^\{"model":("(?:[^"\\]|\\.)*")/.exec(start) ?? [];
  return text === undefined ? "" : JSON.parse(text);
}
