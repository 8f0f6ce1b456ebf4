/** The events of a streamed answer that we use; all others pass by unread. */
import { ModelError } from "../protocol/error.ts";
import type { Usage } from "../protocol/event.ts";
import type { WireItem } from "../protocol/item.ts";
import {
  asObject,
  type JsonObject,
  parseJsonObject,
} from "../util/json/json.ts";
import type { AnswerPart } from "./answer_items.ts";
import { buildIncompleteError, buildServerError } from "./errors/errors.ts";
import { parseUsage } from "./usage.ts";

/** `itemId` is empty where a server does not name the item: the one begun last is meant. */
export type ResponseEvent =
  /** The server accepted the request; from the HTTP headers, before any other event. */
  | { readonly type: "opened"; readonly requestId: string | undefined }
  | { readonly type: "created" }
  | {
    readonly type: "item_started";
    readonly itemId: string;
    readonly item: WireItem;
  }
  | {
    readonly type: "text_delta" | "tool_input_delta";
    readonly itemId: string;
    readonly text: string;
  }
  | {
    readonly type: "reasoning_delta";
    readonly itemId: string;
    readonly text: string;
    /** The model's own reasoning; false for its summary. */
    readonly raw: boolean;
  }
  /** A new part of the reasoning summary begins. */
  | { readonly type: "reasoning_section"; readonly itemId: string }
  /** Tokens of an answer that failed; an error follows. */
  | { readonly type: "spent"; readonly usage: Usage }
  /** An event that cannot be read was passed over, the first one of its answer. */
  | { readonly type: "event_lost"; readonly reason: string }
  /** A finished item, whichever event of the server it stood in. */
  | { readonly type: "item_done"; readonly item: WireItem }
  | {
    readonly type: "completed";
    readonly usage: Usage | null;
    /** The model that answered, where the server says so. */
    readonly model?: string;
    /** False: the model wants to continue although it called nothing. */
    readonly endTurn?: boolean;
    /** The answer was cut off: what came of it counts, then the stream throws. */
    readonly isCut?: true;
  };

/** What only the reader of an answer sees. */
export type AnswerEvent =
  | ResponseEvent
  | { readonly type: "part_done"; readonly part: AnswerPart }
  /** The answer is over: its list of items, and the error where it did not end well. */
  | {
    readonly type: "ended";
    readonly output: readonly WireItem[];
    readonly completed: ResponseEvent & { readonly type: "completed" };
    readonly error?: ModelError;
  }
  | {
    readonly type: "failed";
    readonly error: ModelError;
    /** What the failed answer cost all the same. */
    readonly usage: Usage | null;
  };

/** How the messages of one answer are understood. A reader serves one answer. */
export interface WireReader {
  /** What the end of an answer is, for people. */
  readonly ending: string;
  /** Whether an answer that breaks off now is whole all the same. */
  readonly isClosing: boolean;
  /** One message: its `data:` and its `event:` line. */
  take(data: string, name: string): readonly AnswerEvent[];
  /** A body that is no stream; empty when it is no answer either. */
  takeWhole(body: string): readonly AnswerEvent[];
  /** What the end of the stream says. */
  end(): readonly AnswerEvent[];
}

/** The Responses API: every message says all that there is to know. */
export const RESPONSES_WIRE: WireReader = {
  ending: "response.completed",
  isClosing: false,
  take: (data, name) => listOf(parseResponseEvent(data, name)),
  takeWhole: (body) => listOf(parseWholeAnswer(body)),
  end: () => [],
};

function listOf<T>(value: T | undefined): readonly T[] {
  return value === undefined ? [] : [value];
}

/**
 * One `data:` of the stream as an event; undefined when it is not a JSON object or of a
 * type we do not use. `name` is the message's `event:` line, for servers that give the type
 * nowhere else. Deltas are the many: they cost one JSON.parse and no schema.
 */
function parseResponseEvent(
  data: string,
  name: string = "",
): AnswerEvent | undefined {
  const wire = parseJsonObject(data);
  if (wire === undefined) {
    return name === "error" ? plainError(data) : undefined;
  }
  const type = text(wire["type"]) || name;
  switch (type) {
    case "response.output_text.delta":
    case "response.refusal.delta":
      return {
        type: "text_delta",
        itemId: text(wire["item_id"]),
        text: text(wire["delta"]),
      };
    case "response.function_call_arguments.delta":
    case "response.custom_tool_call_input.delta":
      return {
        type: "tool_input_delta",
        itemId: text(wire["item_id"]),
        text: text(wire["delta"]),
      };
    case "response.reasoning_summary_text.delta":
      return reasoningDelta(wire, false);
    case "response.reasoning_text.delta":
      return reasoningDelta(wire, true);
    case "response.reasoning_summary_part.added":
      return { type: "reasoning_section", itemId: text(wire["item_id"]) };
    default:
      return parseRareEvent(wire, type);
  }
}

