/** The request for a shorter history: the provider's compaction endpoint, or a summary. */
import {
  buildCompactionInput,
  isKeptAnswer,
} from "../../context/compaction/prompt.ts";
import { trimForOverflow } from "../../context/compaction/overflow.ts";
import { estimateItemTokens } from "../../context/format/tokens.ts";
import { buildBody } from "../../model/request.ts";
import { ModelError } from "../../protocol/error.ts";
import type { Usage } from "../../protocol/event.ts";
import { viewItem, type WireItem } from "../../protocol/item.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { NOTHING_SPENT } from "../../util/retry.ts";
import { byteLength, tokensOfBytes } from "../../util/text/text.ts";
import type { PromptPrefix } from "../state/request_prefix.ts";
import { waitForRetry } from "./stream_retry.ts";
import type { TurnContext } from "./context.ts";

interface Asked {
  readonly usage: Usage | null;
  readonly durationMs: number;
  readonly requestBytes: number;
}

export type Shorter =
  | Asked & { readonly type: "summary"; readonly text: string }
  | Asked & { readonly type: "items"; readonly items: readonly WireItem[] };

/** `POST /responses/compact` with the whole history, less where it does not fit. */
export function askEndpoint(
  prefix: PromptPrefix,
  context: TurnContext,
): Promise<Shorter> {
  return withTrimming(context, (items) => items, async (texts) => {
    const body = buildBody(prefix.compactParts(), texts);
    const { host, model } = context.deps;
    const startedMs = host.monotonicMs();
    const { items, usage } = await model.compact({
      body,
      threadId: context.threadId,
      signal: context.signal,
      onRetry: (notice) => context.emit({ type: "stream.retry", ...notice }),
    });
    if (!items.some(isKeptAnswer)) {
      throw new ModelError("Cannot compact: the answer keeps no item", {
        kind: "stream",
        retryable: false,
      });
    }
    const durationMs = Math.round(host.monotonicMs() - startedMs);
    const requestBytes = byteLength(body);
    return { type: "items", items, usage, durationMs, requestBytes };
  });
}

/** Asks the model itself, with the same instructions and tools, for a summary. */
export function askSummary(
  prefix: PromptPrefix,
  context: TurnContext,
): Promise<Shorter> {
  return withTrimming(
    context,
    (items) => buildCompactionInput(items, context.deps.compactPrompt).input,
    async (texts) => {
      const body = buildBody(prefix.summaryParts(), texts);
      const { host } = context.deps;
      const startedMs = host.monotonicMs();
      const answer = await readSummary(body, context);
      const durationMs = Math.round(host.monotonicMs() - startedMs);
      const requestBytes = byteLength(body);
      return { type: "summary", ...answer, durationMs, requestBytes };
    },
  );
}

// The oldest work is left out until the request fits: by our estimate before it is sent,
// by the server's error after.
async function withTrimming(
  context: TurnContext,
  input: (items: readonly WireItem[]) => readonly WireItem[],
  send: (texts: readonly string[]) => Promise<Shorter>,
): Promise<Shorter> {
  const texts = new Map(
    context.state.transcript.entries.map(({ item, json }) => [item, json]),
  );
  let items: readonly WireItem[] = [...texts.keys()];
  let dropped = 0;
  for (;;) {
    const excess = excessTokens(input(items), context);
    const trimmed = excess > 0
      ? trimForOverflow(items, { tokensMin: excess })
      : undefined;
    if (trimmed !== undefined && trimmed.dropped > 0) {
      items = trimmed.items;
      dropped += trimmed.dropped;
    }
    try {
      const shorter = await send(
        input(items).map((item) => texts.get(item) ?? JSON.stringify(item))
          .filter((text) => text !== ""),
      );
      warnDropped(dropped, context);
      return shorter;
    } catch (error) {
      // A body that is too large loses its pictures first.
      const isFull = error instanceof ModelError &&
        error.kind === "context_window" &&
        !(error.refused.includes("old_pictures") &&
          context.state.transcript.pictures > 0);
      const less = isFull ? trimForOverflow(items) : undefined;
      if (less === undefined || less.dropped === 0) throw error;
      items = less.items;
      dropped += less.dropped;
    }
  }
}

function excessTokens(
  items: readonly WireItem[],
  { state, settings, deps }: TurnContext,
): number {
  const tokens = items.reduce((sum, item) => sum + estimateItemTokens(item), 0);
  const { contextWindow } = state.modelIn(settings);
  const room = Math.min(
    Math.floor(contextWindow * LIMITS.windowShare) - LIMITS.summaryTokens,
    tokensOfBytes(deps.endpoint.pictures.requestBytesMax),
  );
  return tokens - Math.max(room - state.baseTokens, 0);
}

function warnDropped(dropped: number, context: TurnContext): void {
  if (dropped === 0) return;
  context.emit({
    type: "warning",
    message:
      `The history is too long to be compacted in one request: the summary leaves out its ${dropped} oldest items`,
  });
}

async function readSummary(
  body: string,
  context: TurnContext,
): Promise<{ readonly text: string; readonly usage: Usage | null }> {
  let spent = NOTHING_SPENT;
  for (;;) {
    try {
      return await readSummaryOnce(body, context);
    } catch (error) {
      spent = await waitForRetry(error, spent, context);
    }
  }
}

// The last message that says anything is the summary, also one that was cut at its length;
// calls are ignored.
async function readSummaryOnce(
  body: string,
  context: TurnContext,
): Promise<{ readonly text: string; readonly usage: Usage | null }> {
  let text = "";
  let usage: Usage | null = null;
  const { model } = context.deps;
  const { threadId, signal, emit } = context;
  const batches = model.stream({
    body,
    threadId,
    signal,
    onRetry: (notice) => emit({ type: "stream.retry", ...notice }),
  });
  try {
    for await (const batch of batches) {
      for (const event of batch) {
        if (event.type === "completed") usage = event.usage;
        if (event.type !== "item_done") continue;
        const view = viewItem(event.item);
        if (view.type === "message") text = view.text.trim() || text;
      }
    }
  } catch (error) {
    const isCut = error instanceof ModelError && error.kind === "incomplete";
    if (!isCut || text === "") throw error;
  }
  return { text, usage };
}
