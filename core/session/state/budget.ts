/** The bounds of a run: a soft mark tells the model once, the hard one stops requests. */
import type { LimitKind } from "../../context/markers.ts";
import type { Usage } from "../../protocol/event.ts";
import type { Price, RunLimits } from "./deps.ts";

/** Share of a limit at which the model is told to come to an end. */
const SOFT_SHARE = 0.8;

/** What binds a run. Its time counts from the first request on. */
export interface BudgetLimits extends RunLimits {
  readonly timeoutMs?: number;
}

export interface LimitState {
  readonly kind: LimitKind;
  readonly used: number;
  readonly max: number;
}

/** Counts what a run uses, over all its turns. */
export class Budget {
  readonly #limits: BudgetLimits;
  readonly #price: Price | undefined;
  #requests = 0;
  #toolCalls = 0;
  #tokens = 0;
  #cost = 0;
  #startedMs: number | undefined;
  #isTold = false;

  constructor(limits: BudgetLimits, price?: Price) {
    this.#limits = limits;
    this.#price = price;
  }

  /** A request that was answered; `usage` is null when the server told none. */
  countRequest(usage: Usage | null): void {
    this.countAttempt();
    this.countUsage(usage);
  }

  /** A request goes out, whatever becomes of it. */
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

  /** The limit that comes near, told once; undefined before and after that. */
  takeSoftMark(nowMs: number): LimitState | undefined {
    if (this.#isTold) return undefined;
    const near = this.#states(nowMs)
      .find((one) => one.used >= one.max * SOFT_SHARE);
    if (near !== undefined) this.#isTold = true;
    return near;
  }

  #states(nowMs: number): LimitState[] {
    this.#startedMs ??= nowMs;
    const limits = this.#limits;
    const all: [LimitState["kind"], number, number | undefined][] = [
      ["requests", this.#requests, limits.requestsMax],
      ["tool_calls", this.#toolCalls, limits.toolCallsMax],
      ["tokens", this.#tokens, limits.tokensMax],
      ["cost", this.#cost, limits.costMax],
      ["time", nowMs - this.#startedMs, limits.timeoutMs],
    ];
    return all.flatMap(([kind, used, max]) =>
      max === undefined ? [] : [{ kind, used, max }]
    );
  }
}

/** Money for one response, by the price list of its model. */
export function costOf(usage: Usage, price: Price): number {
  const fresh = usage.inputTokens - usage.cachedInputTokens;
  return (fresh * price.input + usage.cachedInputTokens * price.cachedInput +
    usage.outputTokens * price.output) / 1_000_000;
}
