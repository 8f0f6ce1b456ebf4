/** The provider's own compaction: one request, one JSON answer, a shorter history. */
import * as z from "zod/mini";
import { errorText, ModelError } from "../protocol/error.ts";
import type { Usage } from "../protocol/event.ts";
import type { WireItem } from "../protocol/item.ts";
import { parseJsonObject } from "../util/json/json.ts";
import { headBytes } from "../util/text/text.ts";
import { LIMITS } from "../protocol/limits.ts";
import { buildCutError } from "./connect_error.ts";
import { buildServerError } from "./errors/errors.ts";
import { parseUsage } from "./usage.ts";
import {
  type ModelRequest,
  openResponse,
  type TransportOptions,
} from "./transport.ts";

export interface CompactResult {
  /** As they came, in order. */
  readonly items: readonly WireItem[];
  readonly usage: Usage | null;
}

/** `POST {base}/responses/compact`. Throws ModelError, or the signal's reason. */
export async function requestCompaction(
  options: TransportOptions,
  request: ModelRequest,
): Promise<CompactResult> {
  const { response, watchdog } = await openResponse(options, {
    ...request,
    path: "/responses/compact",
    accept: "application/json",
  });
  try {
    return parseCompaction(await response.text());
  } catch (error) {
    if (request.signal.aborted) throw request.signal.reason;
    if (error instanceof ModelError) throw error;
    const { aborted, reason } = watchdog.signal;
    throw aborted ? reason : buildCutError(errorText(error));
  } finally {
    watchdog.stop();
  }
}

const Answer = z.object({
  output: z.array(z.looseObject({ type: z.string() })).check(z.minLength(1)),
});

/** The items of a compaction answer. Throws ModelError when it is none. */
function parseCompaction(body: string): CompactResult {
  const answer = parseJsonObject(body);
  if (answer?.["error"] !== undefined && answer["error"] !== null) {
    throw buildServerError(answer["error"]);
  }
  if (!Answer.safeParse(answer).success) {
    const start = headBytes(body.trim(), LIMITS.answerStartBytes);
    throw new ModelError(
      `Cannot compact: the answer has no list of items, it begins with ${
        JSON.stringify(start)
      }`,
      { kind: "stream", retryable: true },
    );
  }
  return {
    // The parsed copy would have its keys in another order.
    items: answer?.["output"] as unknown as readonly WireItem[],
    usage: parseUsage(answer?.["usage"]),
  };
}
