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
import { ModelError } from "../../protocol/error.ts";
import type { EventBody, FailureKind } from "../../protocol/event.ts";
import { tokensOfBytes } from "../../util/text/text.ts";
import { askEndpoint, askSummary, type Shorter } from "./compaction_request.ts";
import { openPrefix, type PromptPrefix } from "../state/request_prefix.ts";
import type { TurnContext } from "./context.ts";
import { leaveOldPictures, repairHistory } from "./repair.ts";

type CompactionReason = Extract<
  EventBody,
  { type: "context.compacted" }
>["reason"];

/**
 * Whether the next request, with `newTokens` on top, would come too near to the end of
 * the window, or have more bytes of text than the provider takes; of pictures, older ones
 * are left out first. Not again while little was added to what the last compaction left.
 */
export function needsCompaction(
  { state, settings, deps }: Pick<TurnContext, "state" | "settings"> & {
    readonly deps: Pick<TurnContext["deps"], "endpoint">;
  },
  newTokens: number,
): boolean {
  const { transcript, compactedTokens } = state;
  const used = state.usedTokens() + newTokens;
  if (used < compactedTokens * LIMITS.compactAgainShare) return false;
  const { requestBytesMax } = deps.endpoint.pictures;
  const isLarge = transcript.pictures <= 1 &&
    tokensOfBytes(transcript.inputBytes) + newTokens >
      tokensOfBytes(requestBytesMax * LIMITS.compactShare);
  return isLarge || used >= state.modelIn(settings).autoCompactLimit;
}

/**
 * Asks for a shorter history and puts it in place. In the middle of a turn it contains
 * the initial messages; else the next turn sends them. Throws ModelError, and then leaves
 * the history as it was. `isForced`: the server takes no request before that.
 */
export async function compactHistory(
  reason: CompactionReason,
  context: TurnContext,
  { isForced = false }: { readonly isForced?: boolean } = {},
): Promise<void> {
  const { state, deps, hooks } = context;
  if (state.transcript.entries.length === 0) return;
  const trigger = reason === "manual" ? "manual" : "auto";
  const refusal = await hooks.beforeCompaction(trigger);
  if (refusal !== undefined) {
    const message = `A hook refused the compaction: ${refusal}`;
    return context.emit({ type: "warning", message });
  }
  const end = deps.observer?.compacting();
  let summary: string | undefined;
  try {
    summary = await shorten(reason, context, isForced);
  } finally {
    end?.();
  }
  if (summary !== undefined) await hooks.afterCompaction(trigger, summary);
}

// Resolves to the summary; undefined where it goes without one.
async function shorten(
  reason: CompactionReason,
  context: TurnContext,
  isForced: boolean,
): Promise<string | undefined> {
  const { state, deps, hooks } = context;
  const items = state.transcript.entries.map((entry) => entry.item);
  const tokensBefore = state.usedTokens();
  const shorter = await askRepaired(context)
    .catch((error) => withoutSummary(error, { reason, isForced }, context));
  if (shorter === undefined) return undefined;
  const contextUpdate = reason === "mid_turn"
    ? await deps.context.contextUpdate(undefined, context.settings)
    : undefined;
  const replaced = replace(shorter, contextUpdate?.items ?? [], context);
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
    itemsKept: replaced.length,
    itemsDropped: items.length,
  });
  warnStillFull(context);
  return textOf(shorter);
}

function replace(
  shorter: Shorter,
  initial: readonly WireItem[],
  { state, log, settings }: TurnContext,
): readonly string[] {
  const items = state.transcript.entries.map((entry) => entry.item);
  const { handover } = state.transcript;
  const { trailing } = buildCompactionInput(items);
  const parts: ReplacementParts = {
    items,
    handover,
    budget: compactionBudget(state.modelIn(settings), items),
    cwd: settings.cwd,
    initial,
  };
  const replacement = [
    ...shorter.type === "summary"
      ? buildReplacement(parts, shorter.text)
      : buildEndpointReplacement(parts, shorter.items),
    ...trailing,
  ].map((item) => JSON.stringify(item));
  const summary = textOf(shorter);
  log.append({ type: "compacted", summary, replacement, handover });
  state.transcript.replace(replacement);
  return replacement;
}

