/** A session for reading: its messages in order, dropped ones included. */
import type { SessionView } from "../../contract/reports.ts";
import { typedText, withoutImages } from "../../context/format/tags.ts";
import type { Files } from "../../protocol/host.ts";
import { contentText, viewItem, type WireItem } from "../../protocol/item.ts";
import { LIMITS } from "../../protocol/limits.ts";
import type { ThreadMeta } from "../../protocol/log.ts";
import { unreachable } from "../../util/assert.ts";
import {
  asObject,
  type JsonObject,
  parseJsonObject,
} from "../../util/json/json.ts";
import { jsonElements, jsonMember } from "../../util/json/json_text.ts";
import { headBytes } from "../../util/text/text.ts";
import { visibleLine, visibleText } from "../../util/text/visible_text.ts";
import { BlobStore } from "../log/blob_store.ts";
import { BLANK_IMAGE, wholeText } from "../log/blob_text.ts";
import { LogChecker, type LogEntry, readRawLines } from "../log/log_reader.ts";
import { parseMeta } from "../log/payload.ts";
import { planRollback } from "../log/rollback_plan.ts";
import { blobFolderOf } from "../log/files.ts";

export type ViewEntry = SessionView["entries"][number];

interface ViewOptions {
  /** Also what compaction dropped and rollbacks took out. */
  readonly full: boolean;
  /** Longer texts are cut. Default `LIMITS.sessionShowBytes`. */
  readonly textBytesMax?: number;
}

/** Reads a session for showing it. Throws SessionError when it cannot be read. */
export async function loadSessionView(
  files: Files,
  path: string,
  options: ViewOptions,
): Promise<SessionView> {
  const checker = new LogChecker();
  const fold = new ViewFold(options);
  const store = new BlobStore(files, blobFolderOf(path));
  for await (const raw of readRawLines(files, path)) {
    const entry = checker.accept(raw);
    if (entry !== undefined) fold.add(await withTexts(entry, store));
  }
  return { path, problems: checker.problems(), ...fold.finish() };
}

// An image is not shown, but a text without blanks can be as large a string.
async function withTexts(entry: LogEntry, store: BlobStore): Promise<LogEntry> {
  const { payload: text, blobs } = entry;
  const texts = blobs.filter(({ at }) => !text.startsWith(BLANK_IMAGE, at));
  if (texts.length === 0) return entry;
  const contents = await store.load(texts);
  return { ...entry, payload: wholeText({ text, blobs }, contents) };
}

export function renderSessionView(view: SessionView): readonly string[] {
  const { meta, name } = view;
  const lines = [
    `session ${meta?.id ?? view.path}${name === undefined ? "" : ` [${name}]`}`,
    `${meta?.createdAt ?? ""} in ${meta?.cwd ?? ""}`,
  ];
  for (const entry of view.entries) {
    const head = [entry.isDropped ? "(dropped)" : "", entry.kind, entry.name];
    lines.push("", `${head.filter((one) => one !== "").join(" ")}:`);
    lines.push(...visibleText(entry.text).trimEnd().split("\n"));
  }
  for (const problem of view.problems) lines.push("", `! ${problem}`);
  return lines;
}

interface CurrentItem {
  readonly item: WireItem;
  /** Undefined for an item that a compaction made: it was shown at its first place. */
  readonly entryAt: number | undefined;
}

class ViewFold {
  readonly #options: ViewOptions;
  #meta: ThreadMeta | undefined;
  #name: string | undefined;
  #entries: ViewEntry[] = [];
  #current: CurrentItem[] = [];

  constructor(options: ViewOptions) {
    this.#options = options;
  }

  add(entry: LogEntry): void {
    switch (entry.type) {
      case "session_meta":
        this.#meta ??= parseMeta(JSON.parse(entry.payload));
        return;
      case "response_item":
        return this.#addItem(JSON.parse(entry.payload), entry);
      case "compacted":
        return this.#compact(entry);
      case "event_msg":
        return this.#addEvent(JSON.parse(entry.payload), entry);
      default:
        return;
    }
  }

