/** HTTP exchanges through an engine, and those of the model from a cassette alone. */
import { ModelError, usageError, UserError } from "../protocol/error.ts";
import type { Host } from "../protocol/host.ts";
import {
  asObject,
  type Json,
  type JsonObject,
  parseJsonObject,
} from "../util/json/json.ts";
import type { CassetteHeader } from "./format.ts";
import {
  decodeRequest,
  describeDifference,
  diffRequests,
  encodeRequest,
  type RecordedRequest,
  Substitutes,
} from "./request.ts";
import { type Engine, recordedStream } from "./engine.ts";

interface FetchOptions {
  readonly engine: Engine;
  readonly fetch: Host["fetch"];
  readonly places: CassetteHeader;
  /** Called before a request is made, with the headers it will carry. */
  readonly onHeaders: (headers: Headers) => void;
}

/** A fetch whose exchanges are written down, or given back from a full cassette. */
export function recordedFetch(options: FetchOptions): Host["fetch"] {
  const { engine } = options;
  let count = 0;
  let before: RecordedRequest | undefined;
  let recordedBefore: RecordedRequest | undefined;
  return async (input, init) => {
    const number = ++count;
    const headers = new Headers(init?.headers);
    options.onHeaders(headers);
    const substitutes = new Substitutes(
      options.places,
      headers.get("thread-id"),
    );
    const now = recordRequest(input, init, substitutes);
    const request = encodeRequest(now, before);
    before = now;
    let body: ReadableStream<Uint8Array<ArrayBuffer>> | null = null;
    const asking = engine.run<JsonObject>({
      key: "fetch",
      real: async () => {
        const response = await options.fetch(input, init);
        body = response.body;
        return encodeHead(response);
      },
      encode: (head) => head,
      decode: (head) => asObject(head) ?? {},
      signal: init?.signal ?? undefined,
      request,
      check: (stored) => {
        const recorded = decodeRequest(stored, recordedBefore);
        recordedBefore = recorded;
        const [first] = diffRequests(recorded, now);
        if (first !== undefined) {
          throw replayError(describeDifference(number, first));
        }
      },
    });
    const answer = await asking.catch((error) => {
      // Another attempt would find nothing either.
      if (!(error instanceof UserError)) throw error;
      throw replayError(`the cassette holds no answer to request ${number}`);
    });
    return buildResponse(
      answer,
      hasBody(answer)
        ? recordedStream(engine, `body:${number}`, body, {
          signal: init?.signal ?? undefined,
          encode: (text) => substitutes.encode(text),
          decode: (text) => substitutes.decode(text),
        })
        : null,
    );
  };
}

/** The request as a cassette compares it. */
export function recordRequest(
  input: RequestInfo | URL,
  init: RequestInit | undefined,
  substitutes: Substitutes,
): RecordedRequest {
  const url = input instanceof Request ? input.url : String(input);
  const { pathname } = new URL(url);
  const path = substitutes.encode(`${init?.method ?? "GET"} ${pathname}`);
  const text = textOf(init?.body);
  const body = parseJsonObject(text);
  if (body === undefined) {
    return { path, fields: text === "" ? {} : { text }, input: [] };
  }
  const { input: items, ...fields } = substitutes.encodeAll(
    body,
  ) as JsonObject;
  return { path, fields, input: Array.isArray(items) ? items : [] };
}

function textOf(body: RequestInit["body"]): string {
  if (body instanceof Uint8Array) return new TextDecoder().decode(body);
  return typeof body === "string" ? body : "";
}

/** Status and headers; cookies are nobody's business. */
function encodeHead(response: Response): JsonObject {
  const headers = [...response.headers]
    .filter(([name]) => name !== "set-cookie");
  return {
    status: response.status,
    statusText: response.statusText,
    headers,
    ...(response.body === null && { empty: true }),
  };
}

function hasBody(head: JsonObject): boolean {
  return head["empty"] !== true;
}

/** The answer of a cassette as fetch gives it. */
export function buildResponse(
  head: JsonObject,
  body: ReadableStream<Uint8Array<ArrayBuffer>> | null,
): Response {
  return new Response(body, {
    status: Number(head["status"]),
    statusText: String(head["statusText"] ?? ""),
    headers: (head["headers"] ?? []) as [string, string][],
  });
}

/** A request the cassette has no answer to: never tried again, never sent anywhere. */
export function replayError(text: string): ModelError {
  return new ModelError(`Cannot replay: ${text}`, {
    kind: "invalid_request",
    retryable: false,
  });
}

/** Only what a cassette of this kind could hold. */
export function headOf(value: Json | undefined): JsonObject {
  const head = asObject(value);
  if (head !== undefined) return head;
  throw usageError("Cannot replay: an answer has no status");
}
