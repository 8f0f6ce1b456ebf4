/** The items of one answer: finished by their own event, or only announced. No I/O. */
import type { WireItem } from "../protocol/item.ts";
import { asObject, canonicalJson, type JsonObject } from "../util/json/json.ts";

/** An item that has begun and not ended: what came of it in deltas. */
interface OpenItem {
  readonly item: WireItem;
  readonly id: string;
  text: string;
  input: string;
}

/**
 * Servers differ in what they finish. Some send `output_item.done` for every item, some
 * only deltas, some only the whole list with `response.completed`. This keeps what is
 * needed to hand out each item exactly once.
 */
export class AnswerItems {
  readonly #done: WireItem[] = [];
  #open: OpenItem[] = [];

  begin(item: WireItem): void {
    const id = text(item["id"]);
    this.#open.push({ item, id, text: "", input: "" });
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
    const id = text(item["id"]);
    const at = this.#open.findIndex((open) =>
      open.id === id || open.id === "" && open.item.type === item.type
    );
    if (at >= 0) this.#open.splice(at, 1);
    this.#done.push(item);
  }

  /**
   * What is still owed at the end of the answer, in order: items of the final list that
   * never came by themselves, else announced ones as far as they came. `isWhole` is false
   * for an answer that was cut off: a call in it may lack half of its arguments.
   */
  owed(output: readonly WireItem[], isWhole: boolean): readonly WireItem[] {
    const left = [...this.#done];
    const listed = output.filter((item) => !takeSame(left, item));
    const made = this.#open.flatMap((open) => {
      const isListed = output.some((item) => isOf(item, open));
      const item = isListed ? undefined : complete(open);
      return item === undefined ? [] : [item];
    });
    this.#open = [];
    const owed = [...listed, ...made].filter(({ type }) =>
      isWhole || type === "message"
    );
    this.#done.push(...owed);
    return owed;
  }

  // Where a server names no item, the one begun last is meant.
  #find(itemId: string): OpenItem | undefined {
    return itemId === ""
      ? this.#open.at(-1)
      : this.#open.find(({ id }) => id === itemId) ??
        this.#open.findLast(({ id }) => id === "");
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

// Removes from the list what is the same item: by id, by call, else by type and content.
function takeSame(done: WireItem[], item: WireItem): boolean {
  const at = done.findIndex((one) => isSame(one, item));
  if (at >= 0) done.splice(at, 1);
  return at >= 0;
}

function isSame(one: WireItem, other: WireItem): boolean {
  if (one.type !== other.type) return false;
  for (const key of ["id", "call_id"]) {
    const id = text(one[key]);
    if (id !== "" && id === text(other[key])) return true;
  }
  return bareText(one) === bareText(other);
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

function isOf(item: WireItem, open: OpenItem): boolean {
  if (item.type !== open.item.type) return false;
  const id = text(item["id"]);
  return id === "" || open.id === "" || id === open.id;
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
