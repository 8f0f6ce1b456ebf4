/** How much of a request could come from the provider's cache, and why not more did. Pure. */
import type { CacheReport } from "../protocol/event.ts";
import { LIMITS } from "../protocol/limits.ts";
import { checksum64 } from "../util/checksum.ts";
import { estimateTokens } from "../util/text/text.ts";

/** One item of the input: its JSON text as sent, its estimated tokens. */
interface PrintedItem {
  readonly json: string;
  readonly tokens: number;
}

/** A request, reduced to what providers cache by. */
export interface PromptFacts {
  readonly model: string;
  /** `prompt_cache_key`. */
  readonly key: string;
  /** Reasoning effort; empty when none is sent. */
  readonly effort: string;
  readonly instructions: string;
  /** JSON text of each tool, in order. */
  readonly tools: readonly string[];
  readonly items: readonly PrintedItem[];
  /**
   * Set when this request need not extend the one before, and an event has said so:
   * `compacted`, `rolled back`, `tools refreshed`.
   */
  readonly announced?: string;
  /** When it was sent, by the monotonic clock. */
  readonly atMs: number;
}

/** Facts with what is compared: made once a request, from the one before where it can. */
export interface PromptPrint extends PromptFacts {
  /** How many of `items` were sent: the caller's list, and those below, may grow on. */
  readonly count: number;
  /** Estimated tokens of instructions and tools. */
  readonly fixedTokens: number;
  /** Estimated tokens up to and with each item. */
  readonly tokensUpTo: number[];
  /** Checksum of everything up to and with each item. */
  readonly chain: string[];
}

/** What is left of the last request when its process is gone. */
export interface RestoredPrint {
  /** Of `printHash`. */
  readonly bodyHash: string;
  readonly inputItems: number;
  readonly inputTokens: number;
  /** Between its answer and this request, by the clock on the wall. */
  readonly idleMs: number;
}

interface CacheCase {
  readonly earlier: PromptPrint | RestoredPrint | undefined;
  /** Tokens the provider counted for the earlier request; it beats our estimate. */
  readonly earlierInputTokens?: number | undefined;
  readonly later: PromptPrint;
  /** Undefined when the provider reported no usage. */
  readonly cachedTokens: number | undefined;
}

/**
 * The print of a request. Work is proportional to the items that are new since `earlier`,
 * whose list must only have grown when it is the same one.
 */
export function buildPrint(
  facts: PromptFacts,
  earlier: PromptPrint | undefined,
): PromptPrint {
  const count = facts.items.length;
  const { tokensUpTo, chain } = sumsFor(facts.items, earlier);
  for (let at = chain.length; at < count; at++) {
    const item = facts.items[at];
    if (item === undefined) break;
    tokensUpTo.push((tokensUpTo[at - 1] ?? 0) + item.tokens);
    chain.push(checksum64((chain[at - 1] ?? "") + checksum64(item.json)));
  }
  const isFixed = earlier !== undefined && !fixedChange(earlier, facts);
  return {
    ...facts,
    count,
    fixedTokens: isFixed ? earlier.fixedTokens : countFixed(facts),
    tokensUpTo,
    chain,
  };
}

// What holds of the sums of an earlier request. Those of one list are one and the same:
// they say the same of every item, however far a request went.
function sumsFor(
  items: readonly PrintedItem[],
  earlier: PromptPrint | undefined,
): Pick<PromptPrint, "tokensUpTo" | "chain"> {
  if (earlier === undefined) return { tokensUpTo: [], chain: [] };
  const { tokensUpTo, chain } = earlier;
  if (items === earlier.items) return { tokensUpTo, chain };
  const kept = sharedCount(earlier, { items, count: items.length });
  return { tokensUpTo: tokensUpTo.slice(0, kept), chain: chain.slice(0, kept) };
}

/** The print as one word for the log: instructions, tools and input apart. */
export function printHash(print: PromptPrint): string {
  return [
    checksum64(print.instructions),
    checksum64(print.tools.join("\n")),
    print.chain[print.count - 1] ?? "",
  ].join(".");
}

/** What the response's usage says about the prefix; the first cause of a shortfall. */
export function buildCacheReport(input: CacheCase): CacheReport {
  const { earlier, later } = input;
  const cachedTokens = input.cachedTokens ?? 0;
  if (earlier === undefined) {
    return { sharedTokens: 0, cachedTokens, cause: "", prefixBroken: false };
  }
  const diff = "bodyHash" in earlier
    ? diffRestored(earlier, later)
    : diffPrints(earlier, later, input.earlierInputTokens);
  if (diff.ours !== "") {
    const { announced } = later;
    return {
      sharedTokens: diff.sharedTokens,
      cachedTokens,
      cause: announced ?? diff.ours,
      prefixBroken: announced === undefined,
    };
  }
  const { sharedTokens } = diff;
  const isShort = input.cachedTokens !== undefined &&
    isShortfall(sharedTokens, input.cachedTokens);
  const cause = diff.theirs ?? (isShort ? providerCause(earlier, later) : "");
  return { sharedTokens, cachedTokens, cause, prefixBroken: false };
}

