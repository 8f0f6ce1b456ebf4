/** One provider's endpoint: a request goes out, its events come back in batches. */
import { errorText, ModelError } from "../protocol/error.ts";
import type { Host } from "../protocol/host.ts";
import { LIMITS } from "../protocol/limits.ts";
import type { ProviderEndpoint, RateLimit } from "../protocol/provider.ts";
import { type CompactResult, requestCompaction } from "./compact.ts";
import { openChat } from "./chat_open.ts";
import { buildCutError } from "./connect_error.ts";
import { requestIdOf } from "./errors/errors.ts";
import { parseRateLimits } from "./rate_limits.ts";
import { AnswerReader } from "./answer_reader.ts";
import {
  type ResponseEvent,
  RESPONSES_WIRE,
  type WireReader,
} from "./response_event.ts";
import {
  type ModelRequest,
  type OpenResponse,
  openResponse,
  type TransportOptions,
} from "./transport.ts";
import type { Watchdog } from "./idle_timeout.ts";
import { withTimeout } from "../util/async.ts";

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
    throw streamError(error, request.signal, watchdog);
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
