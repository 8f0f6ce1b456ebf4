/** Items of a history as lines of a log have them: compacted, judged, their calls settled. */
import { viewItem, type WireItem } from "../../protocol/item.ts";
import type { RestoredThread } from "../../protocol/log.ts";
import { jsonSpans } from "../../util/json/json_text.ts";
import {
  type BlobContents,
  type BlobText,
  findLost,
  sliceBlobText,
} from "./blob_text.ts";
import { isTyped, summaryItem } from "./payload.ts";

/** An item as a log holds it. */
export interface LoggedItem extends BlobText {
  /** From 1. */
  readonly line: number;
  /** Where the line lies in the file; a compaction's has many items. */
  readonly offset: number;
  readonly bytes: number;
}

/** The items after the compaction of `payload`, given those before it. */
export function compactedItems(
  payload: LoggedItem,
  before: readonly LoggedItem[],
): readonly LoggedItem[] {
  const { text, blobs: _all, ...place } = payload;
  const span = jsonSpans(text)?.findLast(({ key }) =>
    key === "replacement_history"
  );
  const history = span && text.slice(span.start, span.end);
  if (span === undefined || history === undefined || history === "null") {
    return summarized(payload, before);
  }
  return (history.startsWith("[") ? jsonSpans(history) ?? [] : [])
    .map(({ start, end }) => ({
      ...sliceBlobText(payload, span.start + start, span.start + end),
      ...place,
    }));
}

/**
 * The items that can be sent. One that lost an image keeps a blank one in its place: the
 * rest of the thread is worth more than what cannot be brought back.
 */
export function usableItems(
  all: readonly LoggedItem[],
  contents: BlobContents,
): {
  readonly items: readonly LoggedItem[];
  readonly problems: readonly string[];
} {
  const problems: string[] = [];
  const items = all.filter((item) => {
    const { lost, isUsable } = findLost(item, contents);
    for (const { reason } of lost) {
      problems.push(renderLoss(item.line, isUsable, reason));
    }
    return isUsable;
  });
  return { items, problems };
}

/** What the loss of a payload does to its line, in words. */
export function renderLoss(
  line: number,
  isUsable: boolean,
  reason: string,
): string {
  return isUsable
    ? `line ${line}: a lost image is replaced by a blank one: ${reason}`
    : `line ${line}: an item is left out because part of it is lost: ${reason}`;
}

/**
 * The calls that have no output. A lost line may leave an output without its call, which
 * no provider accepts.
 */
export function answerCalls(
  all: readonly LoggedItem[],
  started: ReadonlySet<string>,
): {
  readonly items: readonly LoggedItem[];
  readonly open: RestoredThread["openCalls"];
  readonly problems: readonly string[];
} {
  const open = new Map<string, RestoredThread["openCalls"][number]>();
  const problems: string[] = [];
  const items = all.filter(({ text }) => {
    // Every kind of call and output has it in its type; most items need no parsing.
    if (!text.includes("_call")) return true;
    const view = viewItem(JSON.parse(text) as WireItem);
    if (view.type === "call") {
      const { callId, name, form } = view;
      open.set(callId, { callId, name, form, started: started.has(callId) });
    }
    if (view.type !== "output" || open.delete(view.callId)) return true;
    problems.push(
      `the output of call ${view.callId} is left out: its call is not on record`,
    );
    return false;
  });
  return { items, open: [...open.values()], problems };
}

// Older logs of Codex do not spell it out: it is the user's messages, then the summary.
function summarized(
  { text, ...place }: LoggedItem,
  before: readonly LoggedItem[],
): readonly LoggedItem[] {
  const typed = before.filter((item) => isTyped(item.text));
  const summary = summaryItem(text);
  return summary === undefined
    ? typed
    : [...typed, { ...place, text: summary, blobs: [] }];
}
