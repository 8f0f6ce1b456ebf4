/** The transcript: the items of the conversation, append-only, serialized once each. */
import {
  foldHandover,
  type HandoverState,
  NO_HANDOVER,
  RUNNING_WORDS,
} from "../../context/compaction/handover.ts";
import { picturesIn } from "../../context/repair.ts";
import { estimateItemTokens } from "../../context/format/tokens.ts";
import {
  callOutput,
  type CallView,
  type InputPart,
  type ItemView,
  viewItem,
  type WireItem,
} from "../../protocol/item.ts";
import type { RequestBody, RequestParts } from "../../model/request.ts";
import type { ThreadLog } from "../../protocol/log.ts";
import { assert } from "../../util/assert.ts";
import { deepFreeze, wellFormed } from "../../util/json/json.ts";
import { InputText } from "./input_text.ts";

/** An item, its text as sent, and its estimated tokens. */
export interface Entry {
  readonly item: WireItem;
  /** Empty when it is sent within the instructions. */
  readonly json: string;
  readonly tokens: number;
  /** As logged, where it is sent in another form. */
  readonly logged?: string;
}

/** Refuses bad states instead of repairing them when a request is built. */
export class Transcript {
  readonly #log: ThreadLog;
  #entries: Entry[] = [];
  #tail: WireItem[] = [];
  #openCalls = new Map<string, CallView>();
  #input = new InputText();
  #tokens = 0;
  #pictures = 0;
  #generation = 0;
  #handover = NO_HANDOVER;
  /** Entries that are in it: a thread that is never compacted, as most are, needs none. */
  #noted = 0;
  #hasOneSystemText = false;
  #systemText = "";
  /** What was sent within the instructions cannot grow any more. */
  #isSealed = false;

  constructor(log: ThreadLog) {
    this.#log = log;
  }

  get entries(): readonly Entry[] {
    return this.#entries;
  }

  /** Estimated tokens of all committed items. */
  get tokens(): number {
    return this.#tokens;
  }

  /** UTF-8 bytes of `inputText()`. */
  get inputBytes(): number {
    return this.#input.length;
  }

  /** Pictures in all committed items. */
  get pictures(): number {
    return this.#pictures;
  }

  /** What a compaction must not lose. */
  get handover(): HandoverState {
    for (; this.#noted < this.#entries.length; this.#noted++) {
      const entry = this.#entries[this.#noted];
      if (entry) this.#handover = foldHandover(this.#handover, entry.item);
    }
    return this.#handover;
  }

  /** Commands that were running when last heard of, by session; most threads have had none. */
  get runningCommands(): NonNullable<HandoverState["sessions"]> {
    const mayRun = this.#handover.sessions !== undefined ||
      this.#entries.some(({ json }) => json.includes(RUNNING_WORDS));
    return mayRun ? this.handover.sessions ?? {} : {};
  }

  /** Counts the replacements of the history; 0 is the first life. */
  get generation(): number {
    return this.#generation;
  }

