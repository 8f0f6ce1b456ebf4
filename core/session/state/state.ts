/** The state of a thread between its turns; only the session writes it. */
import type { SentContext } from "../../context/initial.ts";
import {
  addUsage,
  type CacheReport,
  NO_USAGE,
  type Usage,
} from "../../protocol/event.ts";
import type { ModelInfo, TurnSettings } from "../../protocol/settings.ts";
import type { PromptPrefix } from "./request_prefix.ts";
import type { Transcript } from "./transcript.ts";

// Some servers count nothing, or leave out what they had in their cache. No tokenizer needs
// fewer tokens than this share of our estimate.
const BELIEVED_SHARE = 0.5;

/** Token accounting: what the provider last counted, plus estimates of what came after. */
export class ThreadState {
  /** The context last sent; undefined before the first turn and after a compaction. */
  sent: SentContext | undefined;
  /** The prompt prefix of this generation; undefined until it is first needed. */
  prefix: PromptPrefix | undefined;
  /** Estimated tokens of instructions and tools, which are sent beside the items. */
  baseTokens = 0;
  /** Tokens that the last compaction left; 0 before one. */
  compactedTokens = 0;
  /** The provider's compaction endpoint has failed: it is not asked again. */
  isCompactEndpointLost = false;
  /** Id of the provider that has the conversation; undefined before the first turn. */
  provider: string | undefined;
  threadUsage: Usage = NO_USAGE;
  /** Why the next turn runs SessionStart hooks; undefined when it does not. */
  sessionSource: "startup" | "resume" | "compact" | undefined = "startup";
  /** Whether SessionStart hooks have run. */
  isSessionStarted = false;
  /** The cache report of the last request; null before one. */
  lastCache: CacheReport | null = null;
  // Undefined while no count of the provider holds: then all is estimated.
  #countedTokens: number | undefined;
  #estimateThen = 0;
  #window = Infinity;

  constructor(readonly transcript: Transcript) {
  }

  /** Takes over the accounts of a restored thread. */
  restore(
    threadUsage: Usage,
    lastUsage: Usage | null,
    newerTokens: number,
  ): void {
    this.threadUsage = threadUsage;
    if (lastUsage === null) return this.forgetCount();
    this.#countedTokens = lastUsage.totalTokens;
    this.#estimateThen = this.transcript.tokens - newerTokens;
  }

  /** Takes the provider's count; all items committed by now are in it. */
  count(usage: Usage): void {
    this.threadUsage = addUsage(this.threadUsage, usage);
    this.#countedTokens = usage.totalTokens;
    this.#estimateThen = this.transcript.tokens;
  }

  /** Takes note of a request beside the conversation: what the next one has stays. */
  spend(usage: Usage): void {
    this.threadUsage = addUsage(this.threadUsage, usage);
  }

  /** The provider's count no longer holds: the history was replaced. */
  forgetCount(): void {
    this.#countedTokens = undefined;
  }

  /** Another provider has the conversation from now on: what this one showed is void. */
  leaveProvider(): void {
    this.prefix = undefined;
    this.isCompactEndpointLost = false;
    this.#window = Infinity;
    this.forgetCount();
  }

  /** Takes note that the server refused a prompt as too long, and what it said its limit is. */
  noteWindow(tokens: number): void {
    this.#window = Math.min(this.#window, tokens);
  }

  /** The model with the window that the server has shown, where that is smaller. */
  modelIn({ model }: Pick<TurnSettings, "model">): ModelInfo {
    if (this.#window >= model.contextWindow) return model;
    const share = this.#window / model.contextWindow;
    return {
      ...model,
      contextWindow: this.#window,
      autoCompactLimit: Math.floor(model.autoCompactLimit * share),
    };
  }

  /** Tokens the next request will have, as well as we know. */
  usedTokens(): number {
    const { tokens } = this.transcript;
    const estimate = this.baseTokens + tokens;
    if (this.#countedTokens === undefined) return estimate;
    const counted = this.#countedTokens + tokens - this.#estimateThen;
    return counted < estimate * BELIEVED_SHARE ? estimate : counted;
  }

  /** What the last request cost, for a budget: the estimate where the server counted nothing. */
  spentBy(usage: Usage | null): Usage {
    if (usage !== null && usage.totalTokens > 0) return usage;
    const tokens = this.baseTokens + this.transcript.tokens;
    return { ...NO_USAGE, inputTokens: tokens, totalTokens: tokens };
  }
}
