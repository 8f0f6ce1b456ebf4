/** One answer of a server: bytes in, events out, every item exactly once. No I/O. */
import { errorText } from "../protocol/error.ts";
import type { ModelError } from "../protocol/error.ts";
import type { WireItem } from "../protocol/item.ts";
import { LIMITS } from "../protocol/limits.ts";
import { checkedJson, parseJsonObject } from "../util/json/json.ts";
import { headBytes } from "../util/text/text.ts";
import { AnswerItems } from "./answer_items.ts";
import {
  type AnswerEvent,
  type ResponseEvent,
  RESPONSES_WIRE,
  type WireReader,
} from "./response_event.ts";
import { SseParser } from "./sse.ts";

// Tools that the server runs may take long, and only say that they still do.
const SERVER_TOOL = /^\s*\{[^{}]{0,200}"type":\s*"response\.\w+_call[._]/;

/** Takes the bytes of one answer in, gives its events out, knows when it is over. */
export class AnswerReader {
  readonly #parser = new SseParser();
  readonly #items = new AnswerItems();
  readonly #decoder = new TextDecoder();
  readonly #wire: WireReader;
  /** The start of the body; all of it where it may be one JSON text. */
  #start = "";
  #isJson: boolean;
  #understood = 0;
  #said = 0;
  #openSeen = 0;
  #hasLost = false;
  #over = false;
  #error: ModelError | undefined;
  // What comes in one read is seen at once: pieces of one text need no event each, and
  // joined in the end they are one text, not thousands held together.
  #pieces: string[] = [];
  #piecesOf = "";

  /** `contentType` is the header of the answer. */
  constructor(
    contentType: string | null = null,
    wire: WireReader = RESPONSES_WIRE,
  ) {
    this.#wire = wire;
    this.#isJson = /\bjson\b/i.test(contentType ?? "");
  }

  /** Whether the server has said its last word. */
  get over(): boolean {
    return this.#over;
  }

  /** Set when that word was a failure. */
  get error(): ModelError | undefined {
    return this.#error;
  }

  /** Grows with every sign that the answer goes on; comments and unknown events are none. */
  get said(): number {
    return this.#said;
  }

  /** Whether all has come, although the server has not said so. */
  get isClosing(): boolean {
    return this.#wire.isClosing;
  }

  push(bytes: Uint8Array<ArrayBuffer>): ResponseEvent[] {
    if (this.#understood === 0) this.#keepStart(bytes);
    const events = this.#parse(this.#parser.push(bytes));
    // A large event on a slow line goes on as well, one that trickles does not.
    const { openLength } = this.#parser;
    if (openLength >= this.#openSeen + LIMITS.streamTrickleBytes) this.#said++;
    else if (openLength >= this.#openSeen) return events;
    this.#openSeen = openLength;
    return events;
  }

  end(): ResponseEvent[] {
    const events = this.#parse(this.#parser.end());
    if (this.#over) return events;
    // Servers that cannot stream answer with the whole response, or with an error.
    const isWhole = this.#understood === 0 && this.#isJson;
    const last = isWhole
      ? this.#wire.takeWhole(withoutList(this.#start.trim()))
      : this.#wire.end();
    for (const event of last) this.#take(event, events);
    this.#endText(events);
    return events;
  }

  /** What is known of an answer that ended too early. */
  describe(): string {
    if (this.#understood > 0) {
      return `the stream ended without ${this.#wire.ending}`;
    }
    const start = headBytes(this.#start, LIMITS.answerStartBytes).trim();
    return start === ""
      ? "the stream was empty"
      : `the stream had no event, it begins with ${JSON.stringify(start)}`;
  }

  #keepStart(bytes: Uint8Array<ArrayBuffer>): void {
    const max = this.#isJson ? LIMITS.sseMessageBytes : LIMITS.answerStartBytes;
    if (this.#start.length >= max) return;
    const isNew = this.#start.length < 100;
    this.#start += this.#decoder.decode(bytes, { stream: true });
    // Looking into what pieces were joined to joins them once more: it is done at the start.
    if (isNew && /^\s*\{/.test(this.#start.slice(0, 100))) this.#isJson = true;
  }

  #parse(messages: ReturnType<SseParser["push"]>): ResponseEvent[] {
    const events: ResponseEvent[] = [];
    for (const { data, event: name } of messages) {
      const heard = this.#wire.take(data, name);
      if (heard.length > 0 || SERVER_TOOL.test(data)) this.#said++;
      else this.#noteLost(data, events);
      for (const event of heard) {
        this.#understood++;
        this.#start = "";
        this.#take(event, events);
      }
      if (this.#over) break;
    }
    this.#endText(events);
    return events;
  }

  #addText(itemId: string, text: string, events: ResponseEvent[]): void {
    if (itemId !== this.#piecesOf) this.#endText(events);
    this.#piecesOf = itemId;
    this.#pieces.push(text);
  }

  #endText(events: ResponseEvent[]): void {
    if (this.#pieces.length === 0) return;
    const text = this.#pieces.join("");
    this.#pieces = [];
    this.#items.addText(this.#piecesOf, text);
    events.push({ type: "text_delta", itemId: this.#piecesOf, text });
  }

  // What is no object at all is a sign of life, a broken one may have been an item.
  #noteLost(data: string, events: ResponseEvent[]): void {
    if (this.#hasLost || !data.startsWith("{")) return;
    try {
      checkedJson(data);
    } catch (error) {
      this.#hasLost = true;
      events.push({ type: "event_lost", reason: errorText(error) });
    }
  }

  #take(event: AnswerEvent, events: ResponseEvent[]): void {
    if (event.type === "text_delta") {
      return this.#addText(event.itemId, event.text, events);
    }
    this.#endText(events);
    switch (event.type) {
      case "failed":
        this.#error = event.error;
        this.#over = true;
        if (event.usage !== null) {
          events.push({ type: "spent", usage: event.usage });
        }
        return;
      case "ended": {
        const { output, completed, error } = event;
        for (const item of this.#items.owed(output, error === undefined)) {
          events.push({ type: "item_done", item: withText(item) });
        }
        this.#error = error;
        this.#over = true;
        events.push(
          error === undefined ? completed : { ...completed, isCut: true },
        );
        return;
      }
      case "part_done":
        return this.#items.finishPart(event.part);
      case "item_started":
        this.#items.begin(event.item);
        break;
      case "item_done": {
        const item = withText(event.item);
        this.#items.done(item);
        events.push({ ...event, item });
        return;
      }
      case "tool_input_delta":
        this.#items.addInput(event.itemId, event.text);
        break;
      default:
        break;
    }
    events.push(event);
  }
}

// Google wraps an error in a list of one.
function withoutList(body: string): string {
  return body.startsWith("[") ? `{"error":${body}}` : body;
}

// Small servers give arguments as an object, or as the text of a text; the wire of a
// request wants their JSON text. An id that is a number is one all the same.
function withText(item: WireItem): WireItem {
  const { call_id: id, arguments: given } = item;
  const named = typeof id === "number" ? { ...item, call_id: `${id}` } : item;
  if (item.type !== "function_call") return named;
  const text = typeof given === "string"
    ? unwrapped(given)
    : JSON.stringify(given ?? {});
  return text === given ? named : { ...named, arguments: text };
}

function unwrapped(text: string): string {
  if (!/^\s*"\s*\{/.test(text)) return text;
  try {
    const inner: unknown = JSON.parse(text);
    const isObject = typeof inner === "string" &&
      parseJsonObject(inner) !== undefined;
    return isObject ? inner : text;
  } catch {
    return text;
  }
}
