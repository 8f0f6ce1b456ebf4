/** Error responses of a provider as ModelErrors. Pure. */
import * as z from "zod/mini";
import { ModelError } from "../protocol/error.ts";
import type { FailureKind } from "../protocol/event.ts";
import { LIMITS } from "../protocol/limits.ts";
import { parseRetryAfter, parseTryAgain } from "../util/retry.ts";
import { headBytes } from "../util/text/text.ts";

/** An HTTP error response; its body may be cut. */
export interface HttpFailure {
  readonly status: number;
  readonly statusText: string;
  readonly headers: Headers;
  readonly body: string;
  readonly url: string;
  readonly nowMs: number;
}

/** The error of a non-2xx answer. The server's own text is always in it. */
export function buildHttpError(failure: HttpFailure): ModelError {
  const { status, headers } = failure;
  const reported = parseErrorBody(failure.body);
  const verdict = classifyCode(reported.code) ?? classifyStatus(status);
  const requestId = requestIdOf(headers);
  const facts = [
    `url: ${publicUrl(failure.url)}`,
    ...(requestId === undefined ? [] : [`request id: ${requestId}`]),
    ...(headers.has("cf-ray") ? [`cf-ray: ${headers.get("cf-ray")}`] : []),
  ];
  const name = `${status} ${failure.statusText}`.trim();
  const text = `HTTP ${name}: ${describe(status, reported, headers)}`;
  return new ModelError(`${text} (${facts.join(", ")})`, {
    ...verdict,
    status,
    requestId,
    retryAfterMs: verdict.retryable
      ? retryAfterOf(headers, failure.nowMs) ?? parseTryAgain(reported.message)
      : undefined,
  });
}

/** The error a stream reports in its own words: `response.failed` and `error` events. */
export function buildServerError(error: unknown): ModelError {
  const reported = parseError(error);
  const verdict = classifyCode(reported.code) ??
    { kind: "stream" as const, retryable: true };
  const message = reported.message || "the server gave no reason";
  const text = reported.code === "" || message.includes(reported.code)
    ? message
    : `${message} (${reported.code})`;
  return new ModelError(`The response failed: ${text}`, {
    ...verdict,
    retryAfterMs: verdict.retryable
      ? parseTryAgain(reported.message)
      : undefined,
  });
}

/** An answer the server ended early. Asking again would end the same way. */
export function buildIncompleteError(reason: string): ModelError {
  return new ModelError(`The response is incomplete, reason: ${reason}`, {
    kind: "incomplete",
    retryable: false,
  });
}

/** The id under which the provider's support finds the request. */
export function requestIdOf(headers: Headers): string | undefined {
  return headers.get("x-request-id") ?? headers.get("x-oai-request-id") ??
    headers.get("apim-request-id") ?? undefined;
}