  get openCalls(): readonly CallView[] {
    return [...this.#openCalls.values()];
  }

  /** Whether developer messages are not sent as such. */
  get hasOneSystemText(): boolean {
    return this.#hasOneSystemText;
  }

  /** What goes into the instructions; empty but for such a server. */
  get systemText(): string {
    return this.#systemText;
  }

  /**
   * For servers that take one system text: developer messages from before the first answer
   * go into the instructions, later ones are sent as the user's. The log has them as ever.
   */
  useOneSystemText(): void {
    this.#hasOneSystemText = true;
    if (this.#entries.length > 0) {
      this.replace(this.#entries.map((_, at) => this.loggedText(at)));
    }
  }

  /** The text of the nth entry as it is in the log. */
  loggedText(at: number): string {
    const entry = this.#entries[at];
    return entry?.logged ?? entry?.json ?? "";
  }

  /** The committed items as JSON texts joined by commas; no call may be open. */
  inputText(): string {
    this.#seal();
    return this.#input.text();
  }

  /** The body of a request for all of them; no call may be open. */
  body(parts: RequestParts): RequestBody {
    this.#seal();
    return this.#input.body(parts);
  }

  #seal(): void {
    this.#isSealed = true;
    assert(this.#openCalls.size === 0, "a prompt leaves no call unanswered");
  }

  /** Appends items of our own: context, user messages, markers. */
  append(items: readonly WireItem[]): void {
    for (const item of items) {
      const { type } = viewItem(item);
      assert(
        type !== "call" && type !== "output",
        `${type} is not ours to append`,
      );
      this.#commit(item);
    }
  }

  /** Takes a finished item of the running response; it waits until something commits it. */
  hold(item: WireItem): void {
    this.#tail.push(item);
  }

  /** Commits what waits, in order, and returns it. */
  commitTail(): readonly Entry[] {
    const committed = this.#tail.map((item) => this.#commit(item));
    this.#tail = [];
    return committed;
  }

  /** Drops the pending tail: the stream broke. */
  dropTail(): void {
    this.#tail = [];
  }

  /** Answers an open call. */
  settle(callId: string, output: string | readonly InputPart[]): Entry {
    const call = this.#openCalls.get(callId);
    assert(call !== undefined, `call ${callId} is open when it is answered`);
    return this.#commit(callOutput(call, output));
  }

  /** Cuts the end off: the only way back, for a rollback the user asked for. */
  keepFirst(count: number): void {
    const kept = this.#entries.slice(0, count)
      .map((_, at) => this.loggedText(at));
    this.#clear();
    for (const json of kept) this.#keep(toEntry(JSON.parse(json), json));
    assert(this.#openCalls.size === 0, "a rollback leaves no call unanswered");
  }

  /** Starts a new generation; the log fact of it is written by the caller first. */
  replace(items: readonly string[]): void {
    assert(
      this.#openCalls.size === 0,
      "no call is open when history is replaced",
    );
    this.#clear();
    for (const json of items) this.#keep(toEntry(JSON.parse(json), json));
  }

  /** Takes over the items of a restored thread, texts as they were logged. */
  restore(
    items: readonly string[],
    generation: number,
    handover: HandoverState = NO_HANDOVER,
  ): void {
    this.#handover = handover;
    for (const json of items) this.#keep(toEntry(JSON.parse(json), json));
    this.#generation = generation;
  }

  #clear(): void {
    this.#handover = this.handover;
    this.#noted = 0;
    this.#entries = [];
    this.#openCalls.clear();
    this.#input = new InputText();
    this.#tokens = 0;
    this.#pictures = 0;
    this.#tail = [];
    this.#systemText = "";
    this.#isSealed = false;
    this.#generation++;
  }

  #commit(item: WireItem): Entry {
    const entry = toEntry(item, JSON.stringify(item));
    this.#check(entry);
    this.#log.append({ type: "item", json: entry.json });
    return this.#keep(entry);
  }

  #check(entry: Entry): void {
    const view = viewItem(entry.item);
    if (view.type === "call") {
      assert(
        !this.#openCalls.has(view.callId),
        `call id ${view.callId} is used once at a time`,
      );
    }
    if (view.type === "output") {
      assert(
        this.#openCalls.has(view.callId),
        `output ${view.callId} answers an open call`,
      );
    }
  }

  #keep(own: Entry): Entry {
    const view = viewItem(own.item);
    const entry = this.#asSent(own, view);
    this.#entries.push(entry);
    this.#input.push(entry.json);
    this.#tokens += entry.tokens;
    this.#pictures += picturesIn(entry.item);
    if (view.type === "call") this.#openCalls.set(view.callId, view);
    if (view.type === "output") this.#openCalls.delete(view.callId);
    return entry;
  }

  #asSent(entry: Entry, view: ItemView): Entry {
    const isOurs = view.type === "message" && view.role !== "assistant";
    if (!isOurs) this.#isSealed = true;
    if (!this.#hasOneSystemText || !isOurs || view.role === "user") {
      return entry;
    }
    const { json: logged } = entry;
    if (this.#isSealed) {
      const json = JSON.stringify({ ...entry.item, role: "user" });
      return { ...entry, json, logged };
    }
    this.#systemText += this.#systemText === ""
      ? view.text
      : `\n\n${view.text}`;
    return { ...entry, json: "", tokens: 0, logged };
  }
}

// JSON.stringify() escapes half a surrogate pair, and nothing else in this way.
const HALF_PAIR = /\\ud[89a-f][0-9a-f]{2}/;

function toEntry(given: WireItem, text: string): Entry {
  const isBroken = HALF_PAIR.test(text);
  const item = isBroken ? wellFormed(given) : given;
  const json = isBroken ? JSON.stringify(item) : text;
  return {
    item: deepFreeze(item),
    json,
    tokens: estimateItemTokens(item, json),
  };
}
