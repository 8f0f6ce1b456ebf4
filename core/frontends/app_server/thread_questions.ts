/** What a thread asks the clients that follow it: approvals, and values for servers. */
import { errorText } from "../../protocol/error.ts";
import type { EventOf } from "../../protocol/event.ts";
import type { FormAnswer, FormRequest } from "../../protocol/form.ts";
import type { Host } from "../../protocol/host.ts";
import type { Decision } from "../../protocol/policy.ts";
import type { Thread } from "../../protocol/thread.ts";
import { Questions } from "./asking.ts";
import type { Connection } from "./connection.ts";
import {
  buildApproval,
  buildElicitation,
  type ClientQuestion,
} from "./words/approvals.ts";
import type { ThreadWords } from "./words/notifications.ts";

interface ThreadQuestionsOptions {
  readonly host: Pick<Host, "newId" | "sleep">;
  readonly thread: Thread;
  readonly words: ThreadWords;
  /** Those who follow it now. */
  readonly clients: ReadonlySet<Connection>;
}

export class ThreadQuestions {
  readonly #options: ThreadQuestionsOptions;
  readonly #questions: Questions;
  readonly #asked = new Map<string, AbortController>();

  constructor(options: ThreadQuestionsOptions) {
    this.#options = options;
    this.#questions = new Questions(options.host, options.thread.id);
  }

  /** Puts what is open to a client that has come later. */
  join(client: Connection): void {
    this.#questions.join(client);
  }

  /** Asks about an action; where nobody answers, the answer is no. Never rejects. */
  async approve(
    { approvalId, request, at }: EventOf<"approval.requested">,
  ): Promise<void> {
    const { thread, words } = this.#options;
    const activity = words.activities.about(request);
    const question = buildApproval(request, {
      threadId: thread.id,
      turnId: words.turn?.id ?? "",
      itemId: activity === undefined ? approvalId : words.itemId(activity.id),
      startedAtMs: Date.parse(at),
    }, activity);
    const stop = new AbortController();
    this.#asked.set(approvalId, stop);
    const decision = await this.#ask(question, stop.signal).catch(
      (error): Decision => ({ type: "deny", message: errorText(error) }),
    );
    this.#asked.delete(approvalId);
    // One that was settled elsewhere, or is over with its turn, must not end the next.
    if (stop.signal.aborted) return;
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

  /** Asks for what a server wants to know of the person. Never rejects. */
  async elicit(form: FormRequest, signal: AbortSignal): Promise<FormAnswer> {
    const { thread, words, host } = this.#options;
    const question = buildElicitation(form, {
      threadId: thread.id,
      turnId: words.turn?.id ?? null,
      elicitationId: host.newId(),
    });
    return await this.#ask(question, signal).catch(
      (): FormAnswer => ({ action: "cancel" }),
    );
  }

  async #ask<T>(
    { method, params, read }: ClientQuestion<T>,
    signal: AbortSignal,
  ): Promise<T> {
    const { clients } = this.#options;
    return read(
      await this.#questions.ask(method, params, { clients, signal }),
    );
  }
}
