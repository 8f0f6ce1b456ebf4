/** Recorded turns as clients see them. Pure. */
import { pastEntries } from "../../wire/history.ts";
import { type ThreadItem, toThreadItem, userItem } from "./items.ts";
import type { RecordedTurn } from "../../../protocol/log.ts";
import { errorView, turnView } from "./thread_view.ts";

/** A turn with its items; `isRunning` is one that goes on at this moment. */
export function pastTurn(
  turn: RecordedTurn,
  options: { readonly isRunning: boolean; readonly withItems: boolean },
): Record<string, unknown> {
  const { id, startedAt, completedAt } = turn;
  // A turn without an end was cut off, unless it is still going on.
  const status = turn.status === "inProgress" && !options.isRunning
    ? "interrupted"
    : turn.status;
  return turnView({
    id,
    status,
    startedMs: Date.parse(startedAt),
    ...(completedAt !== undefined && { completedMs: Date.parse(completedAt) }),
    ...(turn.error !== undefined &&
      { error: errorView({ kind: "bug", message: turn.error }) }),
    ...(options.withItems && { items: pastItems(turn), itemsView: "full" }),
  });
}

/** The items of a turn, oldest first. */
export function pastItems(turn: RecordedTurn): readonly ThreadItem[] {
  let messages = 0;
  return pastEntries(turn.items, turn.cwd).flatMap((entry) => {
    const atMs = Date.parse(entry.at);
    const times = { startedAtMs: atMs, completedAtMs: atMs };
    if (entry.type === "user") {
      const content = [{ type: "text" as const, text: entry.text }];
      const id = `${turn.id}_user_${messages++}`;
      return [userItem({ content }, id, times)];
    }
    const { activity } = entry;
    return toThreadItem(activity, `${turn.id}_${activity.id}`, times) ?? [];
  });
}
