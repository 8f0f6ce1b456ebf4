/** How a slow reader catches up: adjacent deltas of one activity become one. */
import type { Event } from "../../protocol/event.ts";

/** The two events as one, or undefined when nothing may be merged. */
export function mergeDeltas(earlier: Event, later: Event): Event | undefined {
  if (!("text" in earlier) || !("text" in later)) return undefined;
  if (!("activityId" in earlier) || !("activityId" in later)) return undefined;
  if (earlier.type !== later.type) return undefined;
  if (earlier.activityId !== later.activityId) return undefined;
  return { ...later, seq: earlier.seq, text: earlier.text + later.text };
}
