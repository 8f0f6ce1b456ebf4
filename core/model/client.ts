/** One provider's endpoint: a request goes out, events come back in batches, or a shorter history. */
import * as z from "zod/mini";
import { errorText, ModelError } from "../protocol/error.ts";
import type { Usage } from "../protocol/event.ts";
import type { Host } from "../protocol/host.ts";
import type { WireItem } from "../protocol/item.ts";
import { LIMITS } from "../protocol/limits.ts";
import { sharedWaitMs } from "./attempts.ts";
import type { ProviderEndpoint, RateLimit } from "../protocol/provider.ts";
import { withTimeout } from "../util/async.ts";
import { parseJsonObject } from "../util/json/json.ts";
import { headBytes } from "../util/text/text.ts";
import { AnswerReader } from "./answer_reader.ts";
import { bodyText } from "./request.ts";
import { buildChatBody } from "./chat/body.ts";
import { ChatAnswer } from "./chat_answer.ts";
import { buildCutError } from "./connect_error.ts";
import { buildServerError, requestIdOf } from "./errors/errors.ts";
import type { Watchdog } from "./idle_timeout.ts";
import { parseRateLimits } from "./rate_limits.ts";
import {
  type ResponseEvent,
  RESPONSES_WIRE,
  type WireReader,
} from "./response_event.ts";
import {
  isTooBusy,
  type ModelRequest,
  type OpenResponse,
  openResponse,
  type TransportOptions,
} from "./transport.ts";
import { parseUsage } from "./usage.ts";

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
  /** The provider's limits by its newest response; empty when it gave none. */
  readonly rateLimits?: () => readonly RateLimit[];
  /** Fields of chat completions that it refused by name, and that are sent no more. */
  readonly refusedFields?: () => ReadonlySet<string>;
}

/** The client of one provider. It holds no connection: the runtime keeps one alive. */
export function createModelClient(options: TransportOptions): ModelClient {
  const habits: StreamOptions["habits"] = {
    holdsStreams: false,
    returned: Promise.resolve(),
    rateLimits: [],
    refusedFields: new Set(),
  };
  return {
    provider: options.provider,
    stream: (request) => streamEvents({ ...options, habits }, request),
    compact: (request) => requestCompaction(options, request),
    rateLimits: () => habits.rateLimits,
    refusedFields: () => habits.refusedFields,
  };
}

async function* streamEvents(
  options: StreamOptions,
  request: ModelRequest,
): AsyncGenerator<readonly ResponseEvent[]> {
  await options.habits.returned;
  const { response, watchdog, wire } = await open(options, request);
  const nowMs = options.host.now().getTime();
  options.habits.rateLimits = parseRateLimits(response.headers, nowMs);
  const reader = (response.body ?? new Blob().stream()).getReader();
  let ended = false;
  try {
    watchdog.pause();
    yield [{ type: "opened", requestId: requestIdOf(response.headers) }];
    const type = response.headers.get("content-type");
    const answer = new AnswerReader(type, wire);
    watchdog.heard();
    for (let said = 0; !answer.over; said = answer.said) {
      const bytes = await readNext(reader, answer.isClosing, options.host);
      ended = bytes === "end";
      const isLast = typeof bytes === "string";
      const batch = isLast ? answer.end() : answer.push(bytes);
      if (batch.length > 0) {
        watchdog.pause();
        yield batch;
      }
      // What only keeps the connection open is silence.
      if (answer.said > said) watchdog.heard();
      if (isLast && !answer.over) throw buildCutError(answer.describe());
    }
    watchdog.pause();
    if (!ended && !options.habits.holdsStreams) {
      ended = await drain(reader, options.host);
      options.habits.holdsStreams = !ended;
    }
    if (answer.error !== undefined) throw answer.error;
  } catch (error) {
    const seen = streamError(error, request.signal, watchdog);
    throw await tellOthers(options, seen);
  } finally {
    watchdog.stop({ abort: !ended });
    // The runtime takes a connection back a task after its answer was read to the end; a
    // request made before that opens a second one.
    options.habits.returned = options.host.sleep(0);
  }
}

async function open(
  options: StreamOptions,
  request: ModelRequest,
): Promise<OpenResponse & { readonly wire: WireReader }> {
  if (options.provider.wireApi === "chat") {
    return await openChat(options, request, options.habits.refusedFields);
  }
  const response = await openResponse(options, {
    ...request,
    path: "/responses",
    accept: "text/event-stream",
  });
  return { ...response, wire: RESPONSES_WIRE };
}

// After the last word silence and a broken line cost nothing: then there is "enough".
async function readNext(
  reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>,
  isClosing: boolean,
  host: Host,
): Promise<Uint8Array<ArrayBuffer> | "end" | "enough"> {
  if (!isClosing) return (await reader.read()).value ?? "end";
  const read = reader.read().then(({ value }) => value ?? "end")
    .catch(() => "enough" as const);
  const next = await withTimeout(read, LIMITS.lastWordMs, host);
  return next === "timeout" ? "enough" : next;
}

