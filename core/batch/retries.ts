/** Whether a task that failed is tried again, and when. Pure. */
import { usageError } from "../protocol/error.ts";
import { LIMITS } from "../protocol/limits.ts";

/** By exit code, how many further attempts at most; the codes of `--retry`. */
export interface RetryRule {
  readonly codes: ReadonlySet<number>;
  /** Further attempts of a task that does not say. */
  readonly retries: number;
}

/** `--retry 5,124`, and how often. Throws UserError. */
export function parseRetryRule(
  codes: readonly string[] | undefined,
  retries: number | undefined,
): RetryRule {
  const numbers = (codes ?? []).map((text) => {
    const code = Number(text);
    if (/^\d{1,3}$/.test(text) && code >= 1 && code <= 255) return code;
    throw usageError(
      `Cannot use --retry ${text}: must be exit codes from 1 to 255, such as 5,124`,
    );
  });
  return {
    codes: new Set(codes === undefined ? DEFAULT_CODES : numbers),
    retries: retries ?? (codes === undefined ? 0 : LIMITS.batchRetries),
  };
}

/** A provider that is not there, and an answer that takes too long, may be better later. */
const DEFAULT_CODES = [5, 124];

/** The wait before the next attempt; undefined when there is none. `random` is in [0, 1). */
export function planAttempt(
  rule: RetryRule,
  failed: {
    readonly exitCode: number;
    /** Attempts that failed, this one included. */
    readonly attempts: number;
    /** Of the task itself. */
    readonly retries: number | undefined;
  },
  random: number,
): number | undefined {
  const most = failed.retries ?? rule.retries;
  if (!rule.codes.has(failed.exitCode) || failed.attempts > most) {
    return undefined;
  }
  const { batchRetryMs, batchRetryMaxMs } = LIMITS;
  const doubled = batchRetryMs * 2 ** (failed.attempts - 1);
  return Math.round(Math.min(doubled, batchRetryMaxMs) * (0.9 + random * 0.2));
}
