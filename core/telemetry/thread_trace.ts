/** One thread as spans: the thread, its turns, what shortens its history; requests and calls below. */
import type { ModelClient } from "../model/client.ts";
import type { Event, EventOf, Usage } from "../protocol/event.ts";
import type { ThreadObserver } from "../protocol/thread.ts";
import type { Tool } from "../protocol/tool.ts";
import type { TraceCarrier } from "../protocol/settings.ts";
import { renderOutput } from "./content.ts";
import { recordOf } from "./event_records.ts";
import { carrierOf, parseParent, type Span } from "./sdk.ts";
import { failSpan, type TraceDeps, type TraceScope } from "./trace_scope.ts";
import { traceModel } from "./traced_model.ts";
import { traceTool } from "./traced_tool.ts";
import { AGENT, providerAttributes, usageAttributes } from "./words.ts";

interface OpenTurn {
  readonly span: Span;
  readonly startedMs: number;
  cost: number;
}

export class ThreadTrace implements ThreadObserver, TraceScope {
  readonly deps: TraceDeps;
  readonly threadId: string;
  readonly #thread: Span;
  #asked: TraceCarrier | undefined;
  #turn: OpenTurn | undefined;
  #compaction: Span | undefined;
  #check: Span | undefined;
  #model = "";
  #provider = "";
  /** What the conventions call those of the configuration. */
  readonly #providers = new Map<string, string>();
  #isClosed = false;
  readonly #onClose: () => void;