interface PrefixDiff {
  readonly sharedTokens: number;
  /** What of the bytes sent before is not in this request; empty when all is. */
  readonly ours: string;
  /** Why the provider can share nothing of them; absent when it can. */
  readonly theirs?: string;
}

function diffPrints(
  earlier: PromptPrint,
  later: PromptPrint,
  earlierInputTokens: number | undefined,
): PrefixDiff {
  if (earlier.key !== later.key) {
    return { sharedTokens: 0, ours: "key changed" };
  }
  const fixed = fixedChange(earlier, later);
  // Another model shares no cache with this one, whatever it is offered.
  const isOther = earlier.model !== later.model;
  if (fixed !== "" && !isOther) return { sharedTokens: 0, ours: fixed };
  const count = sharedCount(earlier, later);
  if (count === earlier.count) {
    if (fixed !== "") {
      return { sharedTokens: 0, ours: "", theirs: "model changed" };
    }
    const estimate = earlier.fixedTokens + (earlier.tokensUpTo[count - 1] ?? 0);
    return { sharedTokens: earlierInputTokens ?? estimate, ours: "" };
  }
  const ours = count === later.count
    ? `input[${count}] removed`
    : `input[${count}] changed`;
  const items = count === 0 ? 0 : earlier.tokensUpTo[count - 1] ?? 0;
  return { sharedTokens: earlier.fixedTokens + items, ours };
}

// After a resume only checksums are left: they name the part, not the place.
function diffRestored(earlier: RestoredPrint, later: PromptPrint): PrefixDiff {
  const [instructions, tools, input] = earlier.bodyHash.split(".");
  const now = printHash({
    ...later,
    count: Math.min(earlier.inputItems, later.count),
  }).split(".");
  const ours = instructions !== now[0]
    ? "instructions changed"
    : tools !== now[1]
    ? "tools changed"
    : input !== now[2] || later.count < earlier.inputItems
    ? "input changed"
    : "";
  return { sharedTokens: ours === "" ? earlier.inputTokens : 0, ours };
}

function fixedChange(earlier: PromptFacts, later: PromptFacts): string {
  if (earlier.instructions !== later.instructions) {
    return "instructions changed";
  }
  const longer = Math.max(earlier.tools.length, later.tools.length);
  for (let at = 0; at < longer; at++) {
    if (earlier.tools[at] === later.tools[at]) continue;
    if (at >= later.tools.length) return `tools[${at}] removed`;
    return `tools[${at}] ${at < earlier.tools.length ? "changed" : "added"}`;
  }
  return "";
}

// Texts are shared with the transcript: equal ones are mostly one and the same, which the
// runtime sees without reading them.
function sharedCount(
  earlier: Pick<PromptPrint, "items" | "count">,
  later: Pick<PromptPrint, "items" | "count">,
): number {
  const shorter = Math.min(earlier.count, later.count);
  if (earlier.items === later.items) return shorter;
  let at = 0;
  while (at < shorter && earlier.items[at]?.json === later.items[at]?.json) {
    at++;
  }
  return at;
}

function countFixed(facts: PromptFacts): number {
  return estimateTokens(facts.instructions) +
    facts.tools.reduce((sum, tool) => sum + estimateTokens(tool), 0);
}

// Providers cache from some length on and in blocks; our estimates are rough besides.
function isShortfall(sharedTokens: number, cachedTokens: number): boolean {
  if (sharedTokens < LIMITS.cacheTokensMin) return false;
  return cachedTokens < sharedTokens * (1 - LIMITS.cacheSlack) -
      LIMITS.cacheBlockTokens;
}

function providerCause(
  earlier: PromptPrint | RestoredPrint,
  later: PromptPrint,
): string {
  const restored = "bodyHash" in earlier;
  if (!restored && earlier.model !== later.model) return "model changed";
  if (!restored && earlier.effort !== later.effort) return "effort changed";
  const idleMs = restored ? earlier.idleMs : later.atMs - earlier.atMs;
  return idleMs > LIMITS.cacheKeepMs
    ? "idle longer than the provider keeps it"
    : "provider missed: our bytes were identical";
}
