/** Answers of a server of chat completions, made of the items of a script. */
import type { JsonObject } from "../../core/util/json/json.ts";
import { fail, type Part, raw } from "./mock_script.ts";

export interface ChatStyle {
  /** One JSON text instead of a stream. */
  readonly isWhole?: boolean;
  /** Calls without ids, all with the index 0. */
  readonly isBare?: boolean;
  /** Arguments as an object instead of text. */
  readonly hasObjects?: boolean;
  /** The field of reasoning; without it there is none. */
  readonly reasoning?: string;
  /** Where the tokens stand: in a chunk of their own, or in the last one. */
  readonly usage?: "own" | "last";
  readonly noDone?: boolean;
}

/** An answer with these messages and function calls; every text in pieces. */
export function chatAnswer(
  items: readonly JsonObject[],
  usage: JsonObject | undefined,
  style: ChatStyle = {},
): Part {
  const isCall = (item: JsonObject): boolean => item["type"] !== "message";
  const text = items.filter((item) => !isCall(item)).map(textOf).join("");
  const calls = items.filter(isCall).map((item, index) =>
    callOf(item, index, style)
  );
  const reason = calls.length > 0 ? "tool_calls" : "stop";
  if (style.isWhole) {
    const message = {
      role: "assistant",
      content: text === "" ? null : text,
      ...(calls.length > 0 && { tool_calls: calls }),
    };
    return fail(200, {
      object: "chat.completion",
      choices: [{ index: 0, message, finish_reason: reason }],
      ...(usage !== undefined && { usage }),
    });
  }
  const { reasoning } = style;
  const last = {
    ...chunk({}, reason),
    ...(style.usage === "last" && usage !== undefined && { usage }),
  };
  const events = [
    chunk({ role: "assistant", content: "" }),
    ...(reasoning === undefined
      ? []
      : ["Let me ", "think."].map((piece) => chunk({ [reasoning]: piece }))),
    ...halves(text).map((piece) => chunk({ content: piece })),
    ...calls.flatMap((call) => pieces(call, style)).map((call) =>
      chunk({ tool_calls: [call] })
    ),
    last,
    ...(style.usage === "own" && usage !== undefined
      ? [{ id: "c", choices: [], usage }]
      : []),
  ];
  return sse(events, style);
}

/** A stream of these chunks. */
export function sse(
  chunks: readonly JsonObject[],
  { noDone = false }: Pick<ChatStyle, "noDone"> = {},
): Part {
  const lines = chunks.map((one) => `data: ${JSON.stringify(one)}\n\n`);
  return raw([...lines, noDone ? "" : "data: [DONE]\n\n"].join(""));
}

/** One chunk of an answer. */
export function chunk(delta: JsonObject, finish?: string): JsonObject {
  return {
    id: "c",
    object: "chat.completion.chunk",
    choices: [{ index: 0, delta, finish_reason: finish ?? null }],
  };
}

function callOf(item: JsonObject, index: number, style: ChatStyle): JsonObject {
  const text = String(item["arguments"]);
  return {
    ...(!style.isBare && { id: item["call_id"] ?? null }),
    index: style.isBare ? 0 : index,
    type: "function",
    function: {
      name: item["name"] ?? "",
      arguments: style.hasObjects && text === "{}" ? {} : text,
    },
  };
}

// The name first, the arguments in two halves; one piece where they are an object.
function pieces(call: JsonObject, style: ChatStyle): JsonObject[] {
  const { name, arguments: given } = call["function"] as JsonObject;
  if (typeof given !== "string" || style.isBare) return [call];
  const rest = halves(given).map((piece) => ({
    index: call["index"] ?? 0,
    function: { arguments: piece },
  }));
  return [{ ...call, function: { name: name ?? "", arguments: "" } }, ...rest];
}

function halves(text: string): string[] {
  const middle = Math.ceil(text.length / 2);
  return text === "" ? [] : [text.slice(0, middle), text.slice(middle)];
}

function textOf(item: JsonObject): string {
  const [part] = item["content"] as readonly JsonObject[];
  return String(part?.["text"] ?? "");
}
