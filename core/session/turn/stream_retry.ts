/** Retries of a broken stream: when and how often; each one is an event. */
import { streamBudget } from "../../model/transport.ts";
import { ModelError } from "../../protocol/error.ts";
import { planRetry, type RetrySpent } from "../../util/retry.ts";
import type { ThreadDeps } from "../state/deps.ts";
import type { TurnContext } from "./context.ts";

/**
 * Waits for the next attempt and resolves to what is spent then. Throws the error itself
 * when a retry cannot help, or when no retry is left.
 */
export async function waitForRetry(
  error: unknown,
  spent: RetrySpent,
  { deps, signal, emit }: Pick<TurnContext, "signal" | "emit"> & {
    readonly deps: Pick<ThreadDeps, "host" | "endpoint">;
  },
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