interface StreamOptions extends TransportOptions {
  /** What has been learnt about the server. */
  readonly habits: {
    /** It leaves a stream open after the last event: waiting for the end is in vain. */
    holdsStreams: boolean;
    /** The connection of the last answer can carry the next request. */
    returned: Promise<void>;
    rateLimits: readonly RateLimit[];
    /** Fields of a chat request that it refused by name. */
    readonly refusedFields: Set<string>;
  };
}

function streamError(
  error: unknown,
  signal: AbortSignal,
  watchdog: Watchdog,
): unknown {
  if (signal.aborted) return signal.reason;
  if (error instanceof ModelError) return error;
  const { aborted, reason } = watchdog.signal;
  if (aborted && reason instanceof ModelError) return reason;
  return error instanceof TypeError ? buildCutError(errorText(error)) : error;
}

// What the server asks of one run it asks of all that share its gate.
async function tellOthers(
  options: StreamOptions,
  error: unknown,
): Promise<unknown> {
  const { gate } = options;
  if (gate !== undefined && error instanceof ModelError && isTooBusy(error)) {
    await gate.slowDown(sharedWaitMs(error, options));
  }
  return error;
}

// Read to its end the connection can carry the next request; cancelled it is lost. True
// when the end came in time.
async function drain(
  reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>,
  host: Host,
): Promise<boolean> {
  return await withTimeout(readToEnd(reader), LIMITS.drainMs, host) === true;
}

async function readToEnd(
  reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>,
): Promise<boolean> {
  try {
    while (!(await reader.read()).done);
    return true;
  } catch {
    // The answer is complete; what happens to the connection after it is of no interest.
    return false;
  }
}

/**
 * `POST {base}/chat/completions`. Fields that are refused by name are added to `refused`
 * and sent no more. Throws as `openResponse()` does.
 */
async function openChat(
  options: TransportOptions,
  request: ModelRequest,
  refused: Set<string>,
): Promise<OpenResponse & { readonly wire: ChatAnswer }> {
  for (;;) {
    const chat = buildChatBody(bodyText(request.body), refused);
    try {
      const open = await openResponse(options, {
        ...request,
        body: chat.text,
        path: "/chat/completions",
        accept: "text/event-stream",
      });
      return { ...open, wire: new ChatAnswer(chat.customTools) };
    } catch (error) {
      const named = namedIn(error, chat.optional);
      if (named.length === 0 || !(error instanceof ModelError)) throw error;
      named.forEach((field) => refused.add(field));
      request.onRetry?.({
        attempt: 1,
        attemptsMax: 1,
        delayMs: 0,
        reason: `without ${named.join(", ")}: ${error.message}`,
        ...(error.status !== undefined && { status: error.status }),
      });
    }
  }
}

function namedIn(error: unknown, fields: readonly string[]): string[] {
  const isRefusal = error instanceof ModelError &&
    (error.status === 400 || error.status === 422);
  return isRefusal
    ? fields.filter((field) => new RegExp(`\\b${field}\\b`).test(error.message))
    : [];
}

interface CompactResult {
  /** As they came, in order. */
  readonly items: readonly WireItem[];
  readonly usage: Usage | null;
}

/** `POST {base}/responses/compact`. Throws ModelError, or the signal's reason. */
async function requestCompaction(
  options: TransportOptions,
  request: ModelRequest,
): Promise<CompactResult> {
  const { response, watchdog } = await openResponse(options, {
    ...request,
    path: "/responses/compact",
    accept: "application/json",
  });
  try {
    return parseCompaction(await response.text());
  } catch (error) {
    if (request.signal.aborted) throw request.signal.reason;
    if (error instanceof ModelError) throw error;
    const { aborted, reason } = watchdog.signal;
    throw aborted ? reason : buildCutError(errorText(error));
  } finally {
    watchdog.stop();
  }
}

const Answer = z.lazy(() =>
  z.object({
    output: z.array(z.looseObject({ type: z.string() })).check(z.minLength(1)),
  })
);

/** The items of a compaction answer. Throws ModelError when it is none. */
function parseCompaction(body: string): CompactResult {
  const answer = parseJsonObject(body);
  if (answer?.["error"] !== undefined && answer["error"] !== null) {
    throw buildServerError(answer["error"]);
  }
  if (!Answer.safeParse(answer).success) {
    const start = headBytes(body.trim(), LIMITS.answerStartBytes);
    throw new ModelError(
      `Cannot compact: the answer has no list of items, it begins with ${
        JSON.stringify(start)
      }`,
      { kind: "stream", retryable: true },
    );
  }
  return {
    // The parsed copy would have its keys in another order.
    items: answer?.["output"] as unknown as readonly WireItem[],
    usage: parseUsage(answer?.["usage"]),
  };
}