function textOf(shorter: Shorter): string {
  return shorter.type === "summary" ? shorter.text : "";
}

function warnStillFull({ state, settings, emit }: TurnContext): void {
  const { autoCompactLimit } = state.modelIn(settings);
  const tokens = state.compactedTokens;
  if (tokens < autoCompactLimit) return;
  emit({
    type: "warning",
    message:
      `Still about ${tokens} tokens after compaction (limit ${autoCompactLimit}; instructions and tools take ${state.baseTokens}): raise model_context_window or shorten AGENTS.md`,
  });
}

// What the server refuses in the history is left out, as before any other request.
async function askRepaired(context: TurnContext): Promise<Shorter> {
  leaveOldPictures(context);
  for (;;) {
    try {
      return await ask(await openPrefix(context), context);
    } catch (error) {
      const isRepaired = error instanceof ModelError &&
        repairHistory(error, context);
      if (!isRepaired) throw error;
    }
  }
}

// The provider's endpoint where it has one that works, else a summary, asked for again
// when it is empty.
async function ask(
  prefix: PromptPrefix,
  context: TurnContext,
): Promise<Shorter> {
  const { state, deps } = context;
  if (deps.endpoint.supportsCompact && !state.isCompactEndpointLost) {
    try {
      return count(await askEndpoint(prefix, context), context);
    } catch (error) {
      leaveEndpoint(error, context);
    }
  }
  for (let attempt = 0; attempt < LIMITS.summaryAttempts; attempt++) {
    const shorter = count(await askSummary(prefix, context), context);
    if (textOf(shorter).trim() !== "") return shorter;
  }
  throw new ModelError(
    `The model gave no summary when asked ${LIMITS.summaryAttempts} times`,
    { kind: "incomplete", retryable: false },
  );
}

// Whatever the endpoint says, or that it says nothing, is no reason to lose the session:
// the model itself can still be asked. Not so without a key.
function leaveEndpoint(error: unknown, context: TurnContext): void {
  const isLost = error instanceof ModelError && !context.signal.aborted &&
    error.status !== 401;
  if (!isLost) throw error;
  context.state.isCompactEndpointLost = true;
  context.emit({
    type: "warning",
    message:
      `The provider's compaction endpoint failed, the model is asked for a summary instead, from now on: ${error.message}`,
  });
}

// A summary that is refused or stays empty must neither lose the history nor stop the
// session: it stays as it is while there is room; without room, the facts take its place.
function withoutSummary(
  error: unknown,
  options: { readonly reason: CompactionReason; readonly isForced: boolean },
  context: TurnContext,
): Shorter | undefined {
  const isRefused = error instanceof ModelError && !error.retryable &&
    REFUSALS.has(error.kind);
  if (!isRefused || options.reason === "manual") throw error;
  // Then not even the person's last message fits.
  if (options.isForced && error.kind === "context_window") throw error;
  const { state, emit } = context;
  const what = options.isForced
    ? "the history is replaced by its facts, without a summary"
    : "the history stays as it is";
  emit({
    type: "warning",
    message: `Cannot compact, ${what}: ${error.message}`,
  });
  if (options.isForced) {
    return {
      type: "summary",
      text: "",
      usage: null,
      durationMs: 0,
      requestBytes: 0,
    };
  }
  // Not asked again at every step.
  state.compactedTokens = state.usedTokens();
  return undefined;
}

const REFUSALS: ReadonlySet<FailureKind> = new Set([
  "invalid_request",
  "incomplete",
  "context_window",
]);

function count(shorter: Shorter, context: TurnContext): Shorter {
  const { usage, durationMs, requestBytes } = shorter;
  context.budget.countRequest(usage);
  if (usage !== null) context.state.spend(usage);
  context.emit({
    type: "request.completed",
    usage,
    durationMs,
    requestBytes,
    cache: null,
  });
  return shorter;
}
