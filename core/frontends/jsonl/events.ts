/** Events of a thread as the objects of `exec --json`. No I/O. */
import type { Activity, Event, EventOf } from "../../protocol/event.ts";
import type { ExecEvent, TerminalEvent } from "../../contract/event.ts";
import { LIMITS } from "../../protocol/limits.ts";
import type { TurnMode } from "../../protocol/settings.ts";
import { unreachable } from "../../util/assert.ts";
import { splitText } from "../../util/text/text.ts";
import { toItem } from "./items.ts";
import {
  toAnswer,
  toEnding,
  toLines,
  toMode,
  toQuestion,
  toThreadStarted,
  type TurnEnding,
} from "./lines.ts";

interface EventViewOptions {
  readonly events: "codex" | "native";
  /** Text, reasoning and output line by line as they come. */
  readonly deltas: boolean;
  /** How long a question waits for its answer; absent when it is denied at once. */
  readonly approvalTimeoutMs?: number;
}

/** Translates the events of one thread, in order. */
export class ExecEventView {
  readonly #options: EventViewOptions;
  readonly #shown = new Set<string>();
  #plan: Activity | undefined;
  #mode: TurnMode | undefined;
  #threadId: string | undefined;
  #turnId: string | null = null;
  #seq = 0;

  constructor(options: EventViewOptions) {
    this.#options = options;
  }

  /** The lines an event becomes. The end of a turn is `renderEnding()`. */
  render(event: Event): ExecEvent[] {
    this.#threadId = event.threadId;
    if (event.type === "turn.started") this.#turnId = event.turnId;
    return this.#toLines(event).map((line) => this.#wrap(line, event.at));
  }

  /** The last lines of a turn; exactly one of them, the last, is terminal. */
  renderEnding(ending: TurnEnding): [...ExecEvent[], TerminalEvent] {
    const before: ExecEvent[] = [];
    if (this.#plan !== undefined) {
      before.push({ type: "item.completed", item: toItem(this.#plan) });
      this.#plan = undefined;
    }
    if (ending.error !== undefined) {
      before.push({ type: "error", message: ending.error.message });
    }
    const lines = before.map((line) => this.#wrap(line, ending.at));
    return [...lines, this.#wrap(toEnding(ending), ending.at)];
  }

  renderWarning(message: string, at: string): ExecEvent {
    return this.#wrap({ type: "warning", message }, at);
  }

  #toLines(event: Event): ExecEvent[] {
    switch (event.type) {
      case "thread.started":
        this.#mode = event.settings.mode;
        return [toThreadStarted(event)];
      case "turn.started":
        return [{ type: "turn.started", ...toMode(event) }];
      case "turn.completed":
        return [];
      case "activity.started":
      case "activity.updated":
      case "activity.completed":
        return this.#toItemLines(event.type, event.activity);
      case "activity.withdrawn":
        return this.#shown.has(event.activityId)
          ? [{ type: "item.withdrawn", item_id: event.activityId }]
          : [];
      case "text.delta":
      case "reasoning.delta":
      case "output.delta":
        if (!this.#options.deltas) return [];
        this.#shown.add(event.activityId);
        return splitText(event.text, LIMITS.deltaCharacters).map(
          (text) => ({ type: event.type, item_id: event.activityId, text }),
        );
      case "approval.requested":
        return [this.#toQuestion(event)];
      case "approval.settled":
        return [toAnswer(event)];
      case "settings.changed":
        return [
          ...this.#toMode(event),
          ...toLines(event, this.#options.events),
        ];
      default:
        return toLines(event, this.#options.events);
    }
  }

  // Messages and reasoning come whole in the Codex form, step by step in the native one.
  #toItemLines(
    type: "activity.started" | "activity.updated" | "activity.completed",
    activity: Activity,
  ): ExecEvent[] {
    const isText = activity.type === "message" || activity.type === "reasoning";
    if (
      isText && type !== "activity.completed" &&
      this.#options.events === "codex"
    ) {
      return [];
    }
    this.#shown.add(activity.id);
    if (activity.type === "plan") {
      this.#plan = type === "activity.completed" ? undefined : activity;
    }
    const item = toItem(activity);
    switch (type) {
      case "activity.started":
        return [{ type: "item.started", item }];
      case "activity.updated":
        return [{ type: "item.updated", item }];
      case "activity.completed":
        return [{ type: "item.completed", item }];
      default:
        return unreachable(type);
    }
  }

  #toMode({ settings }: EventOf<"settings.changed">): ExecEvent[] {
    const { mode } = settings;
    if (mode === this.#mode || mode === "review") return [];
    this.#mode = mode;
    return [{ type: "mode.changed", mode: mode ?? "default" }];
  }

  #toQuestion(event: EventOf<"approval.requested">): ExecEvent {
    const { request } = event;
    const waitMs = this.#options.approvalTimeoutMs;
    return {
      type: "approval.requested",
      approval_id: event.approvalId,
      ...toQuestion(request),
      expires_at: waitMs === undefined
        ? null
        : new Date(Date.parse(event.at) + waitMs).toISOString(),
    };
  }

  #wrap<T extends ExecEvent>(line: T, at: string): T {
    if (this.#options.events === "codex") return line;
    const { type, ...fields } = line;
    return {
      type,
      ts: at,
      seq: this.#seq++,
      ...(this.#threadId !== undefined && { thread_id: this.#threadId }),
      turn_id: this.#turnId,
      ...fields,
    } as T;
  }
}
