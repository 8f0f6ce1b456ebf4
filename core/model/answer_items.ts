/** The items of one answer: finished by their own event, or only announced. No I/O. */
import type { WireItem } from "../protocol/item.ts";
import { asObject, canonicalJson, type JsonObject } from "../util/json/json.ts";

/** An item that has begun: what came of it in deltas. */
interface OpenItem {
  readonly item: WireItem;
  readonly id: string;
  text: string;
  input: string;
  isOver: boolean;
}

/**
 * Servers differ in what they finish. Some send `output_item.done` for every item, some
 * only deltas, some only the whole list with `response.completed`. This keeps what is
 * needed to hand out each item exactly once.
 */
export class AnswerItems {
  readonly #done: WireItem[] = [];
  #open: OpenItem[] = [];
  #named = new Map<string, OpenItem>();

  begin(item: WireItem): void {
    const id = text(item["id"]);
    const open = { item, id, text: "", input: "", isOver: false };
    this.#open.push(open);
    if (id !== "" && !this.#named.has(id)) this.#named.set(id, open);
  }

  /** A piece of a message; one that nobody announced begins it. */
  addText(itemId: string, piece: string): void {
    const open = this.#find(itemId) ?? this.#announce(itemId);
    open.text += piece;
  }

  /** A piece of a call's arguments. */
  addInput(itemId: string, piece: string): void {
    const open = this.#find(itemId);
    if (open !== undefined) open.input += piece;
  }

  /** The whole of what `addText` or `addInput` brought in pieces. */
  finishPart(part: AnswerPart): void {
    const open = this.#find(part.itemId);
    if (open === undefined) return;
    if (part.kind === "text" && part.text.length > open.text.length) {
      open.text = part.text;
    }
    if (part.kind === "input" && part.text !== "") open.input = part.text;
  }

  done(item: WireItem): void {
    const open = this.#openOf(item);
    if (open !== undefined) open.isOver = true;
    if (open?.id) this.#named.delete(open.id);
    this.#done.push(item);
  }

  /**
   * What is still owed at the end of the answer, in order: items of the final list that
   * never came by themselves, else announced ones as far as they came. `isWhole` is false
   * for an answer that was cut off: a call in it may lack half of its arguments.
   */
  owed(output: readonly WireItem[], isWhole: boolean): readonly WireItem[] {
    const done = new Told(this.#done);
    const listed = output.filter((item) => !done.takeId(item))
      .filter((item) => !done.takeText(item));
    const ids = new Set(output.map((item) => text(item["id"])));
    const made = this.#open.flatMap((open) => {
      const isTold = open.isOver || open.id !== "" && ids.has(open.id) ||
        output.some((item) => isSameSoFar(item, open));
      return isTold ? [] : complete(open) ?? [];
    });
    this.#open = [];
    this.#named.clear();
    const owed = [...listed, ...made].filter(({ type }) =>
      isWhole || type === "message"
    );
    this.#done.push(...owed);
    return owed;
  }

  // Where a server names no item, the one begun last is meant.
  #find(itemId: string): OpenItem | undefined {
    while (this.#open.at(-1)?.isOver) this.#open.pop();
    return itemId === "" ? this.#open.at(-1) : this.#named.get(itemId) ??
      this.#open.findLast(({ id, isOver }) => id === "" && !isOver);
  }

  #openOf(item: WireItem): OpenItem | undefined {
    return this.#named.get(text(item["id"])) ??
      this.#open.find((open) => !open.isOver && isSameSoFar(item, open));
  }

  #announce(itemId: string): OpenItem {
    this.begin({ type: "message", role: "assistant", id: itemId, content: [] });
    return this.#open.at(-1) as OpenItem;
  }
}

/** The `…done` event of one part of an item. */
export interface AnswerPart {
  readonly kind: "text" | "input";
  readonly itemId: string;
  readonly text: string;
}

/** Items that were told; each can be told once more: by id, by call, else by its content. */
class Told {
  readonly #places = new Map<string, number[]>();
  readonly #items: readonly WireItem[];
  readonly #taken = new Set<number>();
  #hasTexts = false;

  constructor(items: readonly WireItem[]) {
    this.#items = items;
    items.forEach((item, at) => idsOf(item).forEach((id) => this.#add(id, at)));
  }

  takeId(item: WireItem): boolean {
    return idsOf(item).some((id) => this.#takeBy(id));
  }

  takeText(item: WireItem): boolean {
    if (this.#taken.size === this.#items.length) return false;
    if (!this.#hasTexts) {
      this.#items.forEach((one, at) => this.#add(bareText(one), at));
    }
    this.#hasTexts = true;
    return this.#takeBy(bareText(item));
  }

  #takeBy(key: string): boolean {
    const places = this.#places.get(key) ?? [];
    while (this.#taken.has(places[0] ?? -1)) places.shift();
    const [at] = places;
    if (at !== undefined) this.#taken.add(at);
    return at !== undefined;
  }

  #add(key: string, at: number): void {
    const places = this.#places.get(key);
    if (places === undefined) this.#places.set(key, [at]);
    else places.push(at);
  }
}

function idsOf(item: WireItem): string[] {
  return ["id", "call_id"].flatMap((key) => {
    const id = text(item[key]);
    return id === "" ? [] : [`${item.type} ${key} ${id}`];
  });
}

// Ids and states change between two tellings of one item, what it says does not.
function bareText(item: WireItem): string {
  const { id: _id, status: _status, call_id: _call, ...rest } = item;
  const parts = rest["content"];
  if (!Array.isArray(parts)) return canonicalJson(rest);
  return canonicalJson({
    ...rest,
    content: parts.map((part) => text(asObject(part)?.["text"])),
  });
}

// Some servers give an item another id at its end, or none: then its call counts, else what
// came of it.
function isSameSoFar(item: WireItem, open: OpenItem): boolean {
  if (item.type !== open.item.type) return false;
  const id = text(item["id"]);
  if (id !== "" && id === open.id) return true;
  const [call, other] = [text(item["call_id"]), text(open.item["call_id"])];
  if (call !== "" && other !== "") return call === other;
  const isUnnamed = id === "" || open.id === "";
  return isUnnamed || open.text + open.input === contentText(item);
}

function contentText(item: WireItem): string {
  const { content, arguments: given, input } = item;
  return Array.isArray(content)
    ? content.map((part) => text(asObject(part)?.["text"])).join("")
    : text(given) + text(input);
}

// Undefined where nothing came that could be sent back.
function complete({ item, text, input }: OpenItem): WireItem | undefined {
  switch (item.type) {
    case "message": {
      if (text === "") return hasContent(item) ? item : undefined;
      const part: JsonObject = { type: "output_text", text, annotations: [] };
      return { ...item, status: "completed", content: [part] };
    }
    case "function_call": {
      const whole = input === "" ? item["arguments"] : input;
      return whole === undefined || whole === ""
        ? undefined
        : { ...item, status: "completed", arguments: whole };
    }
    case "custom_tool_call": {
      const whole = input === "" ? item["input"] : input;
      return whole === undefined || whole === ""
        ? undefined
        : { ...item, status: "completed", input: whole };
    }
    default:
      return undefined;
  }
}

function hasContent(item: WireItem): boolean {
  const parts = item["content"];
  return Array.isArray(parts) && parts.length > 0;
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
