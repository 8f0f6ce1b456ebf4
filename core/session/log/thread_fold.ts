/** A thread folded from the facts of its log, one after the other. */
import { addUsage, NO_USAGE, type Usage } from "../../protocol/event.ts";
import type { WireItem } from "../../protocol/item.ts";
import type { RestoredThread, ThreadMeta } from "../../protocol/log.ts";
import type { TurnSettings } from "../../protocol/settings.ts";
import type { JsonObject } from "../../util/json/json.ts";
import { jsonMember } from "../../util/json/json_text.ts";
import { type BlobContents, type BlobRef, wholeText } from "./blob_text.ts";
import { parseLogName } from "./files.ts";
import type { LogEntry } from "./log_reader.ts";
import {
  type Carried,
  parseMeta,
  parseSettings,
  parseUsage,
  plainPayload,
} from "./payload.ts";
import {
  answerCalls,
  compactedItems,
  type LoggedItem,
  usableItems,
} from "./restore_items.ts";
import { planRollback } from "./rollback_plan.ts";

interface StartedTurn {
  /** How many items there were when it began. */
  readonly at: number;
  readonly settings: TurnSettings | undefined;
}

/** All that a fold knows beside its items. JSON. */
export interface FoldState extends Carried {
  readonly started: readonly string[];
  readonly turns: readonly StartedTurn[];
  readonly lastRequest: RestoredThread["lastRequest"];
  readonly handover: unknown;
}

/** Takes the facts of a log one by one; remembers only the present generation. */
export class ThreadFold {
  #meta: ThreadMeta | undefined;
  #name: string | undefined;
  #items: LoggedItem[] = [];
  #started = new Set<string>();
  #turns: StartedTurn[] = [];
  #settings: TurnSettings | undefined;
  // No rollback takes it back: it is the person's, not the conversation's.
  #isPlanning = false;
  #provider: string | undefined;
  #usage: Usage = NO_USAGE;
  #lastRequest: RestoredThread["lastRequest"];
  #generation = 0;
  #handover: unknown;
  #isInTurn = false;
  #isEmpty = true;
  readonly #problems: string[] = [];

  get isEmpty(): boolean {
    return this.#isEmpty;
  }

  /** Of the present generation, as the log has them. */
  get items(): readonly LoggedItem[] {
    return this.#items;
  }

  /** What a compaction written now leaves behind. */
  get carried(): Carried {
    return {
      generation: this.#generation,
      usage: this.#usage,
      settings: this.#settings,
      isPlanning: this.#isPlanning,
      provider: this.#provider,
      name: this.#name,
      isInTurn: this.#isInTurn,
    };
  }

