/** One provider's Responses endpoint: a request goes out, its events come back in batches. */
import { errorText, ModelError } from "../protocol/error.ts";
import type { Host } from "../protocol/host.ts";
import { LIMITS } from "../protocol/limits.ts";
import type { ProviderEndpoint, RateLimit } from "../protocol/provider.ts";
import { headBytes } from "../util/text/text.ts";
import { type CompactResult, requestCompaction } from "./compact.ts";
import { buildCutError } from "./connect_error.ts";
import { requestIdOf } from "./errors.ts";
import { parseRateLimits } from "./rate_limits.ts";
import { parseResponseEvent, type ResponseEvent } from "./response_event.ts";
import { SseParser } from "./sse.ts";
import {
  type ModelRequest,
  openResponse,
  type TransportOptions,
} from "./transport.ts";
import type { Watchdog } from "./idle_timeout.ts";

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
}

/** The client of one provider. It holds no connection: the runtime keeps one alive. */
export function createModelClient(options: TransportOptions): ModelClient {
  const habits: StreamOptions["habits"] = {
    holdsStreams: false,
    returned: Promise.resolve(),
    rateLimits: [],
  };
  return {
    provider: options.provider,
    stream: (request) => streamEvents({ ...options, habits }, request),
    compact: (request) => requestCompaction(options, request),
    rateLimits: () => habits.rateLimits,
  };
}

async function* streamEvents(
  options: StreamOptions,
  request: ModelRequest,
): AsyncGenerator<readonly ResponseEvent[]> {
  await options.habits.returned;
  const { response, watchdog } = await openResponse(options, {
    ...request,
    path: "/responses",
    accept: "text/event-stream",
  });
  const nowMs = options.host.now().getTime();
  options.habits.rateLimits = parseRateLimits(response.headers, nowMs);
  const reader = (response.body ?? new Blob().stream()).getReader();
  let ended = false;
  try {
    watchdog.pause();
    yield [{ type: "opened", requestId: requestIdOf(response.headers) }];
    const answer = new AnswerReader();
    while (!answer.over) {
      watchdog.heard();
      const { done, value } = await reader.read();
      watchdog.pause();
      if (done) ended = true;
      const batch = done ? answer.end() : answer.push(value);
      if (batch.length > 0) yield batch;
      if (done && !answer.over) throw buildCutError(answer.describe());
    }
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

interface StreamOptions extends TransportOptions {
  /** What has been learnt about the server. */
  readonly habits: {
    /** It leaves a stream open after the last event: waiting for the end is in vain. */
    holdsStreams: boolean;
    /** The connection of the last answer can carry the next request. */
    returned: Promise<void>;
    rateLimits: readonly RateLimit[];
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

/** Takes the bytes of one answer in, gives its events out, knows when it is over. */
class AnswerReader {
  readonly #parser = new SseParser();
  #start = "";
  #understood = 0;
  #over = false;
  #error: ModelError | undefined;

  /** Whether the last event has come. */
  get over(): boolean {
    return this.#over;
  }

  /** Set when that word was a failure. */
  get error(): ModelError | undefined {
    return this.#error;
  }

  push(bytes: Uint8Array<ArrayBuffer>): ResponseEvent[] {
    if (
      this.#understood === 0 && this.#start.length < LIMITS.answerStartBytes
    ) {
      this.#start += new TextDecoder().decode(
        bytes.subarray(0, LIMITS.answerStartBytes),
      );
    }
    return this.#parse(this.#parser.push(bytes));
  }

  end(): ResponseEvent[] {
    return this.#parse(this.#parser.end());
  }

  /** What is known of an answer that ended too early. */
  describe(): string {
    if (this.#understood > 0) {
      return "the stream ended without response.completed";
    }
    const start = headBytes(this.#start, LIMITS.answerStartBytes).trim();
    return start === ""
      ? "the stream was empty"
      : `the stream had no event, it begins with ${JSON.stringify(start)}`;
  }

  #parse(messages: readonly string[]): ResponseEvent[] {
    const events: ResponseEvent[] = [];
    for (const message of messages) {
      const event = parseResponseEvent(message);
      if (event === undefined) continue;
      this.#understood++;
      if (event.type === "failed") this.#error = event.error;
      else pushJoined(events, event);
      if (event.type === "failed" || event.type === "completed") {
        this.#over = true;
        break;
      }
    }
    return events;
  }
}

// What comes in one read is seen at once: pieces of one text need no event each.
function pushJoined(events: ResponseEvent[], event: ResponseEvent): void {
  const last = events.at(-1);
  if (
    event.type === "text_delta" && last?.type === "text_delta" &&
    event.itemId === last.itemId
  ) {
    events[events.length - 1] = { ...event, text: last.text + event.text };
  } else events.push(event);
}

// Read to its end the connection can carry the next request; cancelled it is lost. True
// when the end came in time.
async function drain(
  reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>,
  host: Host,
): Promise<boolean> {
  const enough = new AbortController();
  const tooLate = host.sleep(LIMITS.drainMs, enough.signal)
    .then(() => false, () => false);
  try {
    return await Promise.race([readToEnd(reader), tooLate]);
  } finally {
    enough.abort();
  }
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
