/** One provider's Responses endpoint: a request goes out, its events come back in batches. */
import type { ProviderEndpoint } from "../protocol/provider.ts";
import type { WireItem } from "../protocol/item.ts";
import type { Usage } from "../protocol/event.ts";
import type { ResponseEvent } from "./response_event.ts";

/** A further attempt is about to be waited for. */
export interface RetryNotice {
  /** From 1. */
  readonly attempt: number;
  readonly attemptsMax: number;
  readonly delayMs: number;
  readonly reason: string;
  readonly status?: number;
}

export interface ModelRequest {
  /** The JSON text, sent as it is. */
  readonly body: string;
  readonly threadId: string;
  readonly signal: AbortSignal;
  readonly onRetry?: (notice: RetryNotice) => void;
}

export interface CompactResult {
  readonly items: readonly WireItem[];
  readonly usage: Usage | null;
}

export interface ModelClient {
  readonly provider: ProviderEndpoint;
  /**
   * The events of one answer, those of one network read together; ends after `completed`.
   * Tries again until the answer begins; then throws ModelError, `retryable` when a fresh
   * request may go better. Throws the signal's reason when aborted.
   */
  stream(request: ModelRequest): AsyncIterable<readonly ResponseEvent[]>;
  /** `POST /responses/compact`: the shorter history the provider gives for this one. */
  compact(request: ModelRequest): Promise<CompactResult>;
}
