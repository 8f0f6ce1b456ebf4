/** The tool calls of one chat answer, put together from their pieces. No I/O. */
import type { WireItem } from "../../protocol/item.ts";
import {
  asObject,
  type Json,
  type JsonObject,
  parseJsonObject,
} from "../../util/json/json.ts";

interface OpenCall {
  readonly index: number | undefined;
  id: string;
  name: string;
  input: string;
  extra: Json | undefined;
}

/** Takes deltas in any order, gives the calls out in the order they began. */
export class ChatCalls {
  readonly #calls: OpenCall[] = [];
  readonly #customTools: ReadonlySet<string>;

  constructor(customTools: ReadonlySet<string>) {
    this.#customTools = customTools;
  }

  /** Whether there was anything to take. */
  take({ tool_calls: calls, function_call: old }: JsonObject): boolean {
    const pieces = Array.isArray(calls) ? calls : [];
    for (const piece of pieces) this.#add(asObject(piece) ?? {});
    // The form before tools had ids.
    const legacy = asObject(old);
    if (legacy !== undefined) this.#add({ index: 0, function: legacy });
    return pieces.length > 0 || legacy !== undefined;
  }

  /** A call without an id keeps none: the thread gives one that is not in use. */
  items(): readonly WireItem[] {
    return this.#calls.map((call) => this.#item(call));
  }

  #add(piece: JsonObject): void {
    const { name, arguments: given } = asObject(piece["function"]) ?? piece;
    const part: OpenCall = {
      index: typeof piece["index"] === "number" ? piece["index"] : undefined,
      id: text(piece["id"]),
      name: text(name),
      input: typeof given === "string" || given === undefined || given === null
        ? given ?? ""
        : JSON.stringify(given),
      extra: piece["extra_content"],
    };
    const open = this.#find(part);
    if (open === undefined) {
      this.#calls.push(part);
      return;
    }
    open.id ||= part.id;
    open.name ||= part.name;
    open.input += part.input;
    open.extra ??= part.extra;
  }

  // Small servers leave the index out, or give the same one to every call, or a new id to
  // every piece of a call: a name is what only the beginning of another call has.
  #find(part: OpenCall): OpenCall | undefined {
    const open = part.index !== undefined
      ? this.#calls.findLast(({ index }) => index === part.index)
      : this.#calls.findLast(({ id }) => part.id !== "" && id === part.id) ??
        (part.id === "" || part.name === "" ? this.#calls.at(-1) : undefined);
    if (open === undefined || part.name === "" || open.name === "") return open;
    const isOther = part.id !== "" && open.id !== "" && part.id !== open.id;
    const isFull = part.input !== "" &&
      parseJsonObject(open.input) !== undefined;
    const isNext = part.index === undefined && part.id === "";
    return isOther || isFull || isNext ? undefined : open;
  }

  #item({ id, name, input, extra }: OpenCall): WireItem {
    const call = { ...(id !== "" && { call_id: id }), name };
    if (this.#customTools.has(name)) {
      const free = parseJsonObject(input)?.["input"];
      return {
        type: "custom_tool_call",
        ...call,
        input: typeof free === "string" ? free : input,
      };
    }
    return {
      type: "function_call",
      ...call,
      arguments: input.trim() === "" ? "{}" : input,
      ...(extra !== undefined && extra !== null && { extra_content: extra }),
    };
  }
}

function text(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}
