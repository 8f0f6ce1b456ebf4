/** A limit that the provider sets, and how much of it is used up. */

export interface RateLimit {
  /** `requests`, `tokens`, or the window of a plan: `plan, 5 h`. */
  readonly name: string;
  /** From 0 to 1. */
  readonly usedShare: number;
  /** Where it is counted. */
  readonly left?: { readonly count: number; readonly of: number };
  /** When all of it is there again, in ms of the clock. */
  readonly resetMs?: number;
}