  get state(): FoldState {
    return {
      ...this.carried,
      started: [...this.#started],
      turns: this.#turns,
      lastRequest: this.#lastRequest,
      handover: this.#handover,
    };
  }

  /** Goes on from there: a compaction, whose line is added next. */
  begin(carried: Carried): void {
    this.#generation = carried.generation;
    this.#usage = carried.usage;
    this.#settings = carried.settings;
    this.#isPlanning = carried.isPlanning;
    this.#provider = carried.provider;
    this.#name = carried.name;
    this.#isInTurn = carried.isInTurn;
  }

  /** Takes over what was known of the lines that these items are in. */
  takeOver(state: FoldState, items: readonly LoggedItem[]): void {
    this.begin(state);
    this.#items = [...items];
    this.#started = new Set(state.started);
    this.#turns = [...state.turns];
    this.#lastRequest = state.lastRequest;
    this.#handover = state.handover;
    this.#isEmpty = false;
  }

  /** What the items of the present generation need. */
  get blobs(): readonly BlobRef[] {
    return this.#items.flatMap(({ blobs }) => blobs);
  }

  add(entry: LogEntry): void {
    switch (entry.type) {
      case "response_item":
        this.#items.push(loggedItem(entry));
        break;
      case "session_meta":
        this.#meta ??= parseMeta(JSON.parse(entry.payload));
        break;
      case "turn_context":
        this.#startTurn(JSON.parse(entry.payload));
        break;
      case "event_msg":
        this.#addEvent(JSON.parse(entry.payload), entry);
        break;
      case "compacted":
        this.#compact(entry);
        break;
      default:
        // Written by a newer program, or for somebody else.
        return;
    }
    this.#isEmpty = false;
  }

  finish(
    path: string,
    { problems, contents }: {
      readonly problems: readonly string[];
      readonly contents: BlobContents;
    },
  ): RestoredThread {
    const usable = usableItems(this.#items, contents);
    const calls = answerCalls(usable.items, this.#started);
    return {
      meta: this.#meta ?? this.#metaOf(path),
      ...(this.#name !== undefined && { name: this.#name }),
      items: calls.items.map((item) => wholeText(item, contents)),
      openCalls: calls.open,
      ...(this.#settings !== undefined && { settings: this.#settings }),
      isPlanning: this.#isPlanning,
      ...(this.#provider !== undefined && { provider: this.#provider }),
      usage: this.#usage,
      ...(this.#lastRequest !== undefined &&
        { lastRequest: this.#lastRequest }),
      generation: this.#generation,
      handover: this.#handover,
      unfinishedTurn: this.#isInTurn,
      problems: [
        ...problems,
        ...this.#problems,
        ...usable.problems,
        ...calls.problems,
      ],
    };
  }

  #startTurn(payload: JsonObject): void {
    this.#takeSettings(payload);
    this.#turns.push({ at: this.#items.length, settings: this.#settings });
    this.#isInTurn = true;
  }

  #takeSettings(payload: JsonObject): void {
    const settings = parseSettings(payload);
    const { provider } = payload;
    if (typeof provider === "string") this.#provider = provider;
    if (settings === undefined) {
      this.#problems.push(`the settings of a turn are unreadable`);
      return;
    }
    this.#settings = settings;
    // A review is the mode of its turn alone.
    if (settings.mode !== "review") this.#isPlanning = settings.mode === "plan";
  }

  #addEvent(payload: JsonObject, entry: LogEntry): void {
    switch (payload["type"]) {
      case "task_started":
      case "turn_started":
        this.#isInTurn = true;
        return;
      case "task_complete":
      case "turn_complete":
      case "turn_aborted":
        this.#isInTurn = false;
        return;
      case "provider_switched":
        return this.#takeSettings(payload);
      case "call_started":
        this.#started.add(String(payload["call_id"]));
        return;
      case "token_count":
        return this.#countRequest(payload, entry.timestamp);
      case "thread_rolled_back":
        return this.#rollBack(Number(payload["num_turns"] ?? 0));
      case "mode_changed":
        this.#isPlanning = payload["mode"] === "plan";
        return;
      case "thread_name_updated":
        this.#name = String(payload["thread_name"] ?? "");
        return;
      default:
        return this.#noteUnknown(entry);
    }
  }

  // Events of other programs are for their screens; one of ours would be a fact.
  #noteUnknown(entry: LogEntry): void {
    if (!entry.isProtected) return;
    this.#problems.push(
      `line ${entry.number} is left out: a newer program wrote it`,
    );
  }

  #countRequest(payload: JsonObject, at: string): void {
    const { last, total } = parseUsage(payload);
    const request = payload["request"] as JsonObject | undefined;
    if (request === undefined) {
      // Other programs repeat this line; its total is right however often it is repeated.
      this.#usage = total ?? this.#usage;
      return;
    }
    this.#usage = addUsage(this.#usage, last ?? NO_USAGE);
    this.#lastRequest = {
      usage: last ?? null,
      inputItems: Number(request["input_items"]),
      bodyHash: String(request["body_hash"]),
      at,
    };
  }

  #compact(entry: LogEntry): void {
    const payload = loggedItem(entry);
    this.#items = [...compactedItems(payload, this.#items)];
    const handover = jsonMember(payload.text, "handover");
    this.#handover = JSON.parse(handover ?? "null");
    this.#started = new Set();
    this.#turns = [{ at: 0, settings: this.#settings }];
    this.#lastRequest = undefined;
    this.#generation++;
  }

  // Settings go back with the turns: the context is what the kept items say.
  #rollBack(turns: number): void {
    if (!Number.isSafeInteger(turns)) return;
    const items = this.#items.map(({ text }) => JSON.parse(text) as WireItem);
    const kept = planRollback(items, turns);
    this.#items = this.#items.slice(0, kept);
    this.#turns = this.#turns.filter((turn) => turn.at < kept);
    this.#settings = this.#turns.at(-1)?.settings ?? this.#settings;
    this.#lastRequest = undefined;
    this.#generation++;
  }

  #metaOf(path: string): ThreadMeta {
    this.#problems.push(
      "the first line is lost: folder and instructions are unknown",
    );
    const name = parseLogName(path);
    return {
      id: name?.id ?? "",
      createdAt: name?.createdAt ?? "",
      cwd: this.#settings?.cwd ?? "/",
      program: "",
      version: "",
      source: "exec",
      provider: "",
      instructions: "",
    };
  }
}

/** The payload of a line as the text of an item, or of a compaction. */
export function loggedItem(entry: LogEntry): LoggedItem {
  const { type, payload, blobs, isProtected, number, offset, bytes } = entry;
  const text = isProtected ? payload : plainPayload(type, payload);
  return { text, blobs, line: number, offset, bytes };
}
