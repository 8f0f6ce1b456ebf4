/** What clients have a thread do: turns, and what happens between them. */
import type { Event } from "../../protocol/event.ts";
import type { Host } from "../../protocol/host.ts";
import type { UserPart } from "../../protocol/op.ts";
import type {
  TraceCarrier,
  TurnMode,
  TurnSettings,
} from "../../protocol/settings.ts";
import type { Thread } from "../../protocol/thread.ts";
import { refusal } from "./rpc.ts";
import type { GivenInput, Notification } from "./words/item_words.ts";
import type { ThreadWords } from "./words/notifications.ts";
import { turnView } from "./words/thread_view.ts";

/** A message of the person, and how the client said it. */
interface TurnMessage {
  readonly parts: readonly UserPart[];
  readonly given: Omit<GivenInput, "kind">;
}

interface TurnRequest extends TurnMessage {
  readonly patch: Partial<TurnSettings>;
  /** Instead of the thread's; for this turn alone. */
  readonly mode?: TurnMode;
  readonly trace?: TraceCarrier | undefined;
  /** Called with the turn, before anybody is told of it. */
  readonly answer: (turn: Record<string, unknown>) => void;
}

interface ThreadTurnsOptions {
  readonly host: Pick<Host, "newId" | "now">;
  readonly thread: Thread;
  readonly words: ThreadWords;
  readonly tell: (notes: readonly Notification[]) => void;
}

export class ThreadTurns {
  readonly #options: ThreadTurnsOptions;
  /** Asked for and not yet begun. */
  readonly #starting: {
    readonly answer: TurnRequest["answer"];
    readonly begun: PromiseWithResolvers<void>;
  }[] = [];
  #task: PromiseWithResolvers<boolean> | undefined;
  #hasSchema = false;
  /** Of the next turn, and of the one that runs. */
  #mode: TurnMode | undefined;
  #running: TurnMode | undefined;

  constructor(options: ThreadTurnsOptions) {
    this.#options = options;
  }

  get isIdle(): boolean {
    return this.#options.words.turn === undefined &&
      this.#starting.length === 0 && this.#task === undefined;
  }

  /** Resolves once the turn that the message begins or joins has been told. */
  async start(
    { parts, given, patch, mode, trace, answer }: TurnRequest,
  ): Promise<void> {
    const { thread, words } = this.#options;
    await this.#task?.promise;
    this.#change(patch);
    const { turn } = words;
    const input = { type: "user.input", parts, mode, trace } as const;
    // What is meant for another mode gets a turn of its own.
    const isJoining = turn !== undefined && this.#isSameMode;
    const isFirst = this.isIdle || turn !== undefined && !isJoining;
    words.give({ ...given, kind: isFirst ? "start" : "steer" });
    if (isJoining) {
      thread.submit(input);
      return answer(turnView(turn));
    }
    const begun = Promise.withResolvers<void>();
    this.#starting.push({ answer, begun });
    thread.submit(input);
    await begun.promise;
  }

  /** Joins the turn that runs. Throws RpcError when it is another one. */
  steer(turnId: string, { parts, given }: TurnMessage): void {
    this.#checkTurn(turnId, "steer");
    if (!this.#isSameMode) {
      throw refusal(
        "Cannot steer the turn: another mode has been chosen since it began, must be a turn of its own (turn/start)",
      );
    }
    this.#options.words.give({ ...given, kind: "steer" });
    this.#options.thread.submit({ type: "user.input", parts });
  }

  /** Throws RpcError when another turn runs, or none. */
  interrupt(turnId: string): void {
    this.#checkTurn(turnId, "interrupt");
    this.#options.thread.submit({ type: "interrupt" });
  }

  changeSettings(patch: Partial<TurnSettings>): void {
    if (Object.keys(patch).length === 0) return;
    if ("mode" in patch) this.#mode = patch.mode;
    this.#options.thread.submit({ type: "settings.change", patch });
  }

  /** Throws RpcError while a turn runs. */
  compact(): void {
    this.checkIdle("compact");
    const { host, words, thread, tell } = this.#options;
    this.#task = Promise.withResolvers();
    tell(words.beginCompaction(host.newId(), host.now().getTime()));
    thread.submit({ type: "compact" });
  }

  /** Takes the last messages out of the conversation. Throws RpcError. */
  async rollBack(messages: number): Promise<void> {
    this.checkIdle("revert");
    this.#task = Promise.withResolvers();
    const { promise } = this.#task;
    this.#options.thread.submit({ type: "rollback", turns: messages });
    if (!await promise) throw refusal("Cannot revert the thread");
  }

  /** Throws RpcError while a turn runs. */
  checkIdle(what: string): void {
    if (this.isIdle) return;
    throw refusal(`Cannot ${what} the thread: a turn is running`);
  }

  /** To be called after the event's notifications are made and before they are sent. */
  take(event: Event): void {
    switch (event.type) {
      case "thread.started":
        this.#mode = event.settings.mode;
        return;
      case "turn.started": {
        this.#running = event.mode;
        // What was asked for meanwhile joins it.
        const turn = turnView({ id: event.turnId, status: "inProgress" });
        for (const { answer, begun } of this.#starting.splice(0)) {
          answer(turn);
          begun.resolve();
        }
        return;
      }
      case "task.done":
      case "task.failed":
        this.#task?.resolve(event.type === "task.done");
        this.#task = undefined;
        return;
      default:
        return;
    }
  }

  /** The thread has ended: nothing begins any more. */
  end(): void {
    const error = refusal("Cannot go on: the thread has ended");
    for (const { begun } of this.#starting.splice(0)) begun.reject(error);
    this.#task?.resolve(false);
    this.#task = undefined;
  }

  // Whoever speaks during a review speaks to the reviewer.
  get #isSameMode(): boolean {
    return this.#running === "review" || this.#running === this.#mode;
  }

  #checkTurn(turnId: string, what: string): void {
    const running = this.#options.words.turn?.id;
    if (running === turnId) return;
    throw refusal(
      running === undefined
        ? `Cannot ${what} the turn: no turn is running`
        : `Cannot ${what} turn ${turnId}: it is not the one that runs, must be ${running}`,
    );
  }

  // A schema is one turn's alone.
  #change(patch: Partial<TurnSettings>): void {
    const hasSchema = patch.outputSchema !== undefined;
    const reset = this.#hasSchema && !hasSchema
      ? { outputSchema: undefined }
      : {};
    this.#hasSchema = hasSchema;
    this.changeSettings({ ...reset, ...patch });
  }
}