  finish(): Pick<SessionView, "meta" | "name" | "entries"> {
    return { meta: this.#meta, name: this.#name, entries: this.#entries };
  }

  #addItem(item: WireItem, entry: LogEntry): void {
    const { kind, name, text } = parseItem(item);
    this.#current.push({ item, entryAt: this.#entries.length });
    this.#push(entry, kind, text, name);
  }

  #addEvent(payload: JsonObject, entry: LogEntry): void {
    switch (payload["type"]) {
      case "thread_name_updated":
        this.#name = String(payload["thread_name"]);
        return;
      case "thread_rolled_back":
        return this.#rollBack(Number(payload["num_turns"] ?? 0), entry);
      case "turn_aborted":
        return this.#push(entry, "turn_end", "interrupted");
      case "task_complete": {
        const error = asObject(payload["error"]);
        if (error === undefined) return;
        return this.#push(entry, "turn_end", `failed: ${error["message"]}`);
      }
      default:
        return;
    }
  }

  #compact(entry: LogEntry): void {
    this.#drop(this.#current);
    const history = jsonMember(entry.payload, "replacement_history") ?? "[]";
    this.#current = jsonElements(history).map((text) => ({
      item: JSON.parse(text),
      entryAt: undefined,
    }));
    const message = JSON.parse(jsonMember(entry.payload, "message") ?? '""');
    this.#push(entry, "compacted", String(message));
  }

  #rollBack(turns: number, entry: LogEntry): void {
    const items = this.#current.map(({ item }) => item);
    const kept = planRollback(items, turns);
    this.#drop(this.#current.splice(kept));
    this.#push(entry, "rolled_back", `${turns} turns removed`);
  }

  #drop(items: readonly CurrentItem[]): void {
    const gone = new Set(items.map(({ entryAt }) => entryAt));
    this.#entries = this.#entries.map((entry, at) =>
      gone.has(at) ? { ...entry, isDropped: true } : entry
    );
    if (this.#options.full) return;
    this.#forget();
  }

  // Without `full` what is dropped is not even kept, so that a long session stays small.
  #forget(): void {
    const moved = new Map<number, number>();
    const kept: ViewEntry[] = [];
    for (const [at, entry] of this.#entries.entries()) {
      if (entry.isDropped) continue;
      moved.set(at, kept.length);
      kept.push(entry);
    }
    this.#entries = kept;
    this.#current = this.#current.map(({ item, entryAt }) => ({
      item,
      entryAt: entryAt === undefined ? undefined : moved.get(entryAt),
    }));
  }

  #push(
    entry: LogEntry,
    kind: ViewEntry["kind"],
    text: string,
    name = "",
  ): void {
    const max = this.#options.textBytesMax ?? LIMITS.sessionShowBytes;
    const head = headBytes(text, max);
    const left = text.length - head.length;
    this.#entries.push({
      line: entry.number,
      at: entry.timestamp,
      kind,
      name,
      text: left === 0 ? text : `${head}\n… ${left} more characters`,
      isDropped: false,
    });
  }
}

function parseItem(item: WireItem): Pick<ViewEntry, "kind" | "name" | "text"> {
  const view = viewItem(item);
  switch (view.type) {
    case "message": {
      const isPerson = typedText(item) !== undefined;
      const kind = view.role === "assistant"
        ? "assistant"
        : isPerson
        ? "user"
        : "context";
      return {
        kind,
        name: "",
        text: isPerson ? withoutImages(item) : view.text,
      };
    }
    case "reasoning":
      return { kind: "reasoning", name: "", text: view.summary.join("\n") };
    case "call":
      return { kind: "call", name: view.name, text: parseInput(view.input) };
    case "output":
      return { kind: "output", name: "", text: parseOutput(item) };
    case "web_search":
      return { kind: "call", name: "web_search", text: view.query };
    case "compaction":
      return { kind: "other", name: "compaction", text: "" };
    case "unknown":
      return { kind: "other", name: visibleLine(item.type), text: "" };
    default:
      return unreachable(view);
  }
}

// A command is shown as it would be typed; other arguments as they are.
function parseInput(input: string): string {
  const values = parseJsonObject(input);
  const command = values?.["command"] ?? values?.["cmd"];
  if (typeof command === "string") return command;
  return Array.isArray(command) ? command.join(" ") : input;
}

function parseOutput(item: WireItem): string {
  return contentText(item["output"]) || "(no text)";
}
