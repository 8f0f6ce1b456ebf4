/** A scripted model server on a real port: it plays answers and keeps every request. */
import assert from "node:assert/strict";
import type { JsonObject } from "../../core/util/json/json.ts";
import { serveHttp } from "./http_server.ts";
import { checkLaws, type LawOptions } from "./laws.ts";
import { errorBody, type NextId, type Part, type Step } from "./mock_script.ts";
import { topLevelTexts } from "./raw_json.ts";

export * from "./mock_script.ts";

/** One request as it came in. */
export interface MockRequest {
  /** From 0, over all paths. */
  readonly index: number;
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Headers;
  /** The body's own text. */
  readonly text: string;
  readonly body: JsonObject;
  /** The items; the messages of a request for chat completions. */
  readonly input: readonly JsonObject[];
  /** Equal for requests that came over one TCP connection. */
  readonly connection: number;
  /** Fulfilled when the client has gone or the answer is through. */
  readonly ended: Promise<void>;
  /** What an output item of that call holds; undefined when there is none. */
  outputOf(callId: string): unknown;
}

export interface MockOptions {
  /** One step an answer; a function makes them as they are needed. */
  readonly script?:
    | readonly (Step | ((request: MockRequest) => Step))[]
    | ((request: MockRequest) => Step);
  /** Answers of `/responses/compact`: the output items, or an HTTP failure. */
  readonly compact?: readonly (readonly JsonObject[] | Part)[];
  /** Answer of `GET /models`; 404 without it. */
  readonly models?: readonly JsonObject[];
  /** Checked over all requests when the server is disposed of; false checks nothing. */
  readonly laws?: LawOptions | false;
  /** Cached tokens are reported in whole blocks of so many. */
  readonly cacheBlockTokens?: number;
  /** Sent in the `x-request-id` header, with a number after it. */
  readonly requestIdPrefix?: string;
  /** Sent with every answer. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface MockModel extends AsyncDisposable {
  /** `http://127.0.0.1:PORT/v1`. */
  readonly url: string;
  readonly requests: readonly MockRequest[];
  /** The nth request, counted from 0; throws when it has not come. */
  request(index: number): MockRequest;
  /** Waits until so many requests have come. */
  received(count: number): Promise<void>;
  /** Steps not yet played. */
  readonly stepsLeft: number;
  /** More answers, after those of the script. */
  add(...steps: readonly Step[]): void;
}

/** Starts a server; `await using` ends it and checks the laws over what it was sent. */
export function mockModel(options: MockOptions = {}): MockModel {
  const state = new MockState(options);
  const server = serveHttp((request, connection) =>
    state.answer(request, connection)
  );
  return {
    url: `http://127.0.0.1:${server.port}/v1`,
    requests: state.requests,
    request: (index) => state.request(index),
    received: (count) => state.received(count),
    get stepsLeft(): number {
      return state.steps.length;
    },
    add: (...steps) => void state.steps.push(...steps),
    [Symbol.asyncDispose]: async (): Promise<void> => {
      state.stop.abort();
      await server.shutdown();
      if (options.laws !== false) checkLaws(state.requests, options.laws);
    },
  };
}

/** A base URL on which nothing listens. */
export function refusingUrl(): string {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return `http://127.0.0.1:${port}/v1`;
}

class MockState {
  readonly requests: MockRequest[] = [];
  readonly steps: (Step | ((request: MockRequest) => Step))[];
  readonly stop = new AbortController();
  readonly #options: MockOptions;
  readonly #compact: (readonly JsonObject[] | Part)[];
  readonly #waiting: { count: number; wake: () => void }[] = [];
  readonly #ids = new Map<string, number>();
  readonly #lastPrompt = new Map<string, string>();

  constructor(options: MockOptions) {
    this.#options = options;
    this.steps = Array.isArray(options.script) ? [...options.script] : [];
    this.#compact = [...(options.compact ?? [])];
  }

  request(index: number): MockRequest {
    const request = this.requests[index];
    assert.ok(
      request,
      `The mock has no request ${index} (${this.requests.length} came)`,
    );
    return request;
  }

