/** A fetch that limits the size of answers and reports their end. */
import { errorText } from "../../../core/protocol/error.ts";
import { readStart } from "../../../core/util/bytes.ts";
import { LIMITS } from "../../../core/protocol/limits.ts";
import { asObject, parseJson } from "../../../core/util/json/json.ts";
import { faultAnswer, mendMessage } from "./mend.ts";

/** How the body that was to answer a request came to its end. */
export interface AnswerEnd {
  readonly requestId: number;
  /** The rest can be asked for, and will be (SSE events with ids). */
  readonly isResumable: boolean;
  /** Empty when it ended as it should. */
  readonly problem: string;
}

interface LimitedFetchOptions {
  readonly fetch: typeof fetch;
  readonly messageBytesMax: number;
  readonly onAnswerEnd: (end: AnswerEnd) => void;
}

type FetchLike = (url: string | URL, init?: RequestInit) => Promise<Response>;

/** Wraps fetch; a body with a longer message breaks off with an error. */
export function limitFetch(options: LimitedFetchOptions): FetchLike {
  return async (url, init) => {
    const response = await options.fetch(url, init);
    const { body, status, statusText, headers } = response;
    if (body === null || status === 204) return response;
    if (!response.ok) {
      const said = await readStart(body, LIMITS.errorBodyBytes);
      return new Response(said, { status, statusText, headers });
    }
    const watch = new BodyWatch(options, requestIdOf(init));
    const isEvents = headers.get("content-type")?.startsWith(
      "text/event-stream",
    ) ?? false;
    const mended = watch.pipe(body, isEvents).pipeThrough(
      mendBody(isEvents, requestIdOf(init)),
    );
    return new Response(mended, {
      status,
      statusText,
      headers,
    });
  };
}

// Message by message: lines of an event stream, or the whole of another body.
function mendBody(
  isEvents: boolean,
  requestId: number | undefined,
): TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> {
  const decoder = new TextDecoder();
  const encoder = new TextEncoder();
  let text = "";
  let data: string[] = [];
  const mendLine = (ended: string): string => {
    const line = ended.replace(/\r$/, "");
    const [, value] = /^data:\s?(.*)$/.exec(line) ?? [];
    if (value !== undefined) {
      data.push(value);
      return "";
    }
    if (line !== "" || data.length === 0) return `${line}\n`;
    const whole = data.join("\n");
    data = [];
    const mended = whole === "" ? "" : mendText(whole, requestId);
    return `data: ${mended}\n\n`;
  };
  return new TransformStream({
    transform: (chunk, controller) => {
      const piece = decoder.decode(chunk, { stream: true });
      const end = isEvents ? piece.lastIndexOf("\n") : -1;
      // A long line comes in many pieces: it is looked at once.
      if (end < 0) return void (text += piece);
      const lines = (text + piece.slice(0, end)).split("\n");
      text = piece.slice(end + 1);
      const mended = lines.map(mendLine).join("");
      if (mended !== "") controller.enqueue(encoder.encode(mended));
    },
    flush: (controller) => {
      text += decoder.decode();
      if (text === "") return;
      const mended = isEvents ? mendLine(text) : mendText(text, requestId);
      controller.enqueue(encoder.encode(mended));
    },
  });
}

function mendText(text: string, requestId: number | undefined): string {
  const value = parseJson(text);
  const list = Array.isArray(value) ? value : [value];
  const mended = list.map((one) => {
    const message = asObject(one);
    if (message !== undefined) return mendMessage(message);
    return requestId === undefined
      ? one
      : faultAnswer(requestId, "its answer is not JSON");
  });
  if (value === undefined && requestId === undefined) return text;
  return JSON.stringify(Array.isArray(value) ? mended : mended[0]);
}

const LINE_FEED = 0x0a;
/** Where the id of an event stands, if it has one. */
const EVENT_HEAD_BYTES = 512;
const decoder = new TextDecoder();

class BodyWatch {
  readonly #options: LimitedFetchOptions;
  readonly #requestId: number | undefined;
  #bytes = 0;
  #hasEventIds = false;
  #isTooLong = false;
  #problem = "";

  constructor(options: LimitedFetchOptions, requestId: number | undefined) {
    this.#options = options;
    this.#requestId = requestId;
  }

  pipe(
    body: ReadableStream<Uint8Array<ArrayBuffer>>,
    isEvents: boolean,
  ): ReadableStream<Uint8Array<ArrayBuffer>> {
    const reader = body.getReader();
    return new ReadableStream({
      pull: async (controller) => {
        try {
          const { value, done } = await reader.read();
          if (done) {
            controller.close();
            return this.#end();
          }
          this.#count(value, isEvents);
          controller.enqueue(value);
        } catch (error) {
          this.#problem ||= errorText(error);
          controller.error(error);
          this.#end();
          await reader.cancel().catch(() => {});
        }
      },
      cancel: async (reason) => {
        this.#end();
        await reader.cancel(reason);
      },
    });
  }

  // One message is one line of an event stream, or the whole of another body.
  #count(chunk: Uint8Array, isEvents: boolean): void {
    const first = isEvents ? chunk.indexOf(LINE_FEED) : -1;
    const bytes = this.#bytes + (first < 0 ? chunk.length : first);
    this.#bytes = first < 0
      ? bytes
      : chunk.length - chunk.lastIndexOf(LINE_FEED) - 1;
    const { messageBytesMax } = this.#options;
    if (bytes > messageBytesMax) {
      this.#isTooLong = true;
      this.#problem =
        `its message has more than the ${messageBytesMax} bytes it may have`;
      throw new Error(`Cannot read from the server: ${this.#problem}`);
    }
    if (isEvents && !this.#hasEventIds) {
      const start = decoder.decode(chunk.subarray(0, EVENT_HEAD_BYTES));
      this.#hasEventIds = /(^|\n)id:/.test(start);
    }
  }

  #end(): void {
    if (this.#requestId === undefined) return;
    this.#options.onAnswerEnd({
      requestId: this.#requestId,
      isResumable: this.#hasEventIds && !this.#isTooLong,
      problem: this.#problem,
    });
  }
}

// The id of a JSON-RPC request in a body of ours; other messages have none.
function requestIdOf(init: RequestInit | undefined): number | undefined {
  if (init?.method !== "POST" || typeof init.body !== "string") {
    return undefined;
  }
  const message: unknown = parseJson(init.body);
  if (typeof message !== "object" || message === null) return undefined;
  const { id, method } = message as { id?: unknown; method?: unknown };
  return typeof id === "number" && typeof method === "string" ? id : undefined;
}
