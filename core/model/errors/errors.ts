/** Error responses of a provider as ModelErrors. Pure. */
import * as z from "zod/mini";
import { ModelError } from "../../protocol/error.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { cutBytes } from "../../util/text/text.ts";
import { classify, classifyStatus, refusedIn, windowOf } from "./classify.ts";
import { ERROR_CODES, type ErrorMeaning } from "./error_table.ts";
import { checkedJson } from "../../util/json/json.ts";
import { waitOfEvent, waitOfResponse } from "./waits.ts";

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
  const verdict = classify(reported, status) ?? classifyStatus(status);
  const requestId = requestIdOf(headers);
  const facts = [
    `url: ${publicUrl(failure.url)}`,
    ...(requestId === undefined ? [] : [`request id: ${requestId}`]),
    ...(headers.has("cf-ray")
      ? [`cf-ray: ${cutWord(headers.get("cf-ray"))}`]
      : []),
  ];
  const name = `${status} ${cutWord(failure.statusText)}`.trim();
  const text = `HTTP ${name}: ${describe(failure, reported)}`;
  return new ModelError(`${text} (${facts.join(", ")})`, {
    ...verdict,
    windowTokens: windowOf(verdict, reported),
    refused: refusedIn(reported, status),
    status,
    requestId,
    retryAfterMs: isWorthWaiting(verdict)
      ? waitOfResponse(
        { headers, fields: reported.fields, message: reported.message },
        failure.nowMs,
      )
      : undefined,
  });
}

/** The error a stream reports in its own words: `response.failed` and `error` events. */
export function buildServerError(error: unknown): ModelError {
  const reported = parseError(error);
  const verdict = classify(reported) ??
    { kind: "stream" as const, retryable: true };
  const message = reported.message || "the server gave no reason";
  const text = reported.code === "" || message.includes(reported.code)
    ? message
    : `${message} (${reported.code})`;
  return new ModelError(`The response failed: ${text}`, {
    ...verdict,
    windowTokens: windowOf(verdict, reported),
    refused: refusedIn(reported),
    ...(isWorthWaiting(verdict) && waitOfEvent(error, reported.message)),
  });
}

// A quota that is spent may come back; a refusal stays one.
function isWorthWaiting({ kind, retryable }: ErrorMeaning): boolean {
  return retryable || kind === "rate_limit";
}

/** An answer the server ended early. Asking again would end the same way. */
export function buildIncompleteError(reason: string): ModelError {
  return new ModelError(
    `The response is incomplete, reason: ${cutWord(reason)}`,
    {
      kind: "incomplete",
      retryable: false,
    },
  );
}

/** The id under which the provider's support finds the request. */
export function requestIdOf(headers: Headers): string | undefined {
  const id = headers.get("x-request-id") ?? headers.get("x-oai-request-id") ??
    headers.get("apim-request-id");
  return id === null ? undefined : cutWord(id);
}

// What should be a word may be a megabyte.
function cutWord(text: string | null): string {
  return cutBytes(text ?? "", LIMITS.errorWordBytes);
}

/** A URL without what may be secret in it: user, password, query. */
export function publicUrl(url: string): string {
  const parsed = URL.parse(url);
  if (parsed === null) return url.replace(/[?#].*$/s, "");
  return `${parsed.origin}${parsed.pathname}`;
}

interface ServerError {
  readonly code: string;
  readonly message: string;
  /** When a usage limit ends, epoch seconds. */
  readonly resetsAt?: number;
  /** The whole of what it said, where that is JSON. */
  readonly fields?: unknown;
}

function describe(
  { status, headers, url }: HttpFailure,
  reported: ServerError,
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
        cutWord(publicUrl(location))
      }; base_url must be the address itself`,
    );
  }
  if (isPathUnknown(status, reported.message)) parts.push(otherWire(url));
  if (reported.resetsAt !== undefined) {
    parts.push(
      `The limit ends at ${dateText(reported.resetsAt * 1_000)}`,
    );
  }
  return parts.filter((part) => part !== "").map((part) =>
    part.replace(/[\s.]+$/, "")
  ).join(". ");
}

// A date beyond the calendar must not cost the server's words.
function dateText(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? "an unknown time" : date.toISOString();
}

function isCloudflareBlock(status: number, message: string): boolean {
  return status === 403 && /cloudflare/i.test(message) &&
    /block|challenge|attention required/i.test(message);
}

// A model that is not there is named.
function isPathUnknown(status: number, message: string): boolean {
  return (status === 404 || status === 405) && !/model|deploy/i.test(message);
}

function otherWire(url: string): string {
  const path = URL.parse(url)?.pathname ?? "";
  const of = (other: string, wire: string): string =>
    `If the server has ${other} instead, set wire_api = "${wire}" of the provider`;
  if (path.endsWith("/responses")) return of("/chat/completions", "chat");
  return path.endsWith("/chat/completions")
    ? of("/responses", "responses")
    : "";
}

function parseErrorBody(body: string): ServerError {
  const text = body.trim();
  if (text.startsWith("{") || text.startsWith("[")) {
    try {
      const fields = checkedJson(text);
      const reported = parseError(fields);
      if (reported.message !== "" || reported.code !== "") {
        return { ...reported, fields };
      }
    } catch {
      // Not JSON after all, or cut: shown as it is.
    }
  }
  return {
    code: "",
    message: cutBytes(
      text.startsWith("<") ? plainHtml(text) : text,
      LIMITS.errorTextBytes,
    ),
  };
}

const Text = z.catch(z.string(), "");
// Codes come as words and as numbers.
const Code = z.catch(
  z.pipe(z.union([z.string(), z.number()]), z.transform(String)),
  "",
);
const ErrorShape = z.lazy(() =>
  z.object({
    // `type` is the machine word where older servers have no `code`, `status` Google's.
    code: Code,
    type: Text,
    status: Text,
    message: Text,
    resets_at: z.catch(z.optional(z.number()), undefined),
    // The shapes of FastAPI and others.
    detail: z.catch(z.unknown(), undefined),
    error: z.catch(z.unknown(), undefined),
  })
);

function parseError(value: unknown): ServerError {
  if (typeof value === "string") {
    return { code: "", message: cutBytes(value, LIMITS.errorTextBytes) };
  }
  // Google wraps the error of a stream in a list of one.
  const parsed = ErrorShape.safeParse(Array.isArray(value) ? value[0] : value);
  if (!parsed.success) return { code: "", message: "" };
  const { code, type, status, message, detail, error, resets_at } = parsed.data;
  if (error !== undefined && error !== null) {
    const inner = parseError(error);
    if (inner.message !== "" || inner.code !== "") return inner;
  }
  const word = [status, type === "error" ? "" : type].find((one) =>
    ERROR_CODES[one.toLowerCase()] !== undefined
  );
  const isNumber = /^\d*$/.test(code);
  return {
    code: cutWord(
      isNumber && word !== undefined ? word : code || type || status,
    ),
    message: cutBytes(message || detailText(detail), LIMITS.errorTextBytes),
    ...(resets_at !== undefined && { resetsAt: resets_at }),
  };
}

function detailText(detail: unknown): string {
  if (detail === undefined) return "";
  return typeof detail === "string" ? detail : JSON.stringify(detail);
}

// What never ends goes to the end of the page, so that none of it is looked at twice.
function plainHtml(html: string): string {
  return html.replace(/<(script|style)\b.*?(?:<\/\1>|$)/gis, " ")
    .replace(/<[^<>]*>/g, " ").replace(/\s+/g, " ").trim();
}