  async received(count: number): Promise<void> {
    if (this.requests.length >= count) return;
    await new Promise<void>((wake) => this.#waiting.push({ count, wake }));
  }

  async answer(incoming: Request, connection: number): Promise<Response> {
    const ended = Promise.withResolvers<void>();
    incoming.signal.addEventListener("abort", () => ended.resolve());
    const request = await readRequest(incoming, {
      index: this.requests.length,
      connection,
      ended: ended.promise,
    });
    this.requests.push(request);
    for (const waiting of this.#waiting) {
      if (this.requests.length >= waiting.count) waiting.wake();
    }
    if (request.path.endsWith("/responses/compact")) {
      return await this.#answerCompact(ended.promise);
    }
    const { models } = this.#options;
    if (request.path.endsWith("/models") && models !== undefined) {
      return Response.json({ object: "list", data: models });
    }
    if (!/\/(responses|chat\/completions)$/.test(request.path)) {
      return Response.json(errorBody(`no such path: ${request.path}`), {
        status: 404,
      });
    }
    return await this.#answerStep(request, ended.promise);
  }

  async #answerCompact(gone: Promise<void>): Promise<Response> {
    const next = this.#compact.shift();
    if (next === undefined) return exhausted("compact");
    if ("type" in next) {
      if (next.type === "http") return this.#http(next);
      if (next.type === "cut") {
        throw new Error("The mock breaks the connection");
      }
      assert.equal(
        next.type,
        "hang",
        "fail(), cut() and hang() stand for a compaction",
      );
      await Promise.race([gone, aborted(this.stop.signal)]);
      return new Response(null, { status: 503 });
    }
    return Response.json({
      id: this.#nextId("resp"),
      object: "response.compaction",
      output: next,
      usage: { input_tokens: 10, output_tokens: 2, total_tokens: 12 },
    }, { headers: this.#headers() });
  }

  async #answerStep(
    request: MockRequest,
    gone: Promise<void>,
  ): Promise<Response> {
    const { script } = this.#options;
    let step = this.steps.shift() ??
      (typeof script === "function" ? script : undefined);
    if (typeof step === "function") step = step(request);
    if (step === undefined) return exhausted("script");
    const parts = Array.isArray(step)
      ? step as readonly Part[]
      : [step as Part];
    const http = parts.find((part) => part.type === "http");
    if (http?.type === "http") return this.#http(http);
    const [first] = parts;
    if (first?.type === "hang" && first.before) {
      await Promise.race([gone, aborted(this.stop.signal)]);
      return new Response(null, { status: 503 });
    }
    const chunks = this.#play(parts, request, gone);
    return new Response(ReadableStream.from(chunks), {
      headers: { "content-type": "text/event-stream", ...this.#headers() },
    });
  }

  async *#play(
    parts: readonly Part[],
    request: MockRequest,
    gone: Promise<void>,
  ): AsyncGenerator<Uint8Array> {
    const encoder = new TextEncoder();
    const answer = new AnswerText(this.#nextId, this.#usageOf(request));
    yield encoder.encode(answer.begin(parts));
    for (const part of parts) {
      switch (part.type) {
        case "cut":
          if (answer.pending !== "") yield encoder.encode(answer.take());
          throw new Error("cut by the script");
        case "end":
          return yield encoder.encode(answer.take());
        case "hang":
          yield encoder.encode(answer.take());
          await Promise.race([gone, aborted(this.stop.signal)]);
          return;
        case "wait":
          yield encoder.encode(answer.take());
          await part.until;
          break;
        case "bytes":
          yield encoder.encode(answer.take());
          yield* part.chunks.map((chunk) =>
            typeof chunk === "string" ? encoder.encode(chunk) : chunk
          );
          break;
        default:
          answer.add(part);
      }
    }
    yield encoder.encode(answer.finish(parts));
  }

  #http(part: Extract<Part, { type: "http" }>): Response {
    return new Response(part.body, {
      status: part.status,
      headers: { ...this.#headers(), ...part.headers },
    });
  }

  #headers(): Record<string, string> {
    const prefix = this.#options.requestIdPrefix ?? "req";
    return {
      ...this.#options.headers,
      "x-request-id": `${prefix}_${this.requests.length}`,
    };
  }

  // What the prompt shares with the last one of its key counts as cached.
  #usageOf(request: MockRequest): JsonObject {
    const texts = topLevelTexts(request.text);
    const prompt = ["model", "instructions", "tools", "input"]
      .map((key) => texts.get(key) ?? "").join("\n");
    const key = String(request.body["prompt_cache_key"] ?? "");
    const shared = sharedLength(this.#lastPrompt.get(key) ?? "", prompt);
    this.#lastPrompt.set(key, prompt);
    const block = this.#options.cacheBlockTokens ?? 1;
    const cached = Math.floor(shared / 4 / block) * block;
    return {
      input_tokens: Math.ceil(prompt.length / 4),
      input_tokens_details: { cached_tokens: cached, cache_write_tokens: 0 },
      output_tokens: 10,
      output_tokens_details: { reasoning_tokens: 2 },
      total_tokens: Math.ceil(prompt.length / 4) + 10,
    };
  }

  readonly #nextId: NextId = (prefix) => {
    const count = (this.#ids.get(prefix) ?? 0) + 1;
    this.#ids.set(prefix, count);
    return `${prefix}_${count}`;
  };
}

/** The events of one answer as text, gathered until something has to be waited for. */
class AnswerText {
  readonly #nextId: NextId;
  readonly #usage: JsonObject;
  readonly #output: JsonObject[] = [];
  readonly #id: string;
  #sequence = 0;
  pending = "";

