/** Whether a request that failed is tried again, and when. */
import { ModelError } from "../protocol/error.ts";
import type { EventBody } from "../protocol/event.ts";
import type { Host } from "../protocol/host.ts";
import { LIMITS } from "../protocol/limits.ts";
import type { ProviderEndpoint } from "../protocol/provider.ts";
import {
  attemptsOf,
  planRetry,
  type RetryBudget,
  type RetrySpent,
} from "../util/retry.ts";

/** A further attempt is about to be waited for. */
export type RetryNotice = Omit<
  Extract<EventBody, { readonly type: "stream.retry" }>,
  "type"
>;

interface NextAttempt {
  readonly delayMs: number;
  readonly spent: RetrySpent;
  readonly notice: RetryNotice;
}

/** What may be spent on one request before its answer begins. */
export function requestBudget(provider: ProviderEndpoint): RetryBudget {
  return retryBudget(provider, provider.requestRetries);
}

/** The retry budget after a broken stream. */
export function streamBudget(provider: ProviderEndpoint): RetryBudget {
  return retryBudget(provider, provider.streamRetries);
}

function retryBudget(
  { waitMaxMs }: ProviderEndpoint,
  attempts: number,
): RetryBudget {
  return {
    attemptsMax: Math.min(attempts, LIMITS.retriesMax),
    baseMs: LIMITS.retryBaseMs,
    totalMs: LIMITS.retryTotalMs,
    askedMsMax: waitMaxMs,
  };
}

/** The next attempt after this error; undefined when none can help, or none is left. */
export function planNextAttempt(
  error: ModelError,
  spent: RetrySpent,
  { budget, host }: {
    readonly budget: RetryBudget;
    readonly host: Pick<Host, "random" | "now">;
  },
): NextAttempt | undefined {
  const nowMs = host.now().getTime();
  const askedMs = askedMsOf(error, nowMs);
  // A quota that is spent is worth a wait whose end is known.
  if (!error.retryable && askedMs === undefined) return undefined;
  const plan = planRetry(budget, spent, { random: host.random(), askedMs });
  if (plan === undefined) return undefined;
  return {
    ...plan,
    notice: {
      attempt: attemptsOf(plan.spent),
      attemptsMax: budget.attemptsMax,
      delayMs: plan.delayMs,
      ...(askedMs !== undefined && { untilMs: nowMs + plan.delayMs }),
      reason: error.message,
      ...(error.status !== undefined && { status: error.status }),
    },
  };
}

/**
 * How long others that ask the same provider wait after this answer, whether whoever got it
 * asks again or not: never longer than one of them would wait by itself.
 */
export function sharedWaitMs(
  error: ModelError,
  { host, provider }: {
    readonly host: Pick<Host, "now">;
    readonly provider: ProviderEndpoint;
  },
): number {
  const askedMs = askedMsOf(error, host.now().getTime());
  return Math.min(askedMs ?? LIMITS.retryBaseMs, provider.waitMaxMs);
}

/**
 * The error when the budget is gone, not to be tried again: a caller that did would only
 * multiply the waiting.
 */
export function spentError(
  error: ModelError,
  spent: RetrySpent,
  { host, provider }: {
    readonly host: Pick<Host, "now">;
    readonly provider: ProviderEndpoint;
  },
): ModelError {
  const askedMs = askedMsOf(error, host.now().getTime());
  if (!error.retryable && askedMs === undefined) return error;
  const { waitMaxMs } = provider;
  const asked = askedMs !== undefined && askedMs > waitMaxMs
    ? `; the server asks to wait ${
      secondsOf(askedMs)
    } s, and limits.max_wait is ${
      secondsOf(waitMaxMs)
    } s (exec --wait-for-limits waits as long as it takes)`
    : "";
  const attempts = attemptsOf(spent);
  const tries = attempts === 0
    ? ""
    : `; gave up after ${attempts + 1} attempts`;
  return new ModelError(`${error.message}${asked}${tries}`, {
    ...error,
    retryable: false,
    retryAfterMs: undefined,
    retryAtMs: undefined,
  });
}

function secondsOf(ms: number): number {
  return Math.ceil(ms / 1_000);
}

function askedMsOf(
  { retryAfterMs, retryAtMs }: ModelError,
  nowMs: number,
): number | undefined {
  const ms = retryAfterMs ??
    (retryAtMs === undefined ? undefined : retryAtMs - nowMs);
  return ms === undefined
    ? undefined
    : Math.min(Math.max(0, ms), LIMITS.askedWaitMs);
}
