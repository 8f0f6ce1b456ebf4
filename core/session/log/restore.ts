/** A thread as its log tells it: a fold over the lines, from our logs and from Codex's. */
import { SessionError } from "../../protocol/error.ts";
import { addUsage, NO_USAGE, type Usage } from "../../protocol/event.ts";
import type { Files } from "../../protocol/host.ts";
import type { WireItem } from "../../protocol/item.ts";
import type { RestoredThread, ThreadMeta } from "../../protocol/log.ts";
import type { TurnSettings } from "../../protocol/settings.ts";
import type { JsonObject } from "../../util/json/json.ts";
import { jsonMember } from "../../util/json/json_text.ts";
import { BlobStore } from "./blob_store.ts";
import {
  type BlobContents,
  type BlobRef,
  type BlobText,
  wholeText,
} from "./blob_text.ts";
import {
  LogChecker,
  type LogEnd,
  type LogEntry,
  readRawLines,
} from "./log_reader.ts";
import {
  answerCalls,
  compactedItems,
  type LoggedItem,
  usableItems,
} from "./restore_items.ts";
import {
  parseMeta,
  parseSettings,
  parseUsage,
  plainPayload,
} from "./payload.ts";
import { planRollback } from "./rollback_plan.ts";
import { blobFolderOf, parseLogName } from "./files.ts";

/** A payload that lines of a log refer to. */
export interface BlobUse extends BlobRef {
  /** The first line that does. */
  readonly line: number;
}

interface RestoredLog {
  readonly thread: RestoredThread;
  /** For going on with the file. */
  readonly end: LogEnd;
  /** All payloads that any line refers to, each once. */
  readonly blobs: readonly BlobUse[];
}

/** Reads a session file and folds it. Throws SessionError when it is none. */
export async function restoreThread(
  files: Files,
  path: string,
): Promise<RestoredLog> {
  const checker = new LogChecker();
  const fold = new ThreadFold();
  const blobs = new Map<string, BlobUse>();
  for await (const raw of readRawLines(files, path)) {
    const entry = checker.accept(raw);
    if (entry === undefined) continue;
    fold.add(entry);
    for (const ref of entry.blobs) {
      if (blobs.has(ref.sha256)) continue;
      blobs.set(ref.sha256, { ...ref, line: entry.number });
    }
  }
  const end = checker.end();
  if (fold.isEmpty) {
    throw new SessionError(
      `Cannot read session ${path}: none of its ${end.lines} lines belongs to a session`,
    );
  }
  // Those of earlier generations are not read: they are never sent again.
  const contents = await new BlobStore(files, blobFolderOf(path))
    .load(fold.blobs);
  const thread = fold.finish(path, { problems: checker.problems(), contents });
  return { thread, end, blobs: [...blobs.values()] };
}

interface StartedTurn {
  /** How many items there were when it began. */
  readonly at: number;
  readonly settings: TurnSettings | undefined;
}

/** Takes the facts of a log one by one; remembers only the present generation. */
class ThreadFold {
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

  /** What the items of the present generation need. */
  get blobs(): readonly BlobRef[] {
    return this.#items.flatMap(({ blobs }) => blobs);
  }

  add(entry: LogEntry): void {
    switch (entry.type) {
      case "response_item":
        this.#items.push({ ...plain(entry), line: entry.number });
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
    const payload = plain(entry);
    this.#items = [
      ...compactedItems({ ...payload, line: entry.number }, this.#items),
    ];
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

function plain({ type, payload, blobs, isProtected }: LogEntry): BlobText {
  const text = isProtected ? payload : plainPayload(type, payload);
  return { text, blobs };
}