  constructor(nextId: NextId, usage: JsonObject) {
    this.#nextId = nextId;
    this.#usage = usage;
    this.#id = nextId("resp");
  }

  begin(parts: readonly Part[]): string {
    // An answer that begins with bytes is not to be mistaken for a stream.
    if (parts[0]?.type === "bytes") return "";
    this.#event({
      type: "response.created",
      response: { id: this.#id, object: "response", status: "in_progress" },
    });
    return this.take();
  }

  add(part: Part): void {
    if (part.type === "event") this.#event(part.event);
    if (part.type !== "item") return;
    const { item, events } = part.build(this.#nextId);
    events.forEach((event) => this.#event(event));
    this.#event({
      type: "response.output_item.done",
      output_index: this.#output.length,
      item,
    });
    this.#output.push(item);
  }

  take(): string {
    const text = this.pending;
    this.pending = "";
    return text;
  }

  finish(parts: readonly Part[]): string {
    const terminal = /"type":"(response\.(failed|incomplete|completed)|error)"/;
    const own = parts.some((part) =>
      part.type === "bytes" ||
      part.type === "event" && terminal.test(JSON.stringify(part.event))
    );
    if (own) return this.take();
    const overrides = parts.flatMap((part) =>
      part.type === "completed" ? [part.response] : []
    );
    this.#event({
      type: "response.completed",
      response: Object.assign(
        {
          id: this.#id,
          object: "response",
          status: "completed",
          output: this.#output,
          usage: this.#usage,
        },
        ...overrides,
      ),
    });
    return this.take();
  }

  #event(event: JsonObject): void {
    const body = { ...event, sequence_number: this.#sequence++ };
    this.pending += `event: ${event["type"]}\ndata: ${
      JSON.stringify(body)
    }\n\n`;
  }
}

async function readRequest(
  incoming: Request,
  facts: Pick<MockRequest, "index" | "connection" | "ended">,
): Promise<MockRequest> {
  const url = new URL(incoming.url);
  const text = await incoming.text();
  const body = text === "" ? {} : JSON.parse(text) as JsonObject;
  const input =
    (body["input"] ?? body["messages"] ?? []) as readonly JsonObject[];
  return {
    ...facts,
    method: incoming.method,
    path: url.pathname,
    query: url.searchParams,
    headers: new Headers(incoming.headers),
    text,
    body,
    input,
    outputOf: (callId) =>
      input.find((item) =>
        String(item["type"]).endsWith("_output") && item["call_id"] === callId
      )?.["output"],
  };
}

// 400, because the client must not try again.
function exhausted(what: string): Response {
  return Response.json(errorBody(`the mock's ${what} has no further answer`), {
    status: 400,
  });
}

function sharedLength(left: string, right: string): number {
  let at = 0;
  while (at < left.length && left[at] === right[at]) at++;
  return at;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
