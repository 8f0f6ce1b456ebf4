/** One step: a request and the calls it leads to, retried when a stream breaks. */
import { NOTHING_SPENT } from "../../util/retry.ts";
import { commandsEndedItem, limitNoticeItem } from "../../context/markers.ts";
import { ModelError } from "../../protocol/error.ts";
import type { CacheReport } from "../../protocol/event.ts";
import { renderUsed } from "../state/budget.ts";
import { openPrefix, type PromptPrefix } from "../state/request_prefix.ts";
import { byteLength } from "../../util/text/text.ts";
import type { TurnContext } from "./context.ts";
import { Dispatch } from "./dispatch.ts";
import type { StepPrint } from "./loop_guard.ts";
import { type Sample, sample } from "./sample.ts";
import { waitForRetry } from "./stream_retry.ts";

export interface StepAnswer {
  readonly message: Sample["message"];
  /** Whether another request is due: something was called, or the server says so. */
  readonly needsFollowUp: boolean;
  /** What was done, for comparing steps. */
  readonly print: StepPrint;
}

/** Runs one step. Throws ModelError when no retry or request is left. */
export async function runStep(context: TurnContext): Promise<StepAnswer> {
  let spent = NOTHING_SPENT;
  for (;;) {
    checkBudget(context);
    noteSoftMark(context);
    noteEnded(context);
    const prefix = await openPrefix(context);
    const dispatch = new Dispatch(prefix.tools, context);
    try {
      const answer = await request(prefix, context, dispatch);
      await settle(context, dispatch);
      const { message, calls } = answer;
      return {
        message,
        needsFollowUp: calls > 0 || answer.needsFollowUp,
        print: calls > 0 ? dispatch.print() : messagePrint(message?.text),
      };
    } catch (error) {
      const calls = dispatch.count;
      await settle(context, dispatch);
      spent = await waitForRetry(error, spent, context);
      // Committed calls have their outputs: the next request continues from them.
      if (calls > 0) {
        const print = dispatch.print();
        return { message: undefined, needsFollowUp: true, print };
      }
    }
  }
}

function messagePrint(text = ""): StepPrint {
  return { text: `message ${text}`, isFailed: false, what: "the same answer" };
}

async function request(
  prefix: PromptPrefix,
  context: TurnContext,
  dispatch: Dispatch,
): Promise<Sample> {
  const { transcript } = context.state;
  const body = transcript.body(prefix.parts);
  const watch = context.cacheWatch.begin(prefix, transcript);
  const requestBytes = byteLength(prefix.parts.head) + transcript.inputBytes +
    byteLength(prefix.parts.tail);
  context.budget.countAttempt();
  const answer = await sample(body, context, (call) => dispatch.start(call));
  if (answer.usage !== null) context.state.count(answer.usage);
  context.budget.countUsage(context.state.spentBy(answer.usage));
  const cache = watch.end(answer.usage);
  context.state.lastCache = cache;
  context.log.append({
    type: "request",
    usage: answer.usage,
    bodyHash: watch.bodyHash,
    inputItems: watch.inputItems,
    ...(cache.cause !== "" && { cause: cache.cause }),
  });
  context.emit({
    type: "request.completed",
    usage: answer.usage,
    durationMs: Math.round(answer.durationMs),
    requestBytes,
    cache,
    ...(answer.requestId !== undefined && { requestId: answer.requestId }),
  });
  checkCache(cache, context);
  if (answer.error !== undefined) throw answer.error;
  return answer;
}

// Outputs are appended although the turn may be over: every call gets one.
async function settle(context: TurnContext, dispatch: Dispatch): Promise<void> {
  const { budget, state, deps, hooks, record } = context;
  budget.countToolCalls(dispatch.count);
  await dispatch.settle();
  state.transcript.append(hooks.takeContext());
  const touched = record.takeTouched();
  if (touched.length === 0) return;
  state.transcript.append(await deps.context.touched(touched));
}

function checkBudget({ budget, deps }: TurnContext): void {
  const limit = budget.exhausted(deps.host.monotonicMs());
  if (limit === undefined) return;
  throw new ModelError(
    `Cannot send another request: ${renderUsed(limit)}`,
    { kind: limit.kind === "time" ? "timeout" : "limit", retryable: false },
  );
}

function noteSoftMark({ budget, state, deps }: TurnContext): void {
  const near = budget.takeSoftMark(deps.host.monotonicMs());
  if (near === undefined) return;
  state.transcript.append([limitNoticeItem(near.kind, near)]);
}

function noteEnded({ deps, settings, state }: TurnContext): void {
  const texts = deps.live?.takeEnded(settings.model.toolOutputTokens) ?? [];
  if (texts.length === 0) return;
  state.transcript.append([commandsEndedItem(texts)]);
}

function checkCache(cache: CacheReport | null, { deps }: TurnContext): void {
  if (!deps.strictCache || !cache?.prefixBroken) return;
  throw new ModelError(
    `Cannot continue: the prompt does not extend the one before, ${cache.cause}`,
    { kind: "cache", retryable: false },
  );
}
