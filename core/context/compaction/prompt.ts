/** The input of a compaction and the history it leaves. Pure. */
import { COMPACT_PROMPT, SUMMARY_PREFIX } from "../../../prompts/mod.ts";
import { textMessage, viewItem, type WireItem } from "../../protocol/item.ts";
import { LIMITS } from "../../protocol/limits.ts";
import type { ModelInfo } from "../../protocol/settings.ts";
import { textOnly, typedText, unwrapTag } from "../format/tags.ts";
import { cutMiddle } from "../format/text.ts";
import { type HandoverState, requestText } from "./handover.ts";
import { renderHandover } from "./handover_render.ts";
import { estimateItemTokens } from "../format/tokens.ts";

/** How much of the old history is kept verbatim. */
interface CompactionBudget {
  readonly keepTokens: number;
  readonly handoverTokens: number;
}

export interface ReplacementParts {
  /** The whole history that is replaced. */
  readonly items: readonly WireItem[];
  readonly handover: HandoverState;
  readonly budget: CompactionBudget;
  readonly cwd: string;
  /** Fresh initial messages when the turn continues at once; else the next turn sends them. */
  readonly initial: readonly WireItem[];
}

/** Shares of the window; the latest request is kept whole up to a share of its own. */
export function compactionBudget(
  model: Pick<ModelInfo, "contextWindow">,
  items: readonly WireItem[],
): CompactionBudget {
  const share = (part: number) => Math.floor(model.contextWindow * part);
  const latest = items.findLast((item) => typedText(item) !== undefined);
  const request = latest === undefined ? 0 : estimateItemTokens(latest);
  const usual = Math.min(
    LIMITS.compactKeepUserTokens,
    share(LIMITS.compactKeepShare),
  );
  return {
    keepTokens: Math.max(
      usual,
      Math.min(request, share(LIMITS.compactRequestShare)),
    ),
    handoverTokens: Math.min(
      LIMITS.handoverTokens,
      share(LIMITS.handoverShare),
    ),
  };
}

/** The request for a summary; a trailing note on a model switch waits for the new history. */
export function buildCompactionInput(
  items: readonly WireItem[],
  request: string = COMPACT_PROMPT,
): {
  readonly input: readonly WireItem[];
  readonly trailing: readonly WireItem[];
} {
  const last = items.at(-1);
  const isSwitch = last !== undefined && isModelSwitch(last);
  const history = isSwitch ? items.slice(0, -1) : items;
  return {
    input: [...history, textMessage("user", request)],
    trailing: isSwitch ? [last] : [],
  };
}

// The latest messages of the user, in order, within `tokensMax` together.
function keepUserMessages(
  items: readonly WireItem[],
  tokensMax: number,
): readonly WireItem[] {
  const kept: WireItem[] = [];
  let left = tokensMax;
  for (const item of items.toReversed()) {
    if (typedText(item) === undefined) continue;
    const tokens = estimateItemTokens(item);
    if (tokens > left) {
      const part = cutToTokens(item, left);
      return part === undefined ? kept : [part, ...kept];
    }
    kept.unshift(item);
    left -= tokens;
  }
  return kept;
}

/** The new history after a summary of our own asking: it ends with that summary. */
export function buildReplacement(
  parts: ReplacementParts,
  summary: string,
): readonly WireItem[] {
  const kept = keepUserMessages(parts.items, parts.budget.keepTokens);
  return [
    ...insertInitial(kept, parts.initial),
    // Whole or cut, what is kept last is the latest request.
    handoverItem(kept, kept.length > 0, parts),
    summaryItem(summary),
  ];
}

/** The new history from what the provider's compaction answered. */
export function buildEndpointReplacement(
  parts: ReplacementParts,
  answered: readonly WireItem[],
): readonly WireItem[] {
  const kept = answered.filter(isKeptAnswer);
  const latest = kept.findLast((item) => typedText(item) !== undefined);
  const requestKept = latest !== undefined &&
    requestText(latest) === parts.handover.request;
  return [
    ...insertInitial(kept, parts.initial),
    handoverItem(kept, requestKept, parts),
  ];
}

function summaryItem(summary: string): WireItem {
  const text = summary.trim() === ""
    ? "(The model gave no summary; rely on the messages and facts above.)"
    : summary.trim();
  return textMessage("user", `${SUMMARY_PREFIX}\n\n${text}`);
}

function isModelSwitch(item: WireItem): boolean {
  const view = viewItem(item);
  return view.type === "message" && view.role === "developer" &&
    unwrapTag("model_switch", view.text) !== undefined;
}

// JSON escapes count too, so the cut is tried until it fits.
function cutToTokens(item: WireItem, tokensMax: number): WireItem | undefined {
  let bytes = tokensMax * 4;
  for (let attempt = 0; attempt < 20 && bytes > 0; attempt++) {
    const part = textOnly(item, (text) => cutMiddle(text, bytes));
    const tokens = estimateItemTokens(part);
    if (tokens <= tokensMax) return part;
    bytes = Math.floor(bytes * tokensMax / tokens) - 16;
  }
  return undefined;
}

// Right before the last user message, so that what follows it stays together.
function insertInitial(
  kept: readonly WireItem[],
  initial: readonly WireItem[],
): readonly WireItem[] {
  if (initial.length === 0) return kept;
  const typed = kept.findLastIndex((item) => typedText(item) !== undefined);
  const compacted = kept.findIndex((item) =>
    viewItem(item).type === "compaction"
  );
  const end = compacted < 0 ? kept.length : compacted;
  return kept.toSpliced(typed < 0 ? end : typed, 0, ...initial);
}

function handoverItem(
  kept: readonly WireItem[],
  requestKept: boolean,
  parts: ReplacementParts,
): WireItem {
  const { handover, budget, cwd } = parts;
  const firstRequestKept = kept.some((item) =>
    typedText(item) !== undefined &&
    requestText(item) === handover.firstRequest
  );
  const text = renderHandover(handover, {
    tokensMax: budget.handoverTokens,
    cwd,
    requestKept,
    firstRequestKept,
  });
  return textMessage("user", text);
}

/**
 * Whether an item of a compaction's answer goes into the new history. What the harness
 * itself had put there comes back fresh; newer kinds of items stay.
 */
export function isKeptAnswer(item: WireItem): boolean {
  const view = viewItem(item);
  if (view.type === "compaction" || view.type === "unknown") return true;
  if (view.type !== "message") return false;
  return view.role === "assistant" || typedText(item) !== undefined;
}
