/** Watches that each request extends the one before it, and what the cache made of it. */
import {
  buildCacheReport,
  buildPrint,
  printHash,
  type PromptPrint,
  type RestoredPrint,
} from "../model/cache_report.ts";
import type { CacheReport, Usage } from "../protocol/event.ts";
import type { Frame } from "./frame.ts";
import type { Transcript } from "./transcript.ts";

/** A request under way. */
export interface Watched {
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

  /** The next request need not extend the last one, and everybody was told. */
  announce(reason: string): void {
    this.#announced = reason;
  }

  begin(frame: Frame, transcript: Transcript): Watched {
    const { settings } = frame;
    const earlier = this.#last;
    const announced = this.#announced;
    const later = buildPrint({
      model: settings.model.slug,
      key: this.#key,
      effort: settings.reasoningEffort ?? "",
      instructions: frame.instructions,
      tools: frame.toolTexts,
      items: transcript.entries,
      ...(announced !== undefined && { announced }),
      atMs: this.#monotonicMs(),
    }, earlier !== undefined && "chain" in earlier ? earlier : undefined);
    const earlierInputTokens = this.#lastInputTokens;
    return {
      bodyHash: printHash(later),
      inputItems: later.items.length,
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
}
