/** Activities of a turn: each gets an id, begins, changes and ends exactly once; deltas are merged. */
import type { Activity, Event, EventBody } from "../../protocol/event.ts";
import { LIMITS } from "../../protocol/limits.ts";
import type { ActivityBody } from "../../protocol/tool.ts";

/** Hands out ids in order of first appearance and knows what is still open. */
export class Activities {
  readonly #emit: (event: EventBody) => void;
  readonly #open = new Map<string, Activity>();
  #count = 0;

  constructor(emit: (event: EventBody) => void) {
    this.#emit = emit;
  }

  open(body: ActivityBody): string {
    const activity = this.#name(body);
    this.#open.set(activity.id, activity);
    this.#emit({ type: "activity.started", activity });
    return activity.id;
  }

  update(id: string, body: ActivityBody): void {
    const activity: Activity = { ...body, id };
    this.#open.set(id, activity);
    this.#emit({ type: "activity.updated", activity });
  }

  complete(id: string, body: ActivityBody): void {
    this.#open.delete(id);
    this.#emit({ type: "activity.completed", activity: { ...body, id } });
  }

  /** What was shown under this id never became part of the conversation. */
  withdraw(id: string): void {
    this.#open.delete(id);
    this.#emit({ type: "activity.withdrawn", activityId: id });
  }

  /** Shows something that is over the moment it is seen. */
  show(body: ActivityBody): void {
    this.#emit({ type: "activity.completed", activity: this.#name(body) });
  }

  /** Ends what a turn leaves open: a plan is done being shown, the rest was cut off. */
  closeAll(): void {
    for (const activity of [...this.#open.values()]) {
      if (isKept(activity)) continue;
      if (activity.type === "message" || activity.type === "reasoning") {
        this.withdraw(activity.id);
      } else {
        this.complete(activity.id, asEnded(activity));
      }
    }
  }

  #name(body: ActivityBody): Activity {
    return { ...body, id: `item_${this.#count++}` };
  }
}

// A command that runs on ends when it does, whatever became of the turn.
function isKept(activity: Activity): boolean {
  return activity.type === "command" && activity.session !== undefined;
}

function asEnded(activity: Activity): ActivityBody {
  return "status" in activity && activity.status === "in_progress"
    ? { ...activity, status: "failed" }
    : activity;
}

/** The two events as one, or undefined when nothing may be merged. */
export function mergeDeltas(earlier: Event, later: Event): Event | undefined {
  if (!("text" in earlier) || !("text" in later)) return undefined;
  if (!("activityId" in earlier) || !("activityId" in later)) return undefined;
  if (earlier.type !== later.type) return undefined;
  if (earlier.activityId !== later.activityId) return undefined;
  const characters = earlier.text.length + later.text.length;
  if (characters > LIMITS.deltaCharacters) return undefined;
  return { ...later, seq: earlier.seq, text: earlier.text + later.text };
}
