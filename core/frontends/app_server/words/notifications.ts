/** Events of one thread as notifications, all of them and in order. No I/O. */
import {
  type Activity,
  addUsage,
  type Event,
  type EventOf,
  NO_USAGE,
  type Usage,
} from "../../../protocol/event.ts";
import type { OpenActivities } from "../../wire/questions.ts";
import {
  type CurrentTurn,
  type GivenInput,
  ItemWords,
  type Notification,
} from "./item_words.ts";
import type { ThreadItem } from "./items.ts";
import {
  errorView,
  retryView,
  type ThreadStatus,
  type TurnFacts,
  turnView,
} from "./thread_view.ts";

export class ThreadWords {
  readonly #threadId: string;
  readonly #items: ItemWords;
  readonly #given: GivenInput[] = [];
  readonly #waiting = new Set<string>();
  #turn: CurrentTurn | undefined;
  /** What the next turn is a review of. */
  review: string | undefined;
  #isCompacting = false;
  #lastWarning = "";
  #usage: Usage;
  #window: number | null = null;
  #status: ThreadStatus = { type: "idle" };

  /** `run` tells its items from those of other times when the thread was open. */
  constructor(threadId: string, run: string, usage: Usage = NO_USAGE) {
    this.#threadId = threadId;
    this.#usage = usage;
    this.#items = new ItemWords(
      (method, params) => this.#inTurn(method, params),
      run,
    );
  }

  get status(): ThreadStatus {
    return this.#status;
  }

  /** The turn that runs. */
  get turn(): TurnFacts | undefined {
    const turn = this.#turn;
    if (turn === undefined) return undefined;
    const { id, startedMs } = turn;
    return { id, startedMs, status: "inProgress" };
  }

  get activities(): OpenActivities {
    return this.#items.activities;
  }

  /** The id by which clients know an activity. */
  itemId(activityId: string): string {
    return this.#items.itemId(activityId);
  }

  /** What the next turn's messages are, in the words of the client. */
  give(input: GivenInput): void {
    this.#given.push(input);
  }

  /** A compaction that was asked for between turns: a turn of its own for clients. */
  beginCompaction(id: string, startedMs: number): readonly Notification[] {
    this.#isCompacting = true;
    const begun = this.#begin(id, startedMs);
    return [...begun, ...this.#items.begin(this.#compaction, startedMs)];
  }

  take(event: Event): readonly Notification[] {
    const notes = this.#toNotes(event, Date.parse(event.at));
    this.activities.take(event);
    return notes;
  }

  #toNotes(event: Event, atMs: number): readonly Notification[] {
    switch (event.type) {
      case "thread.started":
      case "settings.changed":
        this.#window = event.settings.model.contextWindow;
        return [];
      case "turn.started":
        return this.#begin(event.turnId, atMs);
      case "turn.completed":
        return this.#end(event, atMs);
      case "activity.started":
        return this.#items.start(event.activity, atMs);
      case "activity.updated":
        return event.activity.type === "plan"
          ? [this.#items.plan(event.activity)]
          : [];
      case "activity.completed":
        return this.#complete(event.activity, atMs);
      case "activity.withdrawn":
        return this.#items.withdraw(event.activityId, atMs);
      case "text.delta":
      case "reasoning.delta":
      case "output.delta":
        return [this.#items.delta(event)];
      case "approval.requested":
        this.#waiting.add(event.approvalId);
        return this.#show();
      case "approval.settled":
        this.#waiting.delete(event.approvalId);
        return this.#show();
      case "input.steered":
        return this.#steered(event.text, atMs);
      case "stream.retry":
        return [
          this.#inTurn("error", { error: retryView(event), willRetry: true }),
        ];
      case "request.completed":
        return this.#tokens(event.usage);
      case "context.compacted":
        return this.#isCompacting
          ? []
          : this.#items.whole(this.#compaction, atMs);
      case "task.done":
      case "task.failed":
        return event.task === "compact" && this.#isCompacting
          ? this.#endCompaction(event.type === "task.done", atMs)
          : [];
      case "warning":
        this.#lastWarning = event.message;
        return [this.#note("warning", { message: event.message })];
      case "provider.switched": {
        const message =
          `${event.reason}; ${event.to.provider} answers from now on`;
        return [this.#note("warning", { message })];
      }
      default:
        return [];
    }
  }

  #note(method: string, params: Record<string, unknown>): Notification {
    return { method, params: { threadId: this.#threadId, ...params } };
  }

  #inTurn(method: string, params: Record<string, unknown>): Notification {
    return this.#note(method, { turnId: this.#turn?.id ?? "", ...params });
  }

  #begin(id: string, startedMs: number): readonly Notification[] {
    const { review } = this;
    this.review = undefined;
    this.#turn = { id, startedMs, diffs: [], messages: 0, review };
    const turn = turnView({ id, startedMs, status: "inProgress" });
    return [
      ...this.#show(),
      this.#note("turn/started", { turn }),
      ...this.#reviewItem("enteredReviewMode", review, startedMs),
      ...this.#takeGiven().flatMap((one) => this.#user(one, startedMs)),
    ];
  }

  // What began the turn; what came too late for the one before begins one as well.
  #takeGiven(): readonly GivenInput[] {
    if (this.#isCompacting) return [];
    const first = this.#given[0];
    return this.#given.splice(0, first?.kind === "start" ? 1 : Infinity);
  }

  #end(
    { outcome, threadUsage }: EventOf<"turn.completed">,
    completedMs: number,
  ): readonly Notification[] {
    const turn = this.#turn;
    if (turn === undefined) return [];
    this.#usage = threadUsage;
    this.#waiting.clear();
    const { id, startedMs, last } = turn;
    const said = String(last?.["text"] ?? "");
    const error = outcome.type === "failed"
      ? errorView(outcome.error)
      : undefined;
    const reviewed = turn.review === undefined
      ? []
      : this.#reviewItem("exitedReviewMode", said, completedMs);
    const failed = error === undefined
      ? []
      : [this.#inTurn("error", { error, willRetry: false })];
    this.#turn = undefined;
    const status = this.#show({
      type: error === undefined ? "idle" : "systemError",
    });
    const ended = this.#note("turn/completed", {
      turn: turnView({
        id,
        startedMs,
        completedMs,
        error,
        status: outcome.type === "done" ? "completed" : outcome.type,
        ...(last !== undefined && { items: [last], itemsView: "summary" }),
      }),
    });
    return [...reviewed, ...status, ...failed, ended];
  }

  #complete(
    activity: Activity,
    atMs: number,
  ): readonly Notification[] {
    const { notes, item } = this.#items.complete(activity, atMs);
    const turn = this.#turn;
    if (turn === undefined) return notes;
    if (item?.type === "agentMessage") turn.last = item;
    if (activity.type !== "file_change" || activity.status !== "completed") {
      return notes;
    }
    turn.diffs.push(...activity.changes.map(({ diff = "" }) => diff));
    const diff = turn.diffs.join("");
    return [...notes, this.#inTurn("turn/diff/updated", { diff })];
  }

  #reviewItem(
    type: string,
    review: string | undefined,
    atMs: number,
  ): readonly Notification[] {
    if (review === undefined) return [];
    const id = `${this.#turn?.id ?? this.#threadId}_${type}`;
    return this.#items.whole({ type, id, review }, atMs);
  }

  #user(input: GivenInput, atMs: number): readonly Notification[] {
    const turn = this.#turn;
    const id = `${turn?.id ?? this.#threadId}_user_${turn?.messages ?? 0}`;
    if (turn !== undefined) turn.messages++;
    return this.#items.user(input, id, atMs);
  }

  #steered(text: string, atMs: number): readonly Notification[] {
    const at = this.#given.findIndex(({ kind }) => kind === "steer");
    const [given] = at < 0 ? [] : this.#given.splice(at, 1);
    const content = [{ type: "text" as const, text }];
    return this.#user(given ?? { kind: "steer", content }, atMs);
  }

  #tokens(last: Usage | null): readonly Notification[] {
    if (last === null) return [];
    this.#usage = addUsage(this.#usage, last);
    const total = this.#usage;
    return [this.#inTurn("thread/tokenUsage/updated", {
      tokenUsage: { total, last, modelContextWindow: this.#window },
    })];
  }

  get #compaction(): ThreadItem {
    const id = `${this.#turn?.id ?? this.#threadId}_contextCompaction`;
    return { type: "contextCompaction", id };
  }

  #endCompaction(
    isDone: boolean,
    completedMs: number,
  ): readonly Notification[] {
    const turn = this.#turn;
    this.#isCompacting = false;
    if (turn === undefined) return [];
    const { id, startedMs } = turn;
    const item = this.#items.end(this.#compaction, startedMs, completedMs);
    const error = errorView({ kind: "bug", message: this.#lastWarning });
    this.#turn = undefined;
    const ended = this.#note("turn/completed", {
      turn: turnView({
        id,
        startedMs,
        completedMs,
        status: isDone ? "completed" : "failed",
        ...(!isDone && { error }),
      }),
    });
    return [item, ...this.#show({ type: "idle" }), ended];
  }

  // Said when it is another one than before.
  #show(wanted?: ThreadStatus): readonly Notification[] {
    const activeFlags = this.#waiting.size > 0
      ? ["waitingOnApproval" as const]
      : [];
    const status = wanted ?? { type: "active" as const, activeFlags };
    const isSame = JSON.stringify(status) === JSON.stringify(this.#status);
    this.#status = status;
    return isSame ? [] : [this.#note("thread/status/changed", { status })];
  }
}
