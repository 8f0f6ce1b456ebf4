/** Retries of a broken stream: when and how often; each one is an event. */
import { planNextAttempt, streamBudget } from "../../model/attempts.ts";
import { ModelError } from "../../protocol/error.ts";
import type { RetrySpent } from "../../util/retry.ts";
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
  if (signal.aborted || !(error instanceof ModelError)) throw error;
  const { host, endpoint } = deps;
  const budget = streamBudget(endpoint);
  const plan = planNextAttempt(error, spent, { budget, host });
  if (plan === undefined) throw error;
  emit({ type: "stream.retry", ...plan.notice });
  await host.sleep(plan.delayMs, signal);
  return plan.spent;
}
