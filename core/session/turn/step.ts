/** One step: a request and the calls it leads to, tried again where a stream breaks. */
import { NOTHING_SPENT } from "../../util/retry.ts";
import { limitNoticeItem } from "../../context/markers.ts";
import { buildBody } from "../../model/request.ts";
import { ModelError } from "../../protocol/error.ts";
import type { CacheReport, Usage } from "../../protocol/event.ts";
import type { ThreadLog } from "../../protocol/log.ts";
import type { TurnSettings } from "../../protocol/settings.ts";
import type { Spending } from "../../protocol/tool.ts";
import type { Approvals } from "../state/approvals.ts";
import type { Budget, LimitState } from "../state/budget.ts";
import type { CacheWatch } from "../state/cache_watch.ts";
import { Dispatch } from "./dispatch.ts";
import { openPrefix, type PromptPrefix } from "../state/request_prefix.ts";
import { type Sample, sample, type SampleContext } from "./sample.ts";
import { waitForRetry } from "./stream_retry.ts";
import type { TurnHooks } from "./turn_hooks.ts";
import { byteLength } from "../../util/text/text.ts";

export interface StepContext extends Omit<SampleContext, "dispatch"> {
  readonly settings: TurnSettings;
  readonly approvals: Approvals;
  readonly budget: Budget;
  readonly log: ThreadLog;
  readonly cacheWatch: CacheWatch;
  /** Folders that calls have touched, since last asked. */
  takeTouched(): readonly string[];
  countReaped(count: number): void;
  touch(paths: readonly string[]): void;
  beforeChange(paths: readonly string[]): Promise<void>;
  /** Adds to the usage of the turn. */
  countUsage(usage: Usage): void;
  readonly hooks: TurnHooks;
}

export interface StepAnswer {
  readonly message: string | undefined;
  /** Whether another request is due: something was called, or the server says so. */
  readonly needsFollowUp: boolean;
}

/** Runs one step. Throws ModelError when the budget of attempts or of the run is spent. */
export async function runStep(context: StepContext): Promise<StepAnswer> {
  let spent = NOTHING_SPENT;
  for (;;) {
    checkBudget(context);
    tellSoftMark(context);
    const prefix = await openPrefix(context);
    const dispatch = new Dispatch({
      ...context,
      transcript: context.state.transcript,
      tools: prefix.tools,
      monotonicMs: () => context.deps.host.monotonicMs(),
      sleep: (ms, signal) => context.deps.host.sleep(ms, signal),
      spending: spendingOf(context),
    });
    try {
      const answer = await request(prefix, context, dispatch);
      await settle(context, dispatch);
      return {
        message: answer.message,
        needsFollowUp: answer.calls > 0 || answer.needsFollowUp,
      };
    } catch (error) {
      const calls = dispatch.count;
      await settle(context, dispatch);
      spent = await waitForRetry(error, spent, context);
      // Committed calls were answered: the next request goes on from them.
      if (calls > 0) return { message: undefined, needsFollowUp: true };
    }
  }
}

async function request(
  prefix: PromptPrefix,
  context: StepContext,
  dispatch: Dispatch,
): Promise<Sample> {
  const { transcript } = context.state;
  const body = buildBody(prefix.parts, [transcript.inputText()]);
  const watch = context.cacheWatch.begin(prefix, transcript);
  const requestBytes = byteLength(prefix.parts.head) + transcript.inputBytes +
    byteLength(prefix.parts.tail);
  context.budget.countAttempt();
  const answer = await sample(body, { ...context, dispatch });
  if (answer.usage !== null) context.state.count(answer.usage);
  context.budget.countUsage(answer.usage);
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
  return answer;
}

// Outputs are appended although the turn may be over: no call stays unanswered.
async function settle(context: StepContext, dispatch: Dispatch): Promise<void> {
  context.budget.countToolCalls(dispatch.count);
  await dispatch.settle();
  context.state.transcript.append(context.hooks.takeContext());
  const touched = context.takeTouched();
  if (touched.length === 0) return;
  const contextUpdate = await context.deps.context.touched(touched);
  context.state.transcript.append(contextUpdate);
}

function checkBudget(context: StepContext): void {
  const state = context.budget.exhausted(context.deps.host.monotonicMs());
  if (state === undefined) return;
  throw new ModelError(
    `Cannot send another request: ${usedText(state)}`,
    { kind: state.kind === "time" ? "timeout" : "limit", retryable: false },
  );
}

// What tools send counts like what the thread sends, but is no part of its history.
function spendingOf(context: StepContext): Spending {
  const { budget, state, deps } = context;
  return {
    refusal: () => {
      const spent = budget.exhausted(deps.host.monotonicMs());
      return spent === undefined ? undefined : usedText(spent);
    },
    count: (usage) => {
      budget.countRequest(usage);
      if (usage === null) return;
      state.spend(usage);
      context.countUsage(usage);
    },
  };
}

function usedText({ kind, used, max }: LimitState): string {
  if (kind === "time") {
    return `the ${Math.round(max / 1000)} s of the run are over`;
  }
  // Sums of money are sums of fractions.
  const amount = kind === "cost" ? used.toFixed(4) : used;
  return `${amount} of ${max} ${kind.replace("_", " ")} are used`;
}

function tellSoftMark(context: StepContext): void {
  const near = context.budget.takeSoftMark(context.deps.host.monotonicMs());
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
