/** One inference: a request goes out, finished items enter the transcript, calls start. */
import type { ResponseEvent } from "../../model/response_event.ts";
import type { RequestBody } from "../../model/request.ts";
import { ModelError } from "../../protocol/error.ts";
import type { Usage } from "../../protocol/event.ts";
import {
  answerOf,
  type CallView,
  type ItemView,
  viewItem,
  type WireItem,
} from "../../protocol/item.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { unreachable } from "../../util/assert.ts";
import { orAbort } from "../../util/async.ts";
import type { TurnContext } from "./context.ts";
import { ResponseActivities } from "./response_activities.ts";

type ReaderContext = Pick<
  TurnContext,
  "deps" | "state" | "activities" | "emit" | "budget" | "record"
>;
type StartCall = (call: CallView) => void;

type Message = Extract<ItemView, { type: "message" }>;

export interface Sample {
  /** Calls that were committed and started. */
  readonly calls: number;
  /** The message that answers, undefined when there was none. */
  readonly message: Message | undefined;
  /** The server wants another request although nothing was called. */
  readonly needsFollowUp: boolean;
  readonly usage: Usage | null;
  readonly requestId: string | undefined;
  readonly durationMs: number;
  /** Why the response is not complete, where the server cut it off. */
  readonly error?: ModelError;
}

/**
 * Sends one body and reads the response. Throws ModelError when the stream broke or the
 * request was refused: what a finished call had committed stays, the rest is dropped.
 */
export async function sample(
  body: RequestBody,
  context: TurnContext,
  startCall: StartCall,
): Promise<Sample> {
  const reader = new ResponseReader(context, startCall);
  const startedMs = context.deps.host.monotonicMs();
  try {
    const batches = context.deps.model.stream({
      body,
      threadId: context.threadId,
      signal: context.signal,
      onRetry: (notice) => context.emit({ type: "stream.retry", ...notice }),
    });
    for await (const batch of batches) {
      for (const event of batch) reader.take(event);
      // Who does not read holds the server up, and not what it sends in memory.
      await orAbort(context.drained(), context.signal);
    }
    return reader.finish(context.deps.host.monotonicMs() - startedMs);
  } catch (error) {
    reader.drop();
    if (!reader.wasCut || !(error instanceof ModelError)) throw error;
    // Cut off by the server: what the model had written stays, and is paid for.
    const durationMs = context.deps.host.monotonicMs() - startedMs;
    return { ...reader.finish(durationMs), error };
  }
}

/** The state of one response while it streams. */
class ResponseReader {
  readonly #context: ReaderContext;
  readonly #startCall: StartCall;
  readonly #view: ResponseActivities;
  #calls = 0;
  #isFull = false;
  #message: Message | undefined;
  #requestId: string | undefined;
  #completed: (ResponseEvent & { readonly type: "completed" }) | undefined;

  constructor(context: ReaderContext, startCall: StartCall) {
    this.#context = context;
    this.#view = new ResponseActivities(
      context.activities,
      context.emit,
      context.deps.reasoning,
    );
    this.#startCall = startCall;
  }

  take(event: ResponseEvent): void {
    switch (event.type) {
      case "opened":
        this.#requestId = event.requestId;
        return;
      case "item_started":
        return this.#view.begin(event.itemId, event.item);
      case "text_delta":
        return this.#view.text(event.itemId, event.text);
      case "reasoning_delta":
        return this.#view.reasoning(event.itemId, event.text, event.raw);
      case "reasoning_section":
        return this.#view.section(event.itemId);
      case "item_done":
        return this.#hold(event.item);
      case "completed":
        this.#completed = event;
        this.#commit();
        return;
      case "event_lost":
        return this.#warn(
          `Cannot take in all of the response: an event of it was passed over (${event.reason})`,
        );
      case "spent":
        return spend(event.usage, this.#context);
      case "created":
      case "tool_input_delta":
        return;
      default:
        return unreachable(event);
    }
  }

  get wasCut(): boolean {
    return this.#completed?.isCut === true;
  }

  finish(durationMs: number): Sample {
    const completed = this.#completed;
    if (completed === undefined) {
      throw new ModelError(
        "The stream ended before the response was complete",
        {
          kind: "stream",
          retryable: true,
        },
      );
    }
    return {
      calls: this.#calls,
      message: this.#message,
      needsFollowUp: completed.endTurn === false,
      usage: completed.usage,
      requestId: this.#requestId,
      durationMs,
    };
  }

  drop(): void {
    this.#context.state.transcript.dropTail();
    this.#view.withdraw();
  }

  #hold(item: WireItem): void {
    const view = viewItem(item);
    // Outputs are ours to give; one from the server would answer a call twice.
    if (view.type === "output") return;
    if (view.type !== "call") {
      this.#context.state.transcript.hold(item);
      return;
    }
    if (this.#calls >= LIMITS.callsPerResponse) return this.#refuseCall();
    const call = this.#withOwnId(item, view);
    this.#context.state.transcript.hold(call);
    this.#commit();
    this.#calls++;
    const own = viewItem(call);
    if (own.type === "call") this.#startCall(own);
  }

  // Small servers leave the id out or use one twice: of two such calls one would stay
  // without an output.
  #withOwnId(item: WireItem, { callId, form }: CallView): WireItem {
    const { transcript } = this.#context.state;
    const isOpen = transcript.openCalls.some((call) => call.callId === callId);
    const isNamed = callId !== "" && !isOpen;
    if (isNamed && (form === "local_shell" || item["call_id"])) return item;
    const made = `call_${transcript.entries.length}_${this.#calls}`;
    return { ...item, call_id: isNamed ? callId : made };
  }

  // Said once, however many there are.
  #refuseCall(): void {
    if (this.#isFull) return;
    this.#isFull = true;
    this.#warn(
      `Cannot run every tool call of the response: it has more than ${LIMITS.callsPerResponse}`,
    );
  }

  #warn(message: string): void {
    this.#context.emit({ type: "warning", message });
  }

  #commit(): void {
    for (const { item } of this.#context.state.transcript.commitTail()) {
      const view = viewItem(item);
      if (view.type === "message") {
        this.#message = answerOf(this.#message, view);
      }
      this.#view.commit(item, view);
    }
  }
}

// An answer that failed is no answer of the conversation, and is paid for all the same.
function spend(
  usage: Usage,
  { state, budget, record }: ReaderContext,
): void {
  state.spend(usage);
  budget.countUsage(usage);
  record.countUsage(usage);
}