/** A URL without what may be secret in it: user, password, query. */
export function publicUrl(url: string): string {
  const parsed = URL.parse(url);
  if (parsed === null) return url.replace(/[?#].*$/s, "");
  return `${parsed.origin}${parsed.pathname}`;
}

interface Verdict {
  readonly kind: FailureKind;
  readonly retryable: boolean;
}

interface ServerError {
  readonly code: string;
  readonly message: string;
  /** When a usage limit ends, epoch seconds. */
  readonly resetsAt?: number;
}

// The codes that say more than the status; undefined for all others.
function classifyCode(code: string): Verdict | undefined {
  switch (code) {
    case "context_length_exceeded":
      return { kind: "context_window", retryable: false };
    case "insufficient_quota":
    case "usage_limit_reached":
    case "usage_not_included":
    case "billing_hard_limit_reached":
      return { kind: "rate_limit", retryable: false };
    case "rate_limit_exceeded":
    case "slow_down":
      return { kind: "rate_limit", retryable: true };
    case "server_is_overloaded":
    case "server_error":
      return { kind: "http", retryable: true };
    case "invalid_api_key":
      return { kind: "auth", retryable: false };
    case "invalid_prompt":
    case "cyber_policy":
    case "bio_policy":
    case "content_policy_violation":
    case "misalignment_policy_violation":
    case "data_residency_mismatch":
      return { kind: "invalid_request", retryable: false };
    default:
      // invalid_image, empty_image_file, image_too_large, …: the same bytes fail again.
      return /image/.test(code)
        ? { kind: "invalid_request", retryable: false }
        : undefined;
  }
}

function classifyStatus(status: number): Verdict {
  if (status === 401 || status === 403) {
    return { kind: "auth", retryable: false };
  }
  if (status === 429) return { kind: "rate_limit", retryable: true };
  if (status === 408 || status === 409 || status === 425 || status >= 500) {
    return { kind: "http", retryable: true };
  }
  if (status === 400 || status === 413 || status === 422) {
    return { kind: "invalid_request", retryable: false };
  }
  return { kind: "http", retryable: false };
}

function describe(
  status: number,
  reported: ServerError,
  headers: Headers,
): string {
  const parts = [reported.message || "the server gave no reason"];
  if (isCloudflareBlock(status, reported.message)) {
    parts.push(
      "A filter in front of the service refused this connection; another network or proxy may get through",
    );
  }
  const location = headers.get("location");
  if (status >= 300 && status < 400 && location !== null) {
    parts.push(
      `The server points to ${
        publicUrl(location)
      }; base_url must be the address itself`,
    );
  }
  if (reported.resetsAt !== undefined) {
    parts.push(
      `The limit ends at ${new Date(reported.resetsAt * 1_000).toISOString()}`,
    );
  }
  return parts.map((part) => part.replace(/[\s.]+$/, "")).join(". ");
}

function isCloudflareBlock(status: number, message: string): boolean {
  return status === 403 && /cloudflare/i.test(message) &&
    /block|challenge|attention required/i.test(message);
}

function retryAfterOf(headers: Headers, nowMs: number): number | undefined {
  const ms = Number(headers.get("retry-after-ms") ?? Number.NaN);
  if (Number.isFinite(ms) && ms >= 0) return ms;
  return parseRetryAfter(headers.get("retry-after"), nowMs);
}

function parseErrorBody(body: string): ServerError {
  const text = body.trim();
  if (text.startsWith("{") || text.startsWith("[")) {
    try {
      const reported = parseError(JSON.parse(text));
      if (reported.message !== "" || reported.code !== "") return reported;
    } catch {
      // Not JSON after all, or cut: shown as it is.
    }
  }
  return {
    code: "",
    message: cut(text.startsWith("<") ? plainHtml(text) : text),
  };
}

const Text = z.catch(z.string(), "");
const ErrorShape = z.object({
  // `type` is the machine word where older servers have no `code`.
  code: Text,
  type: Text,
  message: Text,
  resets_at: z.catch(z.optional(z.number()), undefined),
  // The shapes of FastAPI and others.
  detail: z.catch(z.unknown(), undefined),
  error: z.catch(z.unknown(), undefined),
});

function parseError(value: unknown): ServerError {
  if (typeof value === "string") return { code: "", message: cut(value) };
  const parsed = ErrorShape.safeParse(value);
  if (!parsed.success) return { code: "", message: "" };
  const { code, type, message, resets_at, detail, error } = parsed.data;
  if (error !== undefined && error !== null) return parseError(error);
  const word = code || (type === "error" ? "" : type);
  return {
    code: word,
    message: cut(message || detailText(detail)),
    ...(resets_at !== undefined && { resetsAt: resets_at }),
  };
}

function detailText(detail: unknown): string {
  if (detail === undefined) return "";
  return typeof detail === "string" ? detail : JSON.stringify(detail);
}

function plainHtml(html: string): string {
  return html.replace(/<(script|style)\b.*?<\/\1>/gis, " ")
    .replace(/<[^>]*>/g, " ").replace(/\s+/g, " ").trim();
}

function cut(text: string): string {
  const head = headBytes(text, LIMITS.errorTextBytes);
  return head.length === text.length ? text : `${head}…`;
}
