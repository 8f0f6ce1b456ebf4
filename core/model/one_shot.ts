/** One question to the model beside every conversation: no history, no tools, no shared prefix. */
import { ModelError } from "../protocol/error.ts";
import type { Usage } from "../protocol/event.ts";
import { viewItem, type WireItem } from "../protocol/item.ts";
import type { TurnSettings } from "../protocol/settings.ts";
import type { ModelClient } from "./client.ts";

interface OneShotQuestion {
  readonly model: TurnSettings["model"];
  readonly instructions?: string;
  readonly input: readonly WireItem[];
  /** Of the answer, reasoning included. */
  readonly tokensMax: number;
}

interface OneShotRequest extends OneShotQuestion {
  readonly threadId: string;
  readonly signal: AbortSignal;
}

interface OneShotAnswer {
  readonly text: string;
  /** It ended at `tokensMax`. */
  readonly isCut: boolean;
  /** Null when the server told none, as of an answer that was cut. */
  readonly usage: Usage | null;
}

/** The body of the request. Without a cache key: nothing will ever begin with it. */
export function buildOneShotBody(question: OneShotQuestion): string {
  const { model, instructions, input, tokensMax } = question;
  return JSON.stringify({
    model: model.slug,
    ...(instructions !== undefined && { instructions }),
    // Reasoning counts against the few tokens there are.
    ...(model.supportsReasoning && { reasoning: { effort: "low" } }),
    store: false,
    stream: true,
    max_output_tokens: tokensMax,
    input,
  });
}

/** The whole answer. Throws ModelError, and the signal's reason. */
export async function completeOnce(
  client: ModelClient,
  request: OneShotRequest,
): Promise<OneShotAnswer> {
  const said: string[] = [];
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
        if (view.type === "message") said.push(view.text);
      }
    }
    return { text: said.join("\n\n"), isCut: false, usage };
  } catch (error) {
    const text = said.length > 0 ? said.join("\n\n") : written;
    const isCut = error instanceof ModelError && error.kind === "incomplete";
    if (!isCut || text === "") throw error;
    return { text, isCut, usage };
  }
}
