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
import type { RunningTask } from "./context.ts";
import { TurnHooks } from "./turn_hooks.ts";

type CompactionReason = Extract<
  EventBody,
  { type: "context.compacted" }
>["reason"];

/**
 * Whether the next request, with what is to come on top, would come too near to the end
 * of the window. Not again while hardly more is there than the last compaction left.
 */
export function needsCompaction(
  { state, settings }: Pick<RunningTask, "state" | "settings">,
  newTokens: number,
): boolean {
  const { autoCompactLimit } = settings.model;
  const least = state.compactedTokens * LIMITS.compactAgainShare;
  return state.usedTokens() + newTokens >= Math.max(autoCompactLimit, least);
}

/**
 * Asks for a shorter history and puts it in place. In the middle of a turn the initial
 * messages are said again at once; else the next turn says them. Throws ModelError, and
 * leaves the history as it was then.
 */
export async function compactHistory(
  reason: CompactionReason,
  context: RunningTask,
): Promise<void> {
  const { state, deps, log, settings } = context;
  const items = state.transcript.entries.map((entry) => entry.item);
  if (items.length === 0) return;
  const hooks = new TurnHooks(context);
  const trigger = reason === "manual" ? "manual" : "auto";
  const refusal = await hooks.beforeCompaction(trigger);
  if (refusal !== undefined) {
    const message = `Not compacted, a hook refused it: ${refusal}`;
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

function warnStillFull({ state, settings, emit }: RunningTask): void {
  const { autoCompactLimit } = settings.model;
  const tokens = state.compactedTokens;
  if (tokens < autoCompactLimit) return;
  emit({
    type: "warning",
    message:
      `The history has about ${tokens} tokens after its compaction, must have less than ${autoCompactLimit}: instructions and tools take ${state.baseTokens} of them; a larger model_context_window or a shorter AGENTS.md would help`,
  });
}

async function ask(context: RunningTask): Promise<Shorter> {
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
