/** Where a conversation is cut: for a rollback of turns, and for a fork. */
import { typedText, unwrapTag } from "../../context/format/tags.ts";
import { viewItem, type WireItem } from "../../protocol/item.ts";

/**
 * How many items stay when the last `turns` user messages go. Context right above the
 * cut goes with them; context before the first user message always stays.
 */
export function planRollback(
  items: readonly WireItem[],
  turns: number,
): number {
  if (turns <= 0) return items.length;
  const starts = findUserMessages(items);
  const [first] = starts;
  if (first === undefined) return items.length;
  const cut = starts[starts.length - turns];
  if (cut === undefined || cut === first) return first;
  return withoutContextAbove(items, cut);
}

/**
 * How many items a fork takes over that branches off right before the nth user message
 * (from 1). Undefined when there is no such message.
 */
export function planFork(
  items: readonly WireItem[],
  atUserMessage: number,
): number | undefined {
  const starts = findUserMessages(items);
  const cut = starts[atUserMessage - 1];
  if (cut === undefined || cut === starts[0]) return cut;
  return withoutContextAbove(items, cut);
}

/** Indexes of the messages the user typed. */
export function findUserMessages(items: readonly WireItem[]): number[] {
  return items.flatMap((item, at) => typedText(item) === undefined ? [] : [at]);
}

function withoutContextAbove(items: readonly WireItem[], cut: number): number {
  let kept = cut;
  while (kept > 0 && isContext(items[kept - 1])) kept--;
  return kept;
}

// What happened in the turn before (it was aborted, the user ran a command) belongs to
// that turn; settings and environment belong to the turn that goes.
function isContext(item: WireItem | undefined): boolean {
  if (item === undefined) return false;
  const view = viewItem(item);
  if (view.type !== "message" || view.role === "assistant") return false;
  if (typedText(item) !== undefined) return false;
  return unwrapTag("turn_aborted", view.text) === undefined &&
    unwrapTag("user_shell_command", view.text) === undefined;
}
