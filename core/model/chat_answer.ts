/** An answer of chat completions as the events of Responses. No I/O. */
import type { Usage } from "../protocol/event.ts";
import type { WireItem } from "../protocol/item.ts";
import {
  asObject,
  type Json,
  type JsonObject,
  parseJsonObject,
} from "../util/json/json.ts";
import { buildIncompleteError, buildServerError } from "./errors/errors.ts";
import type { AnswerEvent, WireReader } from "./response_event.ts";
import { parseUsage } from "./usage.ts";
import { ChatCalls } from "./chat/calls.ts";
import { REASONING_FIELDS } from "./chat/messages.ts";

/** Reads chunks, or one whole answer; gives the items out when the last word has come. */
export class ChatAnswer implements WireReader {
  readonly ending = "a finish_reason or [DONE]";
  readonly #calls: ChatCalls;
  #id = "";
  #model = "";
  #text = "";
  #reasoning = "";
  /** The one that this answer uses; some servers send the same text under two names. */
  #reasoningField = "";
  #finish = "";
  #usage: Usage | null = null;

  constructor(customTools: ReadonlySet<string>) {
    this.#calls = new ChatCalls(customTools);
  }

  get isClosing(): boolean {
    return this.#finish !== "";
  }

  take(data: string, name: string): readonly AnswerEvent[] {
    if (data.trim() === "[DONE]") return this.#close();
    const chunk = parseJsonObject(data);
    if (chunk === undefined) return [];
    const failure = failureIn(chunk, name);
    if (failure !== undefined) return [this.#fail(failure)];
    const choices = chunk["choices"];
    const isLast = this.isClosing && asObject(chunk["usage"]) !== undefined &&
      Array.isArray(choices) && choices.length === 0;
    const events = this.#takeChunk(chunk);
    // Servers that keep the connection open may not even say [DONE].
    return isLast ? [...events, ...this.#close()] : events;
  }

  takeWhole(body: string): readonly AnswerEvent[] {
    const answer = parseJsonObject(body);
    if (answer === undefined) return [];
    if (!Array.isArray(answer["choices"])) {
      return [this.#fail(failureIn(answer, "error"))];
    }
    const events = this.take(body, "");
    const isOver = events.at(-1)?.type === "failed";
    return isOver ? events : [...events, ...this.#close()];
  }

  end(): readonly AnswerEvent[] {
    return this.isClosing ? this.#close() : [];
  }

  #takeChunk(chunk: JsonObject): readonly AnswerEvent[] {
    const events: AnswerEvent[] = [];
    if (this.#id === "" && text(chunk["id"]) !== "") {
      this.#id = text(chunk["id"]);
      events.push({ type: "created" });
    }
    this.#model = text(chunk["model"]) || this.#model;
    const choice = firstChoice(chunk);
    // Moonshot counts within the choice, Groq beside it.
    const usage = chunk["usage"] ?? choice?.["usage"] ??
      asObject(chunk["x_groq"])?.["usage"];
    this.#usage = parseUsage(usage) ?? this.#usage;
    const delta = asObject(choice?.["delta"]) ?? asObject(choice?.["message"]);
    if (delta !== undefined) this.#takeDelta(delta, events);
    this.#finish = text(choice?.["finish_reason"]) || this.#finish;
    return events;
  }

  #takeDelta(delta: JsonObject, events: AnswerEvent[]): void {
    const { content, refusal } = delta;
    const field = this.#reasoningField ||
      REASONING_FIELDS.find((name) => text(delta[name]) !== "");
    if (field !== undefined) {
      this.#reasoningField = field;
      this.#think(text(delta[field]), events);
    }
    // Mistral's thinking is a part of the content.
    for (const part of arrayOf(content)) {
      const { type, text: said, thinking } = asObject(part) ?? {};
      if (type === "thinking") this.#think(partsText(thinking), events);
      else this.#say(text(said), events);
    }
    this.#say(text(content) + text(refusal), events);
    // A call that is being written is no silence.
    if (this.#calls.take(delta)) {
      events.push({ type: "tool_input_delta", itemId: "call", text: "" });
    }
  }

  #think(piece: string, events: AnswerEvent[]): void {
    if (piece === "") return;
    const itemId = `rs_${this.#id}`;
    if (this.#reasoning === "") {
      const item = { type: "reasoning", id: itemId, summary: [] };
      events.push({ type: "item_started", itemId, item });
    }
    this.#reasoning += piece;
    events.push({ type: "reasoning_delta", itemId, text: piece, raw: true });
  }

  #say(piece: string, events: AnswerEvent[]): void {
    if (piece === "") return;
    if (this.#text === "") {
      const item = this.#message([]);
      events.push({ type: "item_started", itemId: text(item["id"]), item });
    }
    this.#text += piece;
    events.push({ type: "text_delta", itemId: `msg_${this.#id}`, text: piece });
  }

  #message(content: readonly JsonObject[]): WireItem {
    const id = `msg_${this.#id}`;
    return { type: "message", id, role: "assistant", content };
  }

  // A call of an answer that was cut off may lack half of its arguments.
  #close(): readonly AnswerEvent[] {
    const reason = CUT[this.#finish];
    if (this.#finish === "error") return [this.#fail(undefined)];
    const items: WireItem[] = [];
    if (this.#reasoning !== "") items.push(this.#reasoningItem());
    if (this.#text !== "") {
      const part = { type: "output_text", text: this.#text, annotations: [] };
      items.push({ ...this.#message([part]), status: "completed" });
    }
    if (reason === undefined) items.push(...this.#calls.items());
    return [
      ...items.map((item) => ({ type: "item_done", item } as const)),
      {
        type: "ended",
        output: [],
        completed: {
          type: "completed",
          usage: this.#usage,
          ...(this.#model !== "" && { model: this.#model }),
        },
        ...(reason !== undefined && { error: buildIncompleteError(reason) }),
      },
    ];
  }

  #reasoningItem(): WireItem {
    return {
      type: "reasoning",
      id: `rs_${this.#id}`,
      summary: [],
      content: [{ type: "reasoning_text", text: this.#reasoning }],
      // It goes back under the name it came with; strict servers know no other.
      ...(this.#reasoningField !== "" && { field: this.#reasoningField }),
    };
  }

  #fail(reported: Json | undefined): AnswerEvent {
    const error = buildServerError(reported);
    return { type: "failed", error, usage: this.#usage };
  }
}

/** Finish reasons of an answer that is not whole, in the words of Responses. */
const CUT: Readonly<Record<string, string>> = {
  length: "max_output_tokens",
  max_tokens: "max_output_tokens",
  content_filter: "content_filter",
};

// In a chunk, in its choice (OpenRouter), or in the place of one (vLLM, FastAPI).
function failureIn(chunk: JsonObject, name: string): Json | undefined {
  const choice = firstChoice(chunk);
  const error = chunk["error"] ?? choice?.["error"];
  if (error !== undefined && error !== null) return error;
  const isDetail = chunk["detail"] !== undefined && choice === undefined;
  return name === "error" || chunk["object"] === "error" || isDetail
    ? chunk
    : undefined;
}

function firstChoice(chunk: JsonObject): JsonObject | undefined {
  return arrayOf(chunk["choices"]).map(asObject)
    .find((choice) => (choice?.["index"] ?? 0) === 0);
}

function partsText(parts: Json | undefined): string {
  return typeof parts === "string"
    ? parts
    : arrayOf(parts).map((part) => text(asObject(part)?.["text"])).join("");
}

function arrayOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}

function text(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}
