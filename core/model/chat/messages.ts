/** Items of a conversation as the messages of chat completions. No I/O. */
import {
  type CallView,
  type ItemView,
  viewItem,
  type WireItem,
} from "../../protocol/item.ts";
import {
  asObject,
  type Json,
  type JsonObject,
  parseJsonObject,
} from "../../util/json/json.ts";

/** Names under which servers send the model's reasoning, the commoner first. */
export const REASONING_FIELDS = ["reasoning_content", "reasoning", "thinking"];

/**
 * The messages for these items. A history that extends another gives messages that extend
 * its messages byte for byte, as long as no request ends within an answer of the model:
 * the loop's end with the person's words or the outputs of calls.
 *
 * One answer is one assistant message: its texts, its calls, and its reasoning under the
 * name it came with. The instructions are the system message at the front; developer
 * messages are system messages where they stand. That this happens nowhere but at the
 * front, as most chat templates want it, is the work of `single_system_message`, which is
 * on by default for this wire: what is known before the first answer is part of the
 * instructions then, and later developer texts, which carry tags of their own, are sent
 * as the user's. Items that only another wire knows are left out.
 */
export function toMessages(
  instructions: string,
  items: readonly WireItem[],
): readonly JsonObject[] {
  const messages = new Messages();
  if (instructions !== "") messages.push("system", instructions);
  for (const item of items) messages.add(item, viewItem(item));
  return messages.end();
}

class Messages {
  readonly #done: JsonObject[] = [];
  #texts: string[] = [];
  #calls: JsonObject[] = [];
  #reasoning = new Map<string, string>();
  /** A tool message holds text alone: pictures follow the last output as the user's. */
  #pictures: JsonObject[] = [];

  push(role: string, content: Json): void {
    this.#done.push({ role, content });
  }

  add(item: WireItem, view: ItemView): void {
    if (view.type !== "output") this.#showPictures();
    switch (view.type) {
      case "message":
        if (view.role === "assistant") return void this.#texts.push(view.text);
        this.#endAnswer();
        return this.push(
          view.role === "user" ? "user" : "system",
          contentOf(item["content"]),
        );
      case "reasoning":
        return this.#think(item, view.raw.join("\n"));
      case "call":
        return void this.#calls.push(callOf(item, view));
      case "output":
        return this.#answerCall(view.callId, item["output"]);
      default:
        return;
    }
  }

  end(): readonly JsonObject[] {
    this.#showPictures();
    this.#endAnswer();
    return this.#done;
  }

  #think(item: WireItem, text: string): void {
    const field = String(item["field"]);
    if (text === "" || !REASONING_FIELDS.includes(field)) return;
    const before = this.#reasoning.get(field);
    const whole = before === undefined ? text : `${before}\n${text}`;
    this.#reasoning.set(field, whole);
  }

  #answerCall(callId: string, output: Json | undefined): void {
    this.#endAnswer();
    const parts = Array.isArray(output) ? output.map(partOf) : [];
    const pictures = parts.filter(({ type }) => type === "image_url");
    const text = Array.isArray(output) ? textOf(parts) : String(output ?? "");
    this.#done.push({
      role: "tool",
      tool_call_id: callId,
      content: text === "" && pictures.length > 0 ? "See the picture." : text,
    });
    if (pictures.length === 0) return;
    const title = `Output of the tool call ${callId}:`;
    this.#pictures.push({ type: "text", text: title }, ...pictures);
  }

  #showPictures(): void {
    if (this.#pictures.length > 0) this.push("user", this.#pictures);
    this.#pictures = [];
  }

  #endAnswer(): void {
    const text = this.#texts.join("\n\n");
    if (text !== "" || this.#calls.length > 0) {
      this.#done.push({
        role: "assistant",
        content: text === "" ? null : text,
        ...Object.fromEntries(this.#reasoning),
        ...(this.#calls.length > 0 && { tool_calls: this.#calls }),
      });
    }
    this.#texts = [];
    this.#calls = [];
    this.#reasoning = new Map();
  }
}

function callOf(
  item: WireItem,
  { callId, name, form, input }: CallView,
): JsonObject {
  const extra = item["extra_content"];
  return {
    id: callId,
    type: "function",
    function: {
      name,
      arguments: form === "custom"
        ? JSON.stringify({ input })
        : jsonArguments(input),
    },
    // Gemini wants the signature of a thought back with its call.
    ...(extra !== undefined && { extra_content: extra }),
  };
}

// Chat templates parse them, and fail on every later request where that fails.
function jsonArguments(text: string): string {
  if (text.trim() === "") return "{}";
  return parseJsonObject(text) === undefined
    ? JSON.stringify({ not_json: text })
    : text;
}

// Text stays a plain string: not every template takes parts.
function contentOf(content: Json | undefined): Json {
  if (!Array.isArray(content)) return String(content ?? "");
  const parts = content.map(partOf);
  return parts.every(({ type }) => type === "text") ? textOf(parts) : parts;
}

function textOf(parts: readonly JsonObject[]): string {
  return parts.flatMap(({ text }) => typeof text === "string" ? [text] : [])
    .join("\n\n");
}

function partOf(part: Json): JsonObject {
  const { type, image_url: url, detail, text, refusal } = asObject(part) ?? {};
  if (type !== "input_image") {
    return { type: "text", text: text ?? refusal ?? "" };
  }
  const isKnown = detail === "low" || detail === "high" || detail === "auto";
  return {
    type: "image_url",
    image_url: { url: url ?? "", ...(isKnown && { detail }) },
  };
}
