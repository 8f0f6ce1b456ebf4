/** Watches that each request extends the one before it, and what the cache made of it. */
import {
  buildCacheReport,
  buildPrint,
  printHash,
  type PromptPrint,
  type RestoredPrint,
} from "../../model/cache_report.ts";
import type { CacheReport, Usage } from "../../protocol/event.ts";
import type { PromptPrefix } from "./request_prefix.ts";
import type { Transcript } from "./transcript.ts";

/** A request under way. */
interface Watched {
  readonly bodyHash: string;
  readonly inputItems: number;
  /** The answer has come; null usage is one without figures. */
  end(usage: Usage | null): CacheReport;
}

/** One for each thread; knows the request before. */
export class CacheWatch {
  readonly #key: string;
  readonly #monotonicMs: () => number;
  #last: PromptPrint | RestoredPrint | undefined;
  /** Of a prompt that was compared and not sent. */
  #compared: PromptPrint | undefined;
  #lastInputTokens: number | undefined;
  #announced: string | undefined;

  constructor(key: string, monotonicMs: () => number) {
    this.#key = key;
    this.#monotonicMs = monotonicMs;
  }

  /** The thread was resumed: what the log says of its last request. */
  resume(print: RestoredPrint): void {
    this.#last = print;
  }

  /** What a request now would share with the one before, which is not sent for that. */
  compare(prefix: PromptPrefix, transcript: Transcript): CacheReport {
    this.#compared = this.#print(prefix, transcript);
    return buildCacheReport({
      earlier: this.#last,
      later: this.#compared,
      cachedTokens: undefined,
    });
  }

  /** The next request goes where nothing was sent before. */
  forget(): void {
    this.#last = this.#compared = this.#lastInputTokens = undefined;
  }

  /** The next request need not extend the last one, and an event has said so. */
  announce(reason: string): void {
    this.#announced = reason;
  }

  begin(prefix: PromptPrefix, transcript: Transcript): Watched {
    const earlier = this.#last;
    const later = this.#print(prefix, transcript);
    const earlierInputTokens = this.#lastInputTokens;
    this.#compared = undefined;
    return {
      bodyHash: printHash(later),
      inputItems: later.count,
      end: (usage) => {
        this.#last = later;
        this.#lastInputTokens = usage?.inputTokens;
        this.#announced = undefined;
        return buildCacheReport({
          earlier,
          earlierInputTokens,
          later,
          cachedTokens: usage?.cachedInputTokens,
        });
      },
    };
  }

  #print(prefix: PromptPrefix, transcript: Transcript): PromptPrint {
    const { settings } = prefix;
    const earlier = this.#last;
    const announced = this.#announced;
    return buildPrint({
      model: settings.model.slug,
      key: this.#key,
      effort: settings.reasoningEffort ?? "",
      instructions: prefix.instructions,
      tools: prefix.toolTexts,
      items: transcript.entries,
      ...(announced !== undefined && { announced }),
      atMs: this.#monotonicMs(),
    }, earlier !== undefined && "chain" in earlier ? earlier : this.#compared);
  }
}
