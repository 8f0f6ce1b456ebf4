/** Replaces a history that has grown too long: the one visible exception to append-only. */
import {
  buildCompactionInput,
  buildEndpointReplacement,
  buildReplacement,
  compactionBudget,
  type ReplacementParts,
} from "../../context/compaction/prompt.ts";
import type { WireItem } from "../../protocol/item.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { addUsage, type EventBody } from "../../protocol/event.ts";
import { askEndpoint, askSummary, type Shorter } from "./compaction_request.ts";
import { openPrefix } from "../state/request_prefix.ts";
import type { TurnContext } from "./context.ts";

type CompactionReason = Extract<
  EventBody,
  { type: "context.compacted" }
>["reason"];

/**
 * Whether the next request, with `newTokens` on top, would come too near to the end of
 * the window. Not again while little was added to what the last compaction left.
 */
export function needsCompaction(
  { state, settings }: Pick<TurnContext, "state" | "settings">,
  newTokens: number,
): boolean {
  const { autoCompactLimit } = settings.model;
  const least = state.compactedTokens * LIMITS.compactAgainShare;
  return state.usedTokens() + newTokens >= Math.max(autoCompactLimit, least);
}

/**
 * Asks for a shorter history and puts it in place. In the middle of a turn it contains
 * the initial messages; else the next turn sends them. Throws ModelError, and then leaves
 * the history as it was.
 */
export async function compactHistory(
  reason: CompactionReason,
  context: TurnContext,
): Promise<void> {
  const { state, deps, log, settings, hooks } = context;
  const items = state.transcript.entries.map((entry) => entry.item);
  if (items.length === 0) return;
  const trigger = reason === "manual" ? "manual" : "auto";
  const refusal = await hooks.beforeCompaction(trigger);
  if (refusal !== undefined) {
    const message = `A hook refused the compaction: ${refusal}`;
    return context.emit({ type: "warning", message });
  }
  const tokensBefore = state.usedTokens();
  const { trailing } = buildCompactionInput(items);
  const shorter = await ask(context);
  const contextUpdate = reason === "mid_turn"
    ? await deps.context.contextUpdate(undefined, settings)
    : undefined;
  const handover = state.transcript.handover;
  const replacement = [
    ...replacementOf(shorter, {
      items,
      handover,
      budget: compactionBudget(settings.model, items),
      cwd: settings.cwd,
      initial: contextUpdate?.items ?? [],
    }),
    ...trailing,
  ].map((item) => JSON.stringify(item));
  const summary = shorter.type === "summary" ? shorter.text : "";
  log.append({
    type: "compacted",
    summary,
    replacement,
    handover,
  });
  state.transcript.replace(replacement);
  state.sent = contextUpdate?.sent;
  state.sessionSource = "compact";
  if (reason === "mid_turn") {
    state.transcript.append(await hooks.startSession());
  }
  state.prefix = undefined;
  await openPrefix(context);
  state.forgetCount();
  state.compactedTokens = state.usedTokens();
  context.cacheWatch.announce("compacted");
  context.emit({
    type: "context.compacted",
    reason,
    tokensBefore,
    tokensAfter: state.usedTokens(),
    itemsKept: replacement.length,
    itemsDropped: items.length,
  });
  warnStillFull(context);
  await hooks.afterCompaction(trigger, summary);
}

function warnStillFull({ state, settings, emit }: TurnContext): void {
  const { autoCompactLimit } = settings.model;
  const tokens = state.compactedTokens;
  if (tokens < autoCompactLimit) return;
  emit({
    type: "warning",
    message:
      `Still about ${tokens} tokens after compaction (limit ${autoCompactLimit}; instructions and tools take ${state.baseTokens}): raise model_context_window or shorten AGENTS.md`,
  });
}

async function ask(context: TurnContext): Promise<Shorter> {
  const prefix = await openPrefix(context);
  const shorter = context.deps.endpoint.supportsCompact
    ? await askEndpoint(prefix, context)
    : await askSummary(prefix, context);
  const { usage } = shorter;
  context.budget.countRequest(usage);
  if (usage !== null) {
    context.state.threadUsage = addUsage(context.state.threadUsage, usage);
  }
  context.emit({
    type: "request.completed",
    usage,
    durationMs: shorter.durationMs,
    requestBytes: shorter.requestBytes,
    cache: null,
  });
  return shorter;
}

function replacementOf(
  shorter: Shorter,
  parts: ReplacementParts,
): readonly WireItem[] {
  return shorter.type === "summary"
    ? buildReplacement(parts, shorter.text)
    : buildEndpointReplacement(parts, shorter.items);
}
