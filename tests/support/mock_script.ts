/** The script of a mock model: what each answer is made of. */
import type { JsonObject } from "../../core/util/json/json.ts";

/** Gives the next id of a kind: `msg_1`, `msg_2`, …; each server counts for itself. */
export type NextId = (prefix: string) => string;

/** An item and the events that come before it is done. */
export interface BuiltItem {
  readonly item: JsonObject;
  readonly events: readonly JsonObject[];
}

/** A piece of one answer; pieces are sent in order. */
export type Part =
  | { readonly type: "item"; readonly build: (nextId: NextId) => BuiltItem }
  /** One event as it is. */
  | { readonly type: "event"; readonly event: JsonObject }
  /** Bytes of the body as they are, one piece after the other. */
  | {
    readonly type: "bytes";
    readonly chunks: readonly (string | Uint8Array<ArrayBuffer>)[];
  }
  /** The whole answer is this instead of a stream. */
  | {
    readonly type: "http";
    readonly status: number;
    readonly body: string;
    readonly headers: Readonly<Record<string, string>>;
  }
  /** The connection breaks here. */
  | { readonly type: "cut" }
  /** The stream ends here, in order but without `response.completed`. */
  | { readonly type: "end" }
  /** Nothing comes any more and the connection stays; `before` the HTTP status too. */
  | { readonly type: "hang"; readonly before: boolean }
  /** Goes on when the promise is fulfilled. */
  | { readonly type: "wait"; readonly until: Promise<unknown> }
  /** Overrides of what `response.completed` holds. */
  | { readonly type: "completed"; readonly response: JsonObject };

/** One answer. */
export type Step = Part | readonly Part[];

/** An assistant message, in as many deltas as wished. */
export function say(
  text: string,
  options: { readonly deltas?: number; readonly phase?: string } = {},
): Part {
  return item((nextId) => {
    const id = nextId("msg");
    return {
      item: {
        id,
        type: "message",
        role: "assistant",
        status: "completed",
        ...(options.phase !== undefined && { phase: options.phase }),
        content: [{ type: "output_text", text, annotations: [], logprobs: [] }],
      },
      events: [
        added({ id, type: "message", role: "assistant", content: [] }),
        ...pieces(text, options.deltas ?? 1).map((delta) => ({
          type: "response.output_text.delta",
          item_id: id,
          output_index: 0,
          content_index: 0,
          delta,
        })),
      ],
    };
  });
}

/** A refusal: a message without output text. */
export function refuse(text: string): Part {
  return item((nextId) => {
    const id = nextId("msg");
    const content = [{ type: "refusal", refusal: text }];
    return {
      item: {
        id,
        type: "message",
        role: "assistant",
        status: "completed",
        content,
      },
      events: [
        added({ id, type: "message", role: "assistant", content: [] }),
        { type: "response.refusal.delta", item_id: id, delta: text },
      ],
    };
  });
}

/** A function call; a string is sent as the arguments' text even when it is no JSON. */
export function call(
  name: string,
  args: JsonObject | string,
  options: { readonly callId?: string; readonly namespace?: string } = {},
): Part {
  return item((nextId) => {
    const id = nextId("fc");
    const text = typeof args === "string" ? args : JSON.stringify(args);
    const done = {
      id,
      type: "function_call",
      status: "completed",
      arguments: text,
      call_id: options.callId ?? nextId("call"),
      name,
      ...(options.namespace !== undefined && { namespace: options.namespace }),
    };
    return {
      item: done,
      events: [
        added({ ...done, arguments: "", status: "in_progress" }),
        {
          type: "response.function_call_arguments.delta",
          item_id: id,
          delta: text,
        },
      ],
    };
  });
}

/** A custom (free-form) call, e.g. of apply_patch. */
export function customCall(
  name: string,
  input: string,
  options: { readonly callId?: string; readonly deltas?: number } = {},
): Part {
  return item((nextId) => {
    const id = nextId("ctc");
    const done = {
      id,
      type: "custom_tool_call",
      status: "completed",
      call_id: options.callId ?? nextId("call"),
      name,
      input,
    };
    return {
      item: done,
      events: [
        added({ ...done, input: "", status: "in_progress" }),
        ...pieces(input, options.deltas ?? 1).map((delta) => ({
          type: "response.custom_tool_call_input.delta",
          item_id: id,
          delta,
        })),
      ],
    };
  });
}

