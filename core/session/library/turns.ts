/** The turns of a session: when each began, how it ended, and its items. */
import { typedText } from "../../context/format/tags.ts";
import type { Files } from "../../protocol/host.ts";
import type { WireItem } from "../../protocol/item.ts";
import type { RecordedTurn } from "../../protocol/log.ts";
import { asObject, type JsonObject } from "../../util/json/json.ts";
import { jsonElements, jsonMember } from "../../util/json/json_text.ts";
import { LogChecker, type LogEntry, readRawLines } from "../log/log_reader.ts";
import { planRollback } from "../log/rollback_plan.ts";

/**
 * Reads them, oldest first, without those that were rolled back. Large images are blank:
 * they lie beside the log. Throws SessionError when it cannot be read.
 */
export async function loadTurns(
  files: Files,
  path: string,
): Promise<readonly RecordedTurn[]> {
  const checker = new LogChecker();
  const fold = new TurnFold();
  for await (const raw of readRawLines(files, path)) {
    const entry = checker.accept(raw);
    if (entry !== undefined) fold.add(entry);
  }
  return fold.finish();
}

interface TurnDraft extends Omit<RecordedTurn, "items" | "messages"> {
  readonly items: { readonly at: string; readonly item: WireItem }[];
}

interface CurrentItem {
  readonly item: WireItem;
  /** Undefined for what a compaction made, or stands before the first turn. */
  readonly turn: TurnDraft | undefined;
}

class TurnFold {
  #turns: TurnDraft[] = [];
  #hasBegun = false;
  #current: CurrentItem[] = [];

  add(entry: LogEntry): void {
    switch (entry.type) {
      case "response_item":
        return this.#addItem(JSON.parse(entry.payload), entry.timestamp);
      case "turn_context": {
        const cwd = asObject(JSON.parse(entry.payload))?.["cwd"];
        if (typeof cwd === "string") this.#change({ cwd });
        return;
      }
      case "compacted": {
        const history = jsonMember(entry.payload, "replacement_history");
        this.#current = jsonElements(history ?? "[]").map((text) => ({
          item: JSON.parse(text),
          turn: undefined,
        }));
        return;
      }
      case "event_msg":
        return this.#addEvent(JSON.parse(entry.payload), entry.timestamp);
      default:
        return;
    }
  }

  finish(): readonly RecordedTurn[] {
    return this.#turns.map((turn) => ({
      ...turn,
      messages: turn.items.filter(({ item }) => typedText(item) !== undefined)
        .length,
    }));
  }

  #addItem(item: WireItem, at: string): void {
    // A fork begins with items of another session, without its turns.
    if (!this.#hasBegun && typedText(item) !== undefined) {
      this.#start(undefined, at, "completed");
    }
    const turn = this.#turns.at(-1);
    turn?.items.push({ at, item });
    this.#current.push({ item, turn });
  }

  #addEvent(payload: JsonObject, at: string): void {
    switch (payload["type"]) {
      case "task_started":
      case "turn_started":
        this.#hasBegun = true;
        return this.#start(payload["turn_id"], at, "inProgress");
      case "task_complete":
      case "turn_complete": {
        const error = asObject(payload["error"])?.["message"];
        return this.#change({
          completedAt: at,
          status: error === undefined ? "completed" : "failed",
          ...(error !== undefined && { error: String(error) }),
        });
      }
      case "turn_aborted":
        return this.#change({ completedAt: at, status: "interrupted" });
      case "thread_rolled_back":
        return this.#rollBack(Number(payload["num_turns"] ?? 0));
      default:
        return;
    }
  }

  #start(id: unknown, at: string, status: TurnDraft["status"]): void {
    this.#turns.push({
      id: typeof id === "string" ? id : `turn_${this.#turns.length + 1}`,
      startedAt: at,
      status,
      cwd: this.#turns.at(-1)?.cwd ?? "/",
      items: [],
    });
  }

  #change(facts: Partial<Omit<TurnDraft, "items">>): void {
    const last = this.#turns.at(-1);
    if (last === undefined) return;
    const changed = { ...last, ...facts };
    this.#turns[this.#turns.length - 1] = changed;
    this.#current = this.#current.map((one) =>
      one.turn === last ? { ...one, turn: changed } : one
    );
  }

  // A turn goes with its first message; of one that was steered, what came last may go alone.
  #rollBack(count: number): void {
    const kept = planRollback(this.#current.map(({ item }) => item), count);
    const gone = new Set(this.#current.splice(kept).map(({ item }) => item));
    for (const { items } of this.#turns) {
      const stay = items.filter(({ item }) => !gone.has(item));
      items.splice(0, items.length, ...stay);
    }
    this.#turns = this.#turns.filter(({ items }) =>
      items.some(({ item }) => typedText(item) !== undefined)
    );
  }
}