  constructor(
    deps: TraceDeps,
    threadId: string,
    { run, onClose }: { readonly run: Span; readonly onClose: () => void },
  ) {
    this.deps = deps;
    this.#onClose = onClose;
    this.threadId = threadId;
    this.#thread = deps.sdk.startSpan("thread", {
      parent: run,
      attributes: { "gen_ai.conversation.id": threadId },
    });
  }

  get scope(): Span {
    return this.#compaction ?? this.#check ?? this.#turn?.span ?? this.#thread;
  }

  carrier(): TraceCarrier | undefined {
    return this.carrierOf(this.scope);
  }

  /** The client, each request of which is a span. */
  model(
    client: ModelClient,
    costOf: (usage: Usage) => number | undefined,
  ): ModelClient {
    const { id } = client.provider;
    const { "gen_ai.provider.name": name = id } = providerAttributes(
      client.provider,
    );
    this.#providers.set(id, String(name));
    return traceModel(client, this, costOf);
  }

  /** The tools, each call of which is a span that programs of the call join. */
  tools(tools: readonly Tool[]): readonly Tool[] {
    return tools.map((tool) => traceTool(tool, this));
  }

  carrierOf(span: Span): TraceCarrier | undefined {
    return this.deps.propagates ? carrierOf(span) : undefined;
  }

  addCost(amount: number): void {
    if (this.#turn !== undefined) this.#turn.cost += amount;
  }

  asked(by: TraceCarrier): void {
    this.#asked = by;
  }

  compacting(): () => void {
    const span = this.deps.sdk.startSpan("compaction", {
      parent: this.scope,
      attributes: { "gen_ai.conversation.id": this.threadId },
    });
    this.#compaction = span;
    return () => {
      span.end();
      if (this.#compaction === span) this.#compaction = undefined;
    };
  }

  event(event: Event): void {
    if (this.#isClosed) return;
    const record = recordOf(event, this.deps.contentMax !== undefined);
    switch (event.type) {
      case "thread.started":
        this.#describe(event);
        break;
      case "turn.started":
        this.#startTurn(event);
        break;
      case "settings.changed":
        this.#model = event.settings.model.slug;
        break;
      case "provider.switched":
        this.#model = event.to.model;
        this.#provider = event.to.provider;
        break;
      case "stream.retry":
        this.deps.instruments.retry({
          ...event.status !== undefined && {
            "http.response.status_code": event.status,
          },
        });
        break;
      case "check.started":
        this.#check = this.deps.sdk.startSpan("check", {
          parent: this.scope,
          attributes: { "rondo.check.round": event.round },
        });
        break;
      case "check.completed":
        this.#endCheck(event);
        break;
      case "context.compacted":
        this.#compaction?.setAttributes({
          "rondo.compaction.reason": event.reason,
          "rondo.compaction.tokens_before": event.tokensBefore,
          "rondo.compaction.tokens_after": event.tokensAfter,
        });
    }
    if (record !== undefined) {
      const attributes = {
        "gen_ai.conversation.id": this.threadId,
        ...record.attributes,
      };
      this.deps.sdk.emit({ ...record, attributes, span: this.scope });
    }
    if (event.type === "turn.completed") this.#endTurn(event);
    if (event.type === "thread.closed") this.close(event.failure?.kind);
  }

  /** Ends whatever is still open. */
  close(error?: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#compaction?.end();
    this.#check?.end();
    this.#turn?.span.end();
    if (error !== undefined) failSpan(this.#thread, error);
    this.#thread.end();
    this.#onClose();
  }

  #describe({ settings, provider, sandbox, resumed }: EventOf<
    "thread.started"
  >): void {
    this.#model = settings.model.slug;
    this.#provider = provider;
    this.#thread.setAttributes({
      "rondo.thread.resumed": resumed,
      "rondo.provider": provider,
      "rondo.sandbox.mode": sandbox.mode,
      "rondo.sandbox.backend": sandbox.backend,
    });
  }

  #endCheck({ exitCode, hasPassed }: EventOf<"check.completed">): void {
    const span = this.#check;
    if (span === undefined) return;
    this.#check = undefined;
    if (exitCode !== null) span.setAttribute("process.exit.code", exitCode);
    if (!hasPassed) failSpan(span, "check");
    span.end();
  }

  #startTurn({ turnId, mode }: EventOf<"turn.started">): void {
    const by = this.deps.propagates ? this.#asked : undefined;
    this.#asked = undefined;
    const span = this.deps.sdk.startSpan(`invoke_agent ${AGENT_NAME}`, {
      parent: (by && parseParent(by)) ?? this.#thread,
      attributes: {
        "gen_ai.operation.name": "invoke_agent",
        ...AGENT,
        "gen_ai.conversation.id": this.threadId,
        "gen_ai.request.model": this.#model,
        "gen_ai.provider.name": this.#providers.get(this.#provider) ??
          this.#provider,
        "rondo.turn.id": turnId,
        ...(mode !== undefined && { "rondo.turn.mode": mode }),
      },
    });
    const startedMs = this.deps.host.monotonicMs();
    this.#turn = { span, startedMs, cost: 0 };
  }

  #endTurn({ outcome, usage }: EventOf<"turn.completed">): void {
    const turn = this.#turn;
    if (turn === undefined) return;
    this.#turn = undefined;
    // It was cut off in the middle.
    this.#check?.end();
    this.#check = undefined;
    const { span, startedMs, cost } = turn;
    const { contentMax } = this.deps;
    span.setAttributes({
      "rondo.turn.outcome": outcome.type,
      ...usageAttributes(usage),
      ...(cost > 0 && { "rondo.cost": cost }),
      ...(contentMax !== undefined && outcome.type === "done" &&
        renderOutput(outcome.message, contentMax)),
    });
    const error = outcome.type === "failed" ? outcome.error.kind : undefined;
    const { instruments, host } = this.deps;
    const seconds = (host.monotonicMs() - startedMs) / 1_000;
    instruments.turn(seconds, {
      "gen_ai.agent.name": AGENT_NAME,
      ...(error !== undefined && { "error.type": error }),
    });
    if (error !== undefined) {
      failSpan(span, error);
      const operation = { "gen_ai.operation.name": "invoke_agent" };
      instruments.error({ ...operation, "error.type": error });
    }
    span.end();
  }
}

const AGENT_NAME = String(AGENT["gen_ai.agent.name"]);
