/** Activities of one thread as notifications of its items. No I/O. */
import type { Activity, ActivityOf, Event } from "../../../protocol/event.ts";
import { OpenActivities } from "../../wire/questions.ts";
import {
  type ItemTimes,
  type ThreadItem,
  toThreadItem,
  userItem,
} from "./items.ts";
import type { UserInput } from "./turn_schema.ts";

export interface Notification {
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** A message of the person that the thread has been given. */
export interface GivenInput {
  readonly content: readonly UserInput[];
  readonly clientId?: string;
  /** Begins a turn, or joins the one that runs. */
  readonly kind: "start" | "steer";
}

/** The turn that runs, as far as it has been told. */
export interface CurrentTurn {
  readonly id: string;
  readonly startedMs: number;
  readonly diffs: string[];
  /** A code review: what is reviewed, in words. */
  readonly review?: string | undefined;
  messages: number;
  last?: ThreadItem;
}

/** A notification about the turn that runs. */
type InTurn = (method: string, params: Record<string, unknown>) => Notification;

type Delta = Extract<
  Event,
  { type: "text.delta" | "reasoning.delta" | "output.delta" }
>;

export class ItemWords {
  readonly activities = new OpenActivities();
  readonly #inTurn: InTurn;
  /** Items of a thread that was opened again must not meet those of before. */
  readonly #run: string;
  readonly #started = new Map<string, number>();

  constructor(inTurn: InTurn, run: string) {
    this.#inTurn = inTurn;
    this.#run = run;
  }

  /** The id by which clients know an activity. */
  itemId(activityId: string): string {
    return `${activityId}_${this.#run}`;
  }

  start(activity: Activity, atMs: number): readonly Notification[] {
    if (activity.type === "plan") return [this.plan(activity)];
    const item = this.#item(activity, {
      startedAtMs: atMs,
      completedAtMs: null,
    });
    if (item === undefined) return [];
    this.#started.set(activity.id, atMs);
    const begun = this.#inTurn("item/started", { item, startedAtMs: atMs });
    if (activity.type !== "reasoning") return [begun];
    const part = { itemId: item.id, summaryIndex: 0 };
    return [begun, this.#inTurn("item/reasoning/summaryPartAdded", part)];
  }

  /** What is over the moment it is seen has a beginning all the same. */
  complete(
    activity: Activity,
    atMs: number,
  ): { readonly notes: readonly Notification[]; readonly item?: ThreadItem } {
    const before = this.activities.typeOf(activity.id) === undefined
      ? this.start(inProgress(activity), atMs)
      : [];
    const startedAtMs = this.#started.get(activity.id) ?? atMs;
    this.#started.delete(activity.id);
    const item = this.#item(activity, { startedAtMs, completedAtMs: atMs });
    if (item === undefined) return { notes: before };
    const ended = this.#inTurn("item/completed", {
      item,
      completedAtMs: atMs,
    });
    return { notes: [...before, ended], item };
  }

  /** An item that has begun ends; without a text it is none. */
  withdraw(activityId: string, atMs: number): readonly Notification[] {
    const startedAtMs = this.#started.get(activityId);
    if (startedAtMs === undefined) return [];
    this.#started.delete(activityId);
    const type = this.activities.typeOf(activityId) === "reasoning"
      ? "reasoning"
      : "message";
    const empty = { id: activityId, type, text: "" } as const;
    const item = this.#item(empty, { startedAtMs, completedAtMs: atMs });
    return [this.#inTurn("item/completed", { item, completedAtMs: atMs })];
  }

  delta(event: Delta): Notification {
    const params = {
      itemId: this.itemId(event.activityId),
      delta: event.text,
      ...(event.type === "reasoning.delta" && { summaryIndex: 0 }),
    };
    return this.#inTurn(DELTAS[event.type], params);
  }

  plan({ steps }: ActivityOf<"plan">): Notification {
    return this.#inTurn("turn/plan/updated", {
      explanation: null,
      plan: steps.map(({ text, status }) => ({
        step: text,
        status: status === "in_progress" ? "inProgress" : status,
      })),
    });
  }

  user(
    input: Omit<GivenInput, "kind">,
    id: string,
    atMs: number,
  ): readonly Notification[] {
    return this.whole(userItem(input, id, ENDLESS), atMs);
  }

  /** An item that is over as soon as it begins. */
  whole(item: ThreadItem, atMs: number): readonly Notification[] {
    return [...this.begin(item, atMs), this.end(item, atMs, atMs)];
  }

  begin(item: ThreadItem, startedAtMs: number): readonly Notification[] {
    const started = { ...item, startedAtMs, completedAtMs: null };
    return [this.#inTurn("item/started", { item: started, startedAtMs })];
  }

  end(
    item: ThreadItem,
    startedAtMs: number,
    completedAtMs: number,
  ): Notification {
    const ended = { ...item, startedAtMs, completedAtMs };
    return this.#inTurn("item/completed", { item: ended, completedAtMs });
  }

  #item(activity: Activity, times: ItemTimes): ThreadItem | undefined {
    return toThreadItem(activity, this.itemId(activity.id), times);
  }
}

const DELTAS: Readonly<Record<Delta["type"], string>> = {
  "text.delta": "item/agentMessage/delta",
  "reasoning.delta": "item/reasoning/summaryTextDelta",
  "output.delta": "item/commandExecution/outputDelta",
};

const ENDLESS: ItemTimes = { startedAtMs: null, completedAtMs: null };

function inProgress(activity: Activity): Activity {
  if ("status" in activity) return { ...activity, status: "in_progress" };
  return activity.type === "message" || activity.type === "reasoning"
    ? { ...activity, text: "" }
    : activity;
}
