/** Where a model is served, and what proves that we may ask it. */
import type { Usage } from "./event.ts";
import type { PictureSize } from "../util/picture.ts";

/** Names the folder of the gate that all requests of a batch go through. */
export const GATE_VARIABLE = "RONDO_REQUEST_GATE";

/** A provider as the client needs it: everything looked up and resolved. */
export interface ProviderEndpoint {
  /** Name of its table in the configuration, e.g. `openai`. */
  readonly id: string;
  /** For people. */
  readonly name: string;
  /** `http(s)://…`, up to but without `/responses` or `/chat/completions`; no slash at the end. */
  readonly baseUrl: string;
  readonly queryParams: Readonly<Record<string, string>>;
  /** Extra headers with their values; never `authorization`. */
  readonly headers: Readonly<Record<string, string>>;
  /** Further attempts before the answer begins. */
  readonly requestRetries: number;
  /** Further attempts after a broken stream; the caller of the client counts them. */
  readonly streamRetries: number;
  /** Silence on an open stream after which it counts as broken. */
  readonly streamIdleMs: number;
  /** The longest wait that a server may ask for; infinite where it may be any. */
  readonly waitMaxMs: number;
  /** `POST {baseUrl}/responses`, or `{baseUrl}/chat/completions`. */
  readonly wireApi: "responses" | "chat";
  /** Whether `POST {baseUrl}/responses/compact` is there. */
  readonly supportsCompact: boolean;
  /** Whether requests name the span they belong to; not unless the person wants it. */
  readonly sendsTraceContext?: boolean;
  /** Whether it takes no developer message after the instructions. */
  readonly singleSystemMessage: boolean;
  readonly pictures: PictureLimits;
  /** Absolute paths of PEM files. */
  readonly caBundle?: string;
  readonly clientCert?: string;
  readonly clientKey?: string;
  /** Proxy for this provider alone; without it the environment's proxies count. */
  readonly proxyUrl?: string;
}

/** What a provider takes of pictures. */
interface PictureLimits extends PictureSize {
  /** Of one request, and the bytes of such a request in all. */
  readonly countMax: number;
  readonly requestBytesMax: number;
}

/** The credentials of one provider. */
export interface Auth {
  /** The bearer token; undefined when the provider needs none. Throws UserError "auth". */
  token(): Promise<string | undefined>;
  /** Reads the credentials again after a 401; false when they are what they were. */
  refresh(): Promise<boolean>;
}

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

type UsageWord =
  | `${"" | "cached_" | "cache_write_"}input_tokens`
  | `${"" | "reasoning_"}output_tokens`
  | "total_tokens";

/** Usage in the words of the provider, of Codex and of session files. */
export function usageWords(usage: Usage): Record<UsageWord, number> {
  return {
    input_tokens: usage.inputTokens,
    cached_input_tokens: usage.cachedInputTokens,
    cache_write_input_tokens: usage.cacheWriteInputTokens,
    output_tokens: usage.outputTokens,
    reasoning_output_tokens: usage.reasoningOutputTokens,
    total_tokens: usage.totalTokens,
  };
}
