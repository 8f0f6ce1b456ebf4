/** What one turn used, touched and changed, picked up as it passes. */
import {
  addUsage,
  type EventBody,
  NO_USAGE,
  type Usage,
} from "../../protocol/event.ts";
import { findUserMessages } from "../log/rollback_plan.ts";
import type { RunningTask } from "./context.ts";

export interface TurnListeners {
  readonly countReaped: (count: number) => void;
  readonly touch: (paths: readonly string[]) => void;
  readonly takeTouched: () => readonly string[];
  readonly beforeChange: (paths: readonly string[]) => Promise<void>;
  readonly countUsage: (usage: Usage) => void;
  readonly emit: (event: EventBody) => void;
}

/** Made when the turn begins. */
export class TurnRecorder {
  usage = NO_USAGE;
  reaped = 0;
  readonly listeners: TurnListeners;
  readonly #turnId: string;
  readonly #context: RunningTask;
  /** Items before the turn, and the generation they belong to. */
  readonly #start: { readonly items: number; readonly generation: number };
  #touched: string[] = [];
  #hasChanges = false;

  constructor(turnId: string, context: RunningTask) {
    const { entries, generation } = context.state.transcript;
    this.#turnId = turnId;
    this.#context = context;
    this.#start = { items: entries.length, generation };
    this.listeners = {
      countReaped: (count) => {
        this.reaped += count;
      },
      touch: (paths) => {
        this.#touched.push(...paths);
      },
      takeTouched: () => this.#touched.splice(0),
      beforeChange: (paths) => this.#beforeChange(paths),
      countUsage: (usage) => {
        this.usage = addUsage(this.usage, usage);
      },
      emit: (event) => {
        if (event.type === "request.completed" && event.usage !== null) {
          this.usage = addUsage(this.usage, event.usage);
        }
        context.emit(event);
      },
    };
  }

  /** Notes for undo what became of the files of the turn. */
  async keepChanges(): Promise<void> {
    if (!this.#hasChanges) return;
    const { checkpoints } = this.#context.deps;
    await checkpoints?.commit(this.#turnId, this.#messagesBefore());
  }

  async #beforeChange(paths: readonly string[]): Promise<void> {
    const { deps, settings } = this.#context;
    const { checkpoints } = deps;
    if (checkpoints === undefined) return;
    this.#hasChanges = true;
    for (const path of paths) {
      await checkpoints.beforeChange(this.#turnId, path, settings);
    }
  }

  // After a compaction in the middle of the turn its own message is the last one kept.
  #messagesBefore(): number {
    const { entries, generation } = this.#context.state.transcript;
    const items = entries.map(({ item }) => item);
    return generation === this.#start.generation
      ? findUserMessages(items.slice(0, this.#start.items)).length
      : Math.max(0, findUserMessages(items).length - 1);
  }
}
