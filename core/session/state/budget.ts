/** The limits of a run: a soft mark tells the model once, the hard one stops requests. */
import type { LimitKind } from "../../context/markers.ts";
import type { Usage } from "../../protocol/event.ts";
import type { Price, RunLimits } from "../../protocol/settings.ts";

/** Share of a limit at which the model is told to finish. */
const SOFT_SHARE = 0.8;

interface LimitState {
  readonly kind: LimitKind;
  readonly used: number;
  readonly max: number;
}

/** Counts what a run uses, over all its turns. */
export class Budget {
  readonly #limits: RunLimits;
  #price: Price | undefined;
  #requests = 0;
  #toolCalls = 0;
  #tokens = 0;
  #cost = 0;
  #startedMs: number | undefined;
  #isTold = false;

  constructor(limits: RunLimits, price?: Price) {
    this.#limits = limits;
    this.#price = price;
  }

  /** What is used from now on costs this. */
  usePrice(price: Price | undefined): void {
    this.#price = price;
  }

  /** A request that was answered; `usage` is null when the server reported none. */
  countRequest(usage: Usage | null): void {
    this.countAttempt();
    this.countUsage(usage);
  }

  /** A request is sent, whatever becomes of it. */
  countAttempt(): void {
    this.#requests++;
  }

  countUsage(usage: Usage | null): void {
    if (usage === null) return;
    this.#tokens += usage.totalTokens;
    if (this.#price !== undefined) this.#cost += costOf(usage, this.#price);
  }

  countToolCalls(count: number): void {
    this.#toolCalls += count;
  }

  /** The limit that forbids another request, or undefined. */
  exhausted(nowMs: number): LimitState | undefined {
    return this.#states(nowMs).find((state) => state.used >= state.max);
  }

  /** The limit that comes near, reported once; undefined before and after that. */
  takeSoftMark(nowMs: number): LimitState | undefined {
    if (this.#isTold) return undefined;
    const near = this.#states(nowMs)
      .find((one) => one.used >= one.max * SOFT_SHARE);
    if (near !== undefined) this.#isTold = true;
    return near;
  }

  #states(nowMs: number): LimitState[] {
    this.#startedMs ??= nowMs;
    // A limit that nothing is counted against does not compile.
    const used: Record<keyof RunLimits, readonly [LimitKind, number]> = {
      requestsMax: ["requests", this.#requests],
      toolCallsMax: ["tool_calls", this.#toolCalls],
      tokensMax: ["tokens", this.#tokens],
      costMax: ["cost", this.#cost],
      timeoutMs: ["time", nowMs - this.#startedMs],
    };
    return Object.entries(used).flatMap(([name, [kind, used]]) => {
      const max = this.#limits[name as keyof RunLimits];
      return max === undefined ? [] : [{ kind, used, max }];
    });
  }
}

/** What is used up, for an error. */
export function renderUsed({ kind, used, max }: LimitState): string {
  if (kind === "time") {
    return `the time limit of ${Math.round(max / 1000)} s is reached`;
  }
  // Sums of money are sums of fractions.
  const amount = kind === "cost" ? used.toFixed(4) : used;
  return `${amount} of ${max} ${kind.replace("_", " ")} are used`;
}

/** Money for one response, by the price list of its model. */
export function costOf(usage: Usage, price: Price): number {
  const fresh = Math.max(0, usage.inputTokens - usage.cachedInputTokens);
  return (fresh * price.input + usage.cachedInputTokens * price.cachedInput +
    usage.outputTokens * price.output) / 1_000_000;
}
