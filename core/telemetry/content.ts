/** Prompts, answers, arguments and outputs as attributes, where they were asked for. Pure. */
import { viewItem, type WireItem } from "../protocol/item.ts";
import type { ToolOutput } from "../protocol/tool.ts";
import { asObject, parseJsonObject } from "../util/json/json.ts";
import type { Attributes } from "./sdk.ts";

interface Message {
  readonly role: string;
  readonly parts: readonly Readonly<Record<string, unknown>>[];
}

/** The instructions and messages of a request, the newest ones that fit. */
export function renderInput(body: string, max: number): Attributes {
  const { instructions, input } = parseJsonObject(body) ?? {};
  const items = Array.isArray(input) ? input as readonly WireItem[] : [];
  return {
    "gen_ai.input.messages": renderFitting(items.map(toMessage), max),
    ...(typeof instructions === "string" && {
      "gen_ai.system_instructions": renderFitting(
        [{ type: "text", content: instructions }],
        max,
      ),
    }),
  };
}

/** What a model answered. */
export function renderItems(
  items: readonly WireItem[],
  finish: string,
  max: number,
): Attributes {
  const parts = items.flatMap((item) => toMessage(item).parts);
  const message = { role: "assistant", parts, finish_reason: finish };
  return { "gen_ai.output.messages": renderFitting([message], max) };
}

/** What a turn came to. */
export function renderOutput(text: string, max: number): Attributes {
  const parts = [{ type: "text", content: text }];
  const message = { role: "assistant", parts, finish_reason: "stop" };
  return { "gen_ai.output.messages": renderFitting([message], max) };
}

export function renderArguments(input: string, max: number): Attributes {
  return { "gen_ai.tool.call.arguments": cut(input, max) };
}

export function renderResult(
  content: ToolOutput["content"],
  max: number,
): Attributes {
  return { "gen_ai.tool.call.result": cut(textOf(content), max) };
}

function toMessage(item: WireItem): Message {
  const view = viewItem(item);
  switch (view.type) {
    case "message":
      return {
        role: view.role,
        parts: [{ type: "text", content: view.text }],
      };
    case "reasoning": {
      const content = [...view.summary, ...view.raw].join("\n");
      return { role: "assistant", parts: [{ type: "reasoning", content }] };
    }
    case "call": {
      const { callId: id, name, input } = view;
      const part = { type: "tool_call", id, name, arguments: input };
      return { role: "assistant", parts: [part] };
    }
    case "output": {
      const response = textOf(item["output"]);
      const part = { type: "tool_call_response", id: view.callId, response };
      return { role: "tool", parts: [part] };
    }
    default:
      return { role: "assistant", parts: [{ type: item.type }] };
  }
}

// Pictures are named, not sent.
function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return JSON.stringify(content ?? null);
  return content.map((part) => {
    const text = asObject(part)?.["text"];
    return typeof text === "string" ? text : "[an image]";
  }).join("\n");
}

// The last ones that fit, as JSON that is whole; of a single one that is too long, its start.
function renderFitting(values: readonly unknown[], max: number): string {
  const texts: string[] = [];
  let length = 2;
  for (const value of values.toReversed()) {
    const text = JSON.stringify(value);
    length += text.length + 1;
    if (length > max) break;
    texts.unshift(text);
  }
  if (texts.length > 0 || values.length === 0) return `[${texts.join(",")}]`;
  return renderStart(JSON.stringify(values.at(-1)), max);
}

// What is quoted in it takes more room than it had.
function renderStart(text: string, max: number): string {
  for (let length = max; length > 0; length = Math.floor(length / 2)) {
    const content = text.slice(0, length);
    const cut = JSON.stringify([{ type: "cut", content }]);
    if (cut.length <= max) return cut;
  }
  return "[]";
}

function cut(text: string, max: number): string {
  return text.length <= max ? text : text.slice(0, max);
}
