/** Questions to the clients of a thread: all are asked, the first answer counts. */
import type { Host } from "../../protocol/host.ts";
import { LIMITS } from "../../protocol/limits.ts";
import type { Connection } from "./connection.ts";
import type { RequestId } from "./rpc.ts";

interface Question {
  readonly method: string;
  readonly params: unknown;
  readonly settled: AbortController;
  readonly answer: PromiseWithResolvers<unknown>;
  /** By client: the id under which it was asked. */
  readonly ids: Map<Connection, RequestId>;
  /** Clients that may still answer. */
  left: number;
}

export class Questions {
  readonly #host: Pick<Host, "sleep">;
  readonly #threadId: string;
  readonly #open = new Set<Question>();

  constructor(host: Pick<Host, "sleep">, threadId: string) {
    this.#host = host;
    this.#threadId = threadId;
  }

  /** Rejects when `signal` takes it back, nobody is left to answer, or the time is over. */
  async ask(
    method: string,
    params: unknown,
    { clients, signal }: {
      readonly clients: Iterable<Connection>;
      readonly signal: AbortSignal;
    },
  ): Promise<unknown> {
    signal.throwIfAborted();
    const question: Question = {
      method,
      params,
      settled: new AbortController(),
      answer: Promise.withResolvers(),
      ids: new Map(),
      left: 0,
    };
    this.#open.add(question);
    for (const client of clients) this.#put(question, client);
    if (question.left === 0) question.answer.reject(nobody());
    const stop = (): void => question.answer.reject(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
    this.#host.sleep(LIMITS.appServerAnswerMs, question.settled.signal).then(
      () => question.answer.reject(new Error("No answer came in time")),
      () => {},
    );
    try {
      return await question.answer.promise;
    } finally {
      signal.removeEventListener("abort", stop);
      this.#open.delete(question);
      question.settled.abort();
      for (const [client, requestId] of question.ids) {
        const threadId = this.#threadId;
        client.notify("serverRequest/resolved", { threadId, requestId });
      }
    }
  }

  /** Puts what is open to a client that has come later. */
  join(client: Connection): void {
    for (const question of this.#open) this.#put(question, client);
  }

  #put(question: Question, client: Connection): void {
    const { method, params, settled, answer, ids } = question;
    if (client.gone.aborted) return;
    question.left++;
    client.ask(
      method,
      params,
      settled.signal,
      (id) => void ids.set(client, id),
    )
      .then(answer.resolve, () => {
        if (--question.left === 0) answer.reject(nobody());
      });
  }
}

function nobody(): Error {
  return new Error("No client is there to answer");
}
