/** What a thread asks of the person, put to the client. */
import type { ToolCallUpdate } from "@agentclientprotocol/sdk";
import { errorText } from "../../protocol/error.ts";
import type { EventOf } from "../../protocol/event.ts";
import { LIMITS } from "../../protocol/limits.ts";
import type { Decision } from "../../protocol/policy.ts";
import type { Client } from "./client.ts";
import type { AcpHost, AcpThread } from "./services.ts";
import { buildPermission } from "./words/permissions.ts";
import type { SessionUpdates } from "./words/updates.ts";

interface QuestionsPlace {
  readonly open: Pick<AcpThread, "thread">;
  readonly client: Client;
  readonly host: Pick<AcpHost, "sleep">;
}

export class SessionQuestions {
  readonly #place: QuestionsPlace;
  readonly #updates: SessionUpdates;
  /** What waits, by its approval. */
  readonly #asked = new Map<string, AbortController>();

  constructor(place: QuestionsPlace, updates: SessionUpdates) {
    this.#place = place;
    this.#updates = updates;
  }

  /** Asks about an action; where nobody answers, the answer is no. Never rejects. */
  async approve(
    { approvalId, request }: EventOf<"approval.requested">,
  ): Promise<void> {
    const { client, open: { thread } } = this.#place;
    const activity = this.#updates.activities.about(request);
    const toolCallId = activity === undefined
      ? approvalId
      : this.#updates.callId(activity.id);
    const { params, read } = buildPermission(request, toolCallId, activity);
    const stop = new AbortController();
    this.#asked.set(approvalId, stop);
    // A question is about a call that the client has seen.
    if (activity === undefined) {
      await this.#show({ ...params.toolCall, title: request.title });
    }
    const decision = await client.ask("session/request_permission", {
      sessionId: thread.id,
      ...params,
    }, this.#inTime(stop.signal)).then(
      read,
      (error): Decision => ({ type: "deny", message: errorText(error) }),
    );
    const isOver = stop.signal.aborted;
    stop.abort();
    this.#asked.delete(approvalId);
    if (activity === undefined) {
      const isAllowed = decision.type.startsWith("approve");
      const status = isAllowed ? "completed" : "failed";
      await client.update(thread.id, {
        sessionUpdate: "tool_call_update",
        toolCallId,
        status,
      });
    }
    // One that was settled elsewhere, or is over with its turn, must not end the next.
    if (isOver) return;
    thread.submit({ type: "approval.decide", approvalId, decision });
  }

  /** The thread has settled it. */
  settled(approvalId: string): void {
    this.#asked.get(approvalId)?.abort();
  }

  /** The turn is over, and with it what it asks. */
  stop(): void {
    for (const stop of this.#asked.values()) stop.abort();
  }

  async #show(
    { toolCallId, title, kind, status, content }: ToolCallUpdate,
  ): Promise<void> {
    const { client, open: { thread } } = this.#place;
    await client.update(thread.id, {
      sessionUpdate: "tool_call",
      toolCallId,
      title: title ?? "",
      ...(kind && { kind }),
      ...(status && { status }),
      ...(content && { content }),
    });
  }

  #inTime(signal: AbortSignal): AbortSignal {
    const late = new AbortController();
    const { host } = this.#place;
    host.sleep(LIMITS.appServerAnswerMs, signal)
      .then(() => late.abort(new Error("No answer came in time")), () => {});
    return AbortSignal.any([signal, late.signal]);
  }
}
