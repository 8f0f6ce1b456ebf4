/** One step: a request and the calls it leads to, tried again where a stream breaks. */
import { NOTHING_SPENT, planRetry, type RetryPlan } from "../util/retry.ts";
import { limitNoticeItem } from "../context/markers.ts";
import { buildBody, type RequestParts } from "../model/request.ts";
import { ModelError } from "../protocol/error.ts";
import type { CacheReport } from "../protocol/event.ts";
import type { ThreadLog } from "../protocol/log.ts";
import { LIMITS } from "../protocol/limits.ts";
import type { TurnSettings } from "../protocol/settings.ts";
import type { Approvals } from "./approvals.ts";
import type { Budget } from "./budget.ts";
import type { CacheWatch } from "./cache_watch.ts";
import { Dispatch } from "./dispatch.ts";
import { type Sample, sample, type SampleContext } from "./sample.ts";

export interface StepContext extends Omit<SampleContext, "dispatch"> {
  readonly settings: TurnSettings;
  readonly approvals: Approvals;
  readonly budget: Budget;
  readonly log: ThreadLog;
  readonly cacheWatch: CacheWatch;
  /** Head and tail of the body; builds the tool list on first use. */
  requestParts(): Promise<RequestParts>;
  /** Folders that calls have touched, since last asked. */
  takeTouched(): readonly string[];
  countReaped(count: number): void;
  touch(paths: readonly string[]): void;
}

export interface StepAnswer {
  readonly message: string | undefined;
  /** Whether another request is due: something was called, or the server says so. */
  readonly goesOn: boolean;
}

/** Runs one step. Throws ModelError when the budget of attempts or of the run is spent. */
export async function runStep(context: StepContext): Promise<StepAnswer> {
  let spent = NOTHING_SPENT;
  for (;;) {
    checkBudget(context);
    tellSoftMark(context);
    const parts = await context.requestParts();
    const dispatch = new Dispatch({
      ...context,
      transcript: context.state.transcript,
      tools: context.state.tools ?? [],
      monotonicMs: () => context.deps.host.monotonicMs(),
      sleep: (ms, signal) => context.deps.host.sleep(ms, signal),
    });
    try {
      const answer = await request(parts, context, dispatch);
      await settle(context, dispatch);
      return {
        message: answer.message,
        goesOn: answer.calls > 0 || answer.goesOn,
      };
    } catch (error) {
      const calls = dispatch.count;
      await settle(context, dispatch);
      const plan = planStreamRetry(error, context, spent);
      if (plan === undefined) throw error;
      spent = plan.spent;
      announce(error as ModelError, plan, context);
      await context.deps.host.sleep(plan.delayMs, context.signal);
      // Committed calls were answered: the next request goes on from them.
      if (calls > 0) return { message: undefined, goesOn: true };
    }
  }
}

async function request(
  parts: RequestParts,
  context: StepContext,
  dispatch: Dispatch,
): Promise<Sample> {
  const body = buildBody(parts, [context.state.transcript.inputText()]);
  const watch = context.cacheWatch.begin(parts, context.state.transcript);
  const answer = await sample(body, { ...context, dispatch });
  if (answer.usage !== null) context.state.count(answer.usage);
  context.budget.countRequest(answer.usage);
  const cache = watch.end(answer.usage);
  context.log.append({
    type: "request",
    usage: answer.usage,
    bodyHash: watch.bodyHash,
    inputItems: watch.inputItems,
  });
  context.emit({
    type: "request.completed",
    usage: answer.usage,
    durationMs: Math.round(answer.durationMs),
    requestBytes: body.length,
    cache,
    ...(answer.requestId !== undefined && { requestId: answer.requestId }),
  });
  checkCache(cache, context);
  return answer;
}

// Outputs are appended although the turn may be over: no call stays unanswered.
async function settle(context: StepContext, dispatch: Dispatch): Promise<void> {
  context.budget.countToolCalls(dispatch.count);
  await dispatch.settle();
  const touched = context.takeTouched();
  if (touched.length === 0) return;
  const news = await context.deps.context.touched(touched);
  context.state.transcript.append(news);
}

function planStreamRetry(
  error: unknown,
  context: StepContext,
  spent: typeof NOTHING_SPENT,
): RetryPlan | undefined {
  if (context.signal.aborted || !(error instanceof ModelError)) {
    return undefined;
  }
  // Failures before the answer began have had their attempts in the client.
  const hadAnswer = error.status === undefined && error.kind !== "unreachable";
  if (!error.retryable || !hadAnswer) return undefined;
  return planRetry(streamBudget(context), spent, {
    random: context.deps.host.random(),
    askedMs: error.retryAfterMs,
  });
}

function announce(
  error: ModelError,
  plan: RetryPlan,
  context: StepContext,
): void {
  context.emit({
    type: "stream.retry",
    attempt: plan.spent.attempts,
    attemptsMax: context.deps.endpoint.streamRetries,
    delayMs: plan.delayMs,
    reason: error.message,
    ...(error.status !== undefined && { status: error.status }),
  });
}

function streamBudget(context: StepContext): Parameters<typeof planRetry>[0] {
  return {
    attemptsMax: context.deps.endpoint.streamRetries,
    baseMs: LIMITS.retryBaseMs,
    totalMs: LIMITS.retryTotalMs,
    askedMsMax: LIMITS.retryAfterMaxMs,
  };
}

function checkBudget(context: StepContext): void {
  const state = context.budget.exhausted();
  if (state === undefined) return;
  throw new ModelError(
    `Cannot send another request: ${state.used} of ${state.max} ${
      state.kind.replace("_", " ")
    } are used`,
    { kind: "limit", retryable: false },
  );
}

function tellSoftMark(context: StepContext): void {
  const near = context.budget.takeSoftMark();
  if (near === undefined) return;
  context.state.transcript.append([limitNoticeItem(near.kind, near)]);
}

function checkCache(cache: CacheReport | null, context: StepContext): void {
  if (!context.deps.strictCache || !cache?.prefixBroken) return;
  throw new ModelError(
    `Cannot go on: the prompt is no extension of the one before, ${cache.cause}`,
    { kind: "cache", retryable: false },
  );
}
