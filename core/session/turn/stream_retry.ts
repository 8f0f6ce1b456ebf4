/** Asking anew after an answer broke off: when, how often, and said aloud each time. */
import { streamBudget } from "../../model/transport.ts";
import { ModelError } from "../../protocol/error.ts";
import type { EventBody } from "../../protocol/event.ts";
import { planRetry, type RetrySpent } from "../../util/retry.ts";
import type { ThreadDeps } from "../state/deps.ts";

export interface RetryContext {
  readonly deps: Pick<ThreadDeps, "host" | "endpoint">;
  readonly signal: AbortSignal;
  readonly emit: (event: EventBody) => void;
}

/**
 * Waits for the next attempt and resolves to what is spent then. Throws the error itself
 * when it is none that another request may mend, or when the budget is spent.
 */
export async function waitForRetry(
  error: unknown,
  spent: RetrySpent,
  { deps, signal, emit }: RetryContext,
): Promise<RetrySpent> {
  const isBroken = error instanceof ModelError && error.retryable;
  if (signal.aborted || !isBroken) throw error;
  const budget = streamBudget(deps.endpoint);
  const plan = planRetry(budget, spent, {
    random: deps.host.random(),
    askedMs: error.retryAfterMs,
  });
  if (plan === undefined) throw error;
  emit({
    type: "stream.retry",
    attempt: plan.spent.attempts,
    attemptsMax: budget.attemptsMax,
    delayMs: plan.delayMs,
    reason: error.message,
    ...(error.status !== undefined && { status: error.status }),
  });
  await deps.host.sleep(plan.delayMs, signal);
  return plan.spent;
}
