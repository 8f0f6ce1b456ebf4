/** The threads that are open for clients. */
import type { Host } from "../../protocol/host.ts";
import { LIMITS } from "../../protocol/limits.ts";
import type { Connection } from "./connection.ts";
import { refusal } from "./rpc.ts";
import { ServedThread } from "./served_thread.ts";
import type { ClientThread, Elicit } from "./services.ts";

type OpenThread = (elicit: Elicit) => Promise<ClientThread>;

export class ServedThreads {
  readonly #host: Pick<Host, "newId" | "now" | "sleep">;
  readonly #threads = new Map<string, ServedThread>();
  /** Recorded threads on their way: two clients must not both open one. */
  readonly #opening = new Map<string, Promise<ServedThread>>();
  #isClosed = false;

  constructor(host: Pick<Host, "newId" | "now" | "sleep">) {
    this.#host = host;
  }

  get ids(): readonly string[] {
    return [...this.#threads.keys()];
  }

  find(threadId: string): ServedThread | undefined {
    return this.#threads.get(threadId);
  }

  /** Throws RpcError when it is not open. */
  need(threadId: string): ServedThread {
    const thread = this.#threads.get(threadId);
    if (thread?.isClosing === false) return thread;
    throw refusal(
      `Cannot find thread ${threadId}: it is not open, must be one that was started, resumed or forked here`,
    );
  }

  /** Opens a new one for a client. */
  async open(open: OpenThread, client: Connection): Promise<ServedThread> {
    if (this.#threads.size + this.#opening.size >= LIMITS.appServerThreads) {
      throw refusal(
        `Cannot open the thread: ${LIMITS.appServerThreads} are open, must be fewer: unsubscribe from one`,
      );
    }
    const made: { served?: ServedThread } = {};
    const opened = await open(async (form, signal) =>
      await made.served?.elicit(form, signal) ?? { action: "cancel" }
    );
    const served = new ServedThread({
      open: opened,
      host: this.#host,
      onClosed: (thread) => void this.#threads.delete(thread.id),
    });
    made.served = served;
    this.#threads.set(served.id, served);
    if (this.#isClosed || client.gone.aborted) {
      served.close();
      throw refusal("Cannot open the thread: the client has left");
    }
    return served;
  }

  /** The open one of that id, or it is opened; asked for twice it opens once. */
  async reopen(
    threadId: string,
    open: OpenThread,
    client: Connection,
  ): Promise<ServedThread> {
    const there = this.#threads.get(threadId);
    if (there?.isClosing === false) return there;
    // It gives its log back first.
    await there?.closed;
    const opening = this.#opening.get(threadId) ?? this.open(open, client)
      .finally(() => this.#opening.delete(threadId));
    this.#opening.set(threadId, opening);
    return await opening;
  }

  /** A client has vanished. */
  drop(client: Connection): void {
    for (const thread of [...this.#threads.values()]) thread.drop(client);
  }

  /** Ends all of them; resolves when their logs are on the disk, or after the time for that. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.allSettled(this.#opening.values());
    const threads = [...this.#threads.values()];
    for (const thread of threads) thread.close();
    const over = new AbortController();
    await Promise.race([
      Promise.all(threads.map(({ closed }) => closed)),
      this.#host.sleep(LIMITS.threadCloseMs, over.signal).catch(() => {}),
    ]);
    over.abort();
  }
}
