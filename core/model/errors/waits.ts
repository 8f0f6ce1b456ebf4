/** How long a refused request is to wait, wherever a server says so. Pure. */
import {
  parseReset,
  parseRetryAfter,
  parseTryAgain,
} from "../../util/wait_words.ts";

/** How long to wait, or until when: a text of a stream comes without a clock. */
interface AskedWait {
  readonly retryAfterMs?: number;
  /** Milliseconds of the epoch. */
  readonly retryAtMs?: number;
}

/** The wait that a refusal asks for in its headers, the fields of its body, or its words. */
export function waitOfResponse(
  refusal: {
    readonly headers: Headers;
    readonly fields: unknown;
    readonly message: string;
  },
  nowMs: number,
): number | undefined {
  const { headers, fields, message } = refusal;
  return retryAfterOf(headers, nowMs) ?? waitInFields(fields, nowMs) ??
    parseTryAgain(message, nowMs) ?? resetOfHeaders(headers, nowMs);
}

/** The wait that an error inside a stream asks for. */
export function waitOfEvent(fields: unknown, message: string): AskedWait {
  const ms = waitInFields(fields, 0) ?? parseTryAgain(message, 0);
  if (ms === undefined) return {};
  return ms >= MOMENT_MS ? { retryAtMs: ms } : { retryAfterMs: ms };
}

/** Longer than any wait: counted from the epoch. */
const MOMENT_MS = 1e11;

/** Fields of error bodies, compared without case, `_` and `-`. Milliseconds, else see `parseReset()`. */
const WAIT_FIELDS: Readonly<Record<string, "ms" | "reset">> = {
  // google.rpc.RetryInfo: { "retryDelay": "3.4s" }
  retrydelay: "reset",
  // LiteLLM, Mistral, Azure's gateways
  retryafter: "reset",
  retryafterms: "ms",
  retryafterseconds: "reset",
  // ChatGPT back end, as Codex 0.171 reads it
  resetsinseconds: "reset",
  resetinseconds: "reset",
  resetsat: "reset",
  resetat: "reset",
  // OpenRouter: error.metadata.headers
  xratelimitreset: "reset",
};
const FIELDS_DEEP = 5;

function waitInFields(
  value: unknown,
  nowMs: number,
  deep = 0,
): number | undefined {
  if (typeof value !== "object" || value === null || deep > FIELDS_DEEP) {
    return undefined;
  }
  for (const [name, member] of Object.entries(value).slice(0, FIELDS_MAX)) {
    const unit = WAIT_FIELDS[name.toLowerCase().replace(/[_-]/g, "")];
    const ms = unit === undefined
      ? waitInFields(member, nowMs, deep + 1)
      : waitOfField(member, unit, nowMs);
    if (ms !== undefined) return ms;
  }
  return undefined;
}
const FIELDS_MAX = 50;

function waitOfField(
  value: unknown,
  unit: "ms" | "reset",
  nowMs: number,
): number | undefined {
  if (typeof value !== "string" && typeof value !== "number") return undefined;
  if (unit === "reset") return parseReset(value, nowMs);
  const ms = Number(value);
  return Number.isFinite(ms) && ms >= 0 && value !== "" ? ms : undefined;
}

// OpenAI's `retry-after-ms`, Azure's with `x-ms-`.
function retryAfterOf(headers: Headers, nowMs: number): number | undefined {
  for (const name of ["retry-after-ms", "x-ms-retry-after-ms"]) {
    const ms = waitOfField(headers.get(name), "ms", nowMs);
    if (ms !== undefined) return ms;
  }
  return parseRetryAfter(headers.get("retry-after"), nowMs);
}

/**
 * `x-ratelimit-reset-requests: 1m2s` of OpenAI and Azure, where that limit is the spent
 * one; the one `x-ratelimit-reset` of OpenRouter and others; Anthropic's dates.
 */
function resetOfHeaders(headers: Headers, nowMs: number): number | undefined {
  const waits = [...headers].flatMap(([name, value]) => {
    if (!RESET_HEADER.test(name)) return [];
    const left = headers.get(name.replace("reset", "remaining"));
    // Of several limits only those that are spent are waited for.
    const isSpent = left === null
      ? name.endsWith("limit-reset")
      : Number(left) <= 0;
    return isSpent ? parseReset(value, nowMs) ?? [] : [];
  });
  return waits.length === 0 ? undefined : Math.max(...waits);
}
const RESET_HEADER =
  /^(?:x-|anthropic-)?ratelimit(?:-[a-z-]+)?-reset(?:-[a-z-]+)?$/;
