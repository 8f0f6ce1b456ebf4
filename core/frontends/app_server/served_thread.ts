/** One open thread and the clients that follow it. */
import type { Event, EventOf } from "../../protocol/event.ts";
import type { FormAnswer, FormRequest } from "../../protocol/form.ts";
import type { Host } from "../../protocol/host.ts";
import type { TurnSettings } from "../../protocol/settings.ts";
import type { Connection } from "./connection.ts";
import { refusal } from "./rpc.ts";
import type { ClientThread } from "./services.ts";
import { ThreadQuestions } from "./thread_questions.ts";
import { ThreadTurns } from "./thread_turns.ts";
import type { Notification } from "./words/item_words.ts";
import { ThreadWords } from "./words/notifications.ts";
import {
  collaborationView,
  settingsView,
  threadSettingsView,
} from "./words/settings_view.ts";
import { type ThreadFacts, threadView } from "./words/thread_view.ts";

interface ServedThreadOptions {
  readonly open: ClientThread;
  readonly host: Pick<Host, "newId" | "now" | "sleep">;
  readonly onClosed: (thread: ServedThread) => void;
}

export class ServedThread {
  readonly open: ClientThread;
  readonly words: ThreadWords;
  readonly turns: ThreadTurns;
  readonly #options: ServedThreadOptions;
  readonly #clients = new Set<Connection>();
  readonly #questions: ThreadQuestions;
  readonly #ready = Promise.withResolvers<EventOf<"thread.started">>();
  readonly #shown = Promise.withResolvers<void>();
  readonly #closed = Promise.withResolvers<void>();
  #settings: TurnSettings | undefined;
  #facts: ThreadFacts;
  #isLeaving = false;
  #isClosing = false;

  constructor(options: ServedThreadOptions) {
    const { open, host } = options;
    const { thread, usage } = open;
    this.open = open;
    this.#options = options;
    this.#facts = open.facts;
    const words = new ThreadWords(thread.id, host.newId().slice(-8), usage);
    this.words = words;
    const clients = this.#clients;
    this.#questions = new ThreadQuestions({ host, thread, words, clients });
    this.turns = new ThreadTurns({
      host,
      thread,
      words,
      tell: (notes) => this.#tell(notes),
    });
    void this.#pump();
  }

  get id(): string {
    return this.open.thread.id;
  }

  /** Resolves when it has ended and its log is on the disk. */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  get facts(): ThreadFacts {
    return this.#facts;
  }

  /** The thread as clients see it. */
  view(turns: readonly unknown[] = []): Record<string, unknown> {
    const settings = this.#settings;
    return threadView(this.facts, {
      status: this.words.status,
      turns,
      ...(settings !== undefined && { settings }),
    });
  }

  /** The answer of a method that opens it. Rejects when it closes before. */
  async opened(
    turns: readonly unknown[] = [],
  ): Promise<Record<string, unknown>> {
    const { settings, ...started } = await this.#ready.promise;
    return {
      thread: this.view(turns),
      ...settingsView(this.#settings ?? settings, started),
    };
  }

  /** The mode that was chosen; null before it is known. */
  get collaborationMode(): Record<string, unknown> | null {
    return this.#settings === undefined
      ? null
      : collaborationView(this.#settings);
  }

  /** Lets events out: not before the answer that tells of the thread. */
  show(): void {
    this.#shown.resolve();
  }

  subscribe(client: Connection): void {
    if (this.#clients.has(client) || client.gone.aborted) return;
    this.#clients.add(client);
    this.#isLeaving = false;
    this.#questions.join(client);
  }

  /** False when it did not follow. What nobody follows ends with its turn. */
  unsubscribe(client: Connection): boolean {
    const didFollow = this.#clients.delete(client);
    if (didFollow && this.#clients.size === 0) {
      this.#isLeaving = true;
      if (this.turns.isIdle) this.close();
    }
    return didFollow;
  }

  /** A client that has vanished: what only it followed ends now. */
  drop(client: Connection): void {
    if (!this.#clients.delete(client)) return;
    if (this.#clients.size === 0) this.close();
  }

  /** It was told to end, and has not yet. */
  get isClosing(): boolean {
    return this.#isClosing;
  }

  /** Ends the turn and the thread. */
  close(): void {
    this.#isClosing = true;
    this.#shown.resolve();
    this.open.thread.submit({ type: "shutdown" });
  }

  rename(name: string): void {
    this.open.rename(name);
    this.#facts = { ...this.#facts, name };
  }

  /** What it is called until it has a name: the first words that were said. */
  entitle(text: string): void {
    if (this.#facts.title !== "") return;
    this.#facts = { ...this.#facts, title: text.trim().slice(0, TITLE_CHARS) };
  }

  /** Asks for what a server wants to know of the person. Never rejects. */
  elicit(form: FormRequest, signal: AbortSignal): Promise<FormAnswer> {
    return this.#questions.elicit(form, signal);
  }

  async #pump(): Promise<void> {
    try {
      for await (const event of this.open.thread.events()) {
        if (event.type === "thread.started") this.#ready.resolve(event);
        else await this.#shown.promise;
        this.#take(event);
        // Whoever is slow holds its threads up, and not their events in memory.
        const clients = [...this.#clients];
        await Promise.all(clients.map((client) => client.caughtUp()));
      }
    } finally {
      this.#end();
    }
  }

  #take(event: Event): void {
    this.#facts = { ...this.#facts, updatedAt: event.at };
    const notes = this.words.take(event);
    this.turns.take(event);
    if (event.type === "turn.completed") this.#questions.stop();
    this.#tell(notes);
    switch (event.type) {
      case "thread.started":
        this.#settings = event.settings;
        return;
      case "settings.changed":
        this.#settings = event.settings;
        return this.#tellSettings(event.settings);
      case "approval.requested":
        void this.#questions.approve(event);
        return;
      case "approval.settled":
        return this.#questions.settled(event.approvalId);
      case "turn.completed":
        if (this.#isLeaving) this.close();
        return;
      default:
        return;
    }
  }

  #tellSettings(settings: TurnSettings): void {
    const threadSettings = threadSettingsView(settings, this.facts.provider);
    const params = { threadId: this.id, threadSettings };
    this.#tell([{ method: "thread/settings/updated", params }]);
  }

  #tell(notes: readonly Notification[]): void {
    for (const { method, params } of notes) {
      for (const client of this.#clients) client.notify(method, params);
    }
  }

  #end(): void {
    const { id: threadId } = this;
    this.#questions.stop();
    this.turns.end();
    this.#ready.promise.catch(() => {});
    this.#ready.reject(refusal("Cannot open the thread: it has ended"));
    const status = { type: "notLoaded" };
    this.#tell([
      { method: "thread/status/changed", params: { threadId, status } },
      { method: "thread/closed", params: { threadId } },
    ]);
    this.#options.onClosed(this);
    void this.open.thread.closed.then(this.#closed.resolve);
  }
}

const TITLE_CHARS = 200;