/** A whole answer that came unstreamed, or an error in its place; undefined for neither. */
function parseWholeAnswer(body: string): AnswerEvent | undefined {
  const wire = parseJsonObject(body);
  if (wire === undefined) return undefined;
  if (Array.isArray(wire["output"])) return parseEnd(wire, "completed");
  return parseRareEvent(wire, text(wire["type"]));
}

// What comes a few times an answer.
function parseRareEvent(
  wire: JsonObject,
  type: string,
): AnswerEvent | undefined {
  switch (type) {
    case "response.created":
      return { type: "created" };
    case "response.output_item.added": {
      const item = asItem(wire["item"]);
      return item &&
        { type: "item_started", itemId: text(item["id"]), item };
    }
    case "response.output_item.done": {
      const item = asItem(wire["item"]);
      return item && { type: "item_done", item };
    }
    case "response.output_text.done":
    case "response.refusal.done":
      return partDone("text", wire, wire["text"] ?? wire["refusal"]);
    case "response.function_call_arguments.done":
      return partDone("input", wire, wire["arguments"]);
    case "response.custom_tool_call_input.done":
      return partDone("input", wire, wire["input"]);
    case "response.completed":
    case "response.done":
      return parseEnd(asObject(wire["response"]), "completed");
    case "response.incomplete":
      return parseEnd(asObject(wire["response"]), "incomplete");
    case "response.cancelled":
      return parseEnd(asObject(wire["response"]), "cancelled");
    case "response.failed":
      return failedResponse(asObject(wire["response"]));
    case "error":
    case "response.error":
      // Some servers nest the error, the documented form is flat.
      return failed(buildServerError(wire["error"] ?? wire));
    default: {
      const error = untypedError(wire, type);
      return error === undefined ? undefined : failed(buildServerError(error));
    }
  }
}

// A gateway's error in the middle of a stream has no type, FastAPI's a detail alone, and
// vLLM's is a whole error object with a type of its own.
function untypedError(wire: JsonObject, type: string): unknown {
  if (wire["object"] === "error") return wire;
  if (type.startsWith("response.")) return undefined;
  if (wire["error"] !== undefined && wire["error"] !== null) {
    return wire["error"];
  }
  return type === "" && wire["detail"] !== undefined ? wire : undefined;
}

function plainError(data: string): AnswerEvent | undefined {
  return data.trim() === "" ? undefined : failed(buildServerError(data.trim()));
}

// The status in the response counts more than the name of the event.
function parseEnd(
  response: JsonObject | undefined,
  named: "completed" | "incomplete" | "cancelled",
): AnswerEvent {
  const status = text(response?.["status"]);
  const state = status === "" || status === "in_progress" ? named : status;
  if (state === "failed") return failedResponse(response);
  const output = response?.["output"];
  const items = Array.isArray(output)
    ? output.flatMap((value) => asItem(value) ?? [])
    : [];
  const ended = {
    type: "ended",
    output: items,
    completed: parseCompleted(response),
  } as const;
  switch (state) {
    case "incomplete":
      return {
        ...ended,
        error: buildIncompleteError(incompleteReason(response)),
      };
    case "cancelled":
      return { ...ended, error: buildIncompleteError("cancelled") };
    default:
      return ended;
  }
}

function partDone(
  kind: AnswerPart["kind"],
  wire: JsonObject,
  value: unknown,
): AnswerEvent {
  const itemId = text(wire["item_id"]);
  return { type: "part_done", part: { kind, itemId, text: text(value) } };
}

function parseCompleted(
  response: JsonObject | undefined,
): ResponseEvent & { readonly type: "completed" } {
  const endTurn = response?.["end_turn"];
  const model = text(response?.["model"]);
  return {
    type: "completed",
    usage: parseUsage(response?.["usage"]),
    ...(model !== "" && { model }),
    ...(typeof endTurn === "boolean" && { endTurn }),
  };
}

function incompleteReason(response: JsonObject | undefined): string {
  const details = asObject(response?.["incomplete_details"]);
  return text(details?.["reason"]) || "unknown";
}

function reasoningDelta(wire: JsonObject, raw: boolean): ResponseEvent {
  return {
    type: "reasoning_delta",
    itemId: text(wire["item_id"]),
    text: text(wire["delta"]),
    raw,
  };
}

function failedResponse(response: JsonObject | undefined): AnswerEvent {
  return {
    ...failed(buildServerError(response?.["error"])),
    usage: parseUsage(response?.["usage"]),
  };
}

function failed(error: ModelError): AnswerEvent & { readonly type: "failed" } {
  return { type: "failed", error, usage: null };
}

function asItem(value: unknown): WireItem | undefined {
  const item = asObject(value);
  return typeof item?.["type"] === "string" ? item as WireItem : undefined;
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
