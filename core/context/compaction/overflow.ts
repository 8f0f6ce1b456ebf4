/** A history made shorter when even the request that would compact it is too long. */
import { viewItem, type WireItem } from "../../protocol/item.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { typedText } from "../format/tags.ts";
import { estimateItemTokens } from "../format/tokens.ts";

interface Trimmed {
  /** The items that stay, the same objects in the same order. */
  readonly items: readonly WireItem[];
  /** Zero when nothing more can go. */
  readonly dropped: number;
}

/**
 * Drops the oldest work: calls with their outputs, with the reasoning and messages around
 * them, until `tokensMin` are freed (by default a tenth of the history). The initial
 * messages and the user's go last, and the latest one never.
 */
export function trimForOverflow(
  items: readonly WireItem[],
  options: { readonly tokensMin?: number } = {},
): Trimmed {
  const sizes = items.map((item) => estimateItemTokens(item));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const wanted = Math.max(
    1,
    options.tokensMin ?? Math.floor(total * LIMITS.overflowDropShare),
  );
  const gone = new Set<number>();
  let freed = 0;
  for (const group of dropOrder(items)) {
    if (freed >= wanted) break;
    for (const index of group) {
      gone.add(index);
      freed += sizes[index] ?? 0;
    }
  }
  return {
    items: items.filter((_, index) => !gone.has(index)),
    dropped: gone.size,
  };
}

// Groups of indexes, what goes first in front.
function dropOrder(items: readonly WireItem[]): readonly number[][] {
  const first = items.findIndex((item) => typedText(item) !== undefined);
  if (first < 0) return groupWork(items, 0);
  const words = items.flatMap((item, index) =>
    index >= first && isInput(item) ? [[index]] : []
  );
  const latest = items.findLastIndex((item) => typedText(item) !== undefined);
  return [
    ...groupWork(items, first),
    ...words.filter(([index]) => index !== latest),
  ];
}

// User messages, summaries, and the context of both.
function isInput(item: WireItem): boolean {
  const view = viewItem(item);
  return view.type === "message" && view.role !== "assistant";
}

// A group ends where the next response begins, so that no call loses its output and no
// reasoning what it led to.
function groupWork(
  items: readonly WireItem[],
  from: number,
): readonly number[][] {
  const groups: number[][] = [];
  const open = new Set<string>();
  let isComplete = true;
  for (const [index, item] of items.entries()) {
    if (index < from || isInput(item)) continue;
    const view = viewItem(item);
    if (isComplete && view.type !== "output") groups.push([]);
    groups.at(-1)?.push(index);
    if (view.type === "call") open.add(view.callId);
    if (view.type === "output") open.delete(view.callId);
    isComplete = open.size === 0 && view.type !== "reasoning";
  }
  return groups;
}
