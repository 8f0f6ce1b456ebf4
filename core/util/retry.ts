/** When to try again: backoff, what a server asked for, and the budget both live in. Pure. */

/** How often and how long one piece of work may be tried again. */
export interface RetryBudget {
  /** Further attempts after the first. */
  readonly attemptsMax: number;
  /** The first wait; each further one doubles. */
  readonly baseMs: number;
  /** All waits of our own choosing together. */
  readonly totalMs: number;
  /** The longest single wait a server may ask for; infinite: whatever it says, as often as it says it. */
  readonly askedMsMax: number;
}

/** What has been spent of a budget. */
export interface RetrySpent {
  readonly attempts: number;
  /** Waits of our own choosing; those a server asked for do not count. */
  readonly waitedMs: number;
  /** Attempts that count against nothing, because all waiting is allowed. */
  readonly patient?: number;
}

export const NOTHING_SPENT: RetrySpent = Object.freeze({
  attempts: 0,
  waitedMs: 0,
});

/** All attempts, for people. */
export function attemptsOf({ attempts, patient = 0 }: RetrySpent): number {
  return attempts + patient;
}

/**
 * The next attempt, or undefined when the budget does not allow one. `random` in [0, 1)
 * spreads the wait by a tenth either way; `askedMs` is the server's own wish and wins.
 */
export function planRetry(
  budget: RetryBudget,
  spent: RetrySpent,
  options: { readonly random: number; readonly askedMs?: number | undefined },
): { readonly delayMs: number; readonly spent: RetrySpent } | undefined {
  const { askedMs } = options;
  if (askedMs !== undefined && budget.askedMsMax === Infinity) {
    const patient = (spent.patient ?? 0) + 1;
    // A server that asks for no wait at all is not to be asked without a pause.
    const delayMs = Math.max(askedMs, budget.baseMs);
    return { delayMs, spent: { ...spent, patient } };
  }
  if (spent.attempts >= budget.attemptsMax) return undefined;
  const attempts = spent.attempts + 1;
  if (askedMs !== undefined) {
    if (askedMs > budget.askedMsMax) return undefined;
    return { delayMs: askedMs, spent: { ...spent, attempts } };
  }
  const jitter = 0.9 + options.random * 0.2;
  const delayMs = Math.round(budget.baseMs * 2 ** spent.attempts * jitter);
  const waitedMs = spent.waitedMs + delayMs;
  if (waitedMs > budget.totalMs) return undefined;
  return { delayMs, spent: { ...spent, attempts, waitedMs } };
}
