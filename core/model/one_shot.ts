/** A request outside of every conversation: no history, no tools, no shared prefix. */
import { ModelError } from "../protocol/error.ts";
import type { Usage } from "../protocol/event.ts";
import { viewItem, type WireItem } from "../protocol/item.ts";
import type { TurnSettings } from "../protocol/settings.ts";
import type { ModelClient } from "./client.ts";

export interface OneShotRequest {
  readonly model: TurnSettings["model"];
  readonly instructions?: string;
  readonly input: readonly WireItem[];
  /** Of the answer, reasoning included. */
  readonly tokensMax: number;
  readonly threadId: string;
  readonly signal: AbortSignal;
}

export interface OneShotAnswer {
  readonly text: string;
  /** Whether it ended at `tokensMax`. */
  readonly isCut: boolean;
  /** Null when the server reported none, as for an answer that was cut. */
  readonly usage: Usage | null;
}

/** The whole answer. Throws ModelError, and the signal's reason. */
export async function completeOnce(
  client: ModelClient,
  request: OneShotRequest,
): Promise<OneShotAnswer> {
  const messages: string[] = [];
  let written = "";
  let usage: Usage | null = null;
  try {
    const batches = client.stream({
      body: buildOneShotBody(request),
      threadId: request.threadId,
      signal: request.signal,
    });
    for await (const batch of batches) {
      for (const event of batch) {
        if (event.type === "text_delta") written += event.text;
        if (event.type === "completed") usage = event.usage;
        if (event.type !== "item_done") continue;
        const view = viewItem(event.item);
        if (view.type === "message") messages.push(view.text);
      }
    }
    return { text: messages.join("\n\n"), isCut: false, usage };
  } catch (error) {
    const text = messages.length > 0 ? messages.join("\n\n") : written;
    const isCut = error instanceof ModelError && error.kind === "incomplete";
    if (!isCut || text === "") throw error;
    return { text, isCut, usage };
  }
}

// Without a cache key: no later request begins with it.
function buildOneShotBody(request: OneShotRequest): string {
  const { model, instructions, input, tokensMax } = request;
  return JSON.stringify({
    model: model.slug,
    ...(instructions !== undefined && { instructions }),
    // Reasoning counts against the few tokens there are.
    ...(model.supportsReasoning && { reasoning: { effort: "low" } }),
    store: false,
    stream: true,
    max_output_tokens: Math.min(tokensMax, model.outputTokensMax ?? tokensMax),
    input,
  });
}