/** Reasoning: summary parts shown, ciphertext carried. */
export function think(
  summary: string | readonly string[],
  encrypted = "ciphertext",
): Part {
  return item((nextId) => {
    const id = nextId("rs");
    const parts = typeof summary === "string" ? [summary] : summary;
    return {
      item: {
        id,
        type: "reasoning",
        summary: parts.map((text) => ({ type: "summary_text", text })),
        encrypted_content: encrypted,
      },
      events: [
        added({ id, type: "reasoning", summary: [] }),
        ...parts.flatMap((text, index) => [
          {
            type: "response.reasoning_summary_part.added",
            item_id: id,
            summary_index: index,
            part: { type: "summary_text", text: "" },
          },
          {
            type: "response.reasoning_summary_text.delta",
            item_id: id,
            summary_index: index,
            delta: text,
          },
        ]),
      ],
    };
  });
}

/** An item of a kind nobody knows, with its keys in an unusual order. */
export function unknownItem(fields: JsonObject = {}): Part {
  return item((nextId) => {
    const done = { zeta: 1, id: nextId("new"), type: "hologram", ...fields };
    return { item: done, events: [added(done)] };
  });
}

/** A search the server made by itself. */
export function webSearch(query: string): Part {
  return item((nextId) => {
    const id = nextId("ws");
    const done = {
      id,
      type: "web_search_call",
      status: "completed",
      action: { type: "search", query },
    };
    return {
      item: done,
      events: [added({ id, type: "web_search_call", status: "in_progress" })],
    };
  });
}

/** An opaque compaction item. */
export function compactionItem(encrypted = "compacted"): JsonObject {
  return { id: "cmp_1", type: "compaction", encrypted_content: encrypted };
}

/** An HTTP status instead of a stream; an object is sent as JSON. */
export function fail(
  status: number,
  body: string | JsonObject = errorBody("the mock refuses"),
  headers: Readonly<Record<string, string>> = {},
): Part {
  const json = typeof body !== "string";
  return {
    type: "http",
    status,
    body: json ? JSON.stringify(body) : body,
    headers: {
      "content-type": json ? "application/json" : "text/plain",
      ...headers,
    },
  };
}

/** The usual shape of an error body. */
export function errorBody(message: string, code?: string): JsonObject {
  return {
    error: { message, type: "mock_error", param: null, code: code ?? null },
  };
}

/** `response.failed`. */
export function failed(code: string, message: string): Part {
  return event({
    type: "response.failed",
    response: { status: "failed", error: { code, message } },
  });
}

/** `response.incomplete`. */
export function incomplete(reason: string): Part {
  return event({
    type: "response.incomplete",
    response: { status: "incomplete", incomplete_details: { reason } },
  });
}

/** Any event. */
export function event(body: JsonObject): Part {
  return { type: "event", event: body };
}

/** The connection breaks here. */
export function cut(): Part {
  return { type: "cut" };
}

/** The stream ends without its last event. */
export function end(): Part {
  return { type: "end" };
}

/** Silence; `before` even the status line. */
export function hang(options: { readonly before?: boolean } = {}): Part {
  return { type: "hang", before: options.before ?? false };
}

/** Holds the answer until the promise is fulfilled. */
export function wait(until: Promise<unknown>): Part {
  return { type: "wait", until };
}

/** Body bytes as they are. */
export function raw(...chunks: (string | Uint8Array<ArrayBuffer>)[]): Part {
  return { type: "bytes", chunks };
}

/** A 200 that is no event stream at all. */
export function garbage(text = "<html><body>It works!</body></html>"): Part {
  return { type: "bytes", chunks: [text] };
}

/** Usage as the server reports it; null leaves it out. */
export function usage(counts: JsonObject | null): Part {
  return { type: "completed", response: { usage: counts } };
}

/** `end_turn` of the last event. */
export function endTurn(value: boolean): Part {
  return { type: "completed", response: { end_turn: value } };
}

function item(build: (nextId: NextId) => BuiltItem): Part {
  return { type: "item", build };
}

function added(item: JsonObject): JsonObject {
  return { type: "response.output_item.added", output_index: 0, item };
}

function pieces(text: string, count: number): string[] {
  const size = Math.max(1, Math.ceil(text.length / count));
  const all: string[] = [];
  for (let at = 0; at < text.length; at += size) {
    all.push(text.slice(at, at + size));
  }
  return all;
}
