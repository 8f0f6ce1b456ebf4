/** What exec writes to stderr. Pure: events in, text out. */
import type { ActivityOf, Event, EventOf } from "../../protocol/event.ts";
import { answerOf } from "../../protocol/item.ts";
import {
  showLine,
  shownText,
  visibleLine,
  visibleText,
} from "../../util/text/visible_text.ts";
import type { TurnSettings } from "../../protocol/settings.ts";
import { deniedText } from "../jsonl/items.ts";
import type { TurnEnding } from "../jsonl/lines.ts";
import type { ActivityRenderOptions } from "../render/activity.ts";
import { EventRenderer, renderHeader, renderWarning } from "../render/event.ts";
import { formatDuration } from "../render/format.ts";
import { paint } from "../render/style.ts";
import { allowingFlag } from "./allowing.ts";

interface ProgressOptions {
  readonly hasColor: boolean;
  /** Warnings and errors alone. */
  readonly isQuiet: boolean;
  /** Whole outputs, diffs, requests and reasoning. */
  readonly isVerbose: boolean;
}

/** Holds back the message that answers so far: the answer of a turn belongs on stdout. */
export class ProgressRenderer {
  readonly #options: ProgressOptions;
  readonly #events = new EventRenderer();
  #cwd = "";
  #held: ActivityOf<"message"> | undefined;
  #settings: TurnSettings | undefined;
  /** By the line of what was not allowed: which flag allows it. */
  readonly #allowing = new Map<string, string>();

  constructor(options: ProgressOptions) {
    this.#options = options;
  }

  /** Text for stderr, newline included; empty when an event has none. */
  render(event: Event): string {
    const isTrouble = event.type === "warning" ||
      event.type === "stream.retry" || event.type === "provider.switched";
    return this.#options.isQuiet && !isTrouble
      ? ""
      : toText(this.#lines(event));
  }

  /** The lines after a turn: why it failed, what was not allowed, what it cost. */
  renderEnding(
    { error, denied, threadUsage }: Pick<
      TurnEnding,
      "error" | "denied" | "threadUsage"
    >,
  ): string {
    // A failed turn has no answer for stdout: its message is shown here.
    const message = error === undefined ? [] : this.#flush();
    this.#held = undefined;
    const failed = error === undefined
      ? []
      : [paint(`Error: ${shownText(error.message)}`, this.#options, "red")];
    if (this.#options.isQuiet) return toText(failed);
    return toText([
      ...message,
      ...denied.map((one) => this.#renderDenied(visibleLine(one))),
      paint(`Tokens used: ${threadUsage.totalTokens}`, this.#options, "dim"),
      ...failed,
    ]);
  }

  #renderDenied(text: string): string {
    const flag = this.#allowing.get(text) ?? "";
    const hint = flag === "" ? "" : ` (${visibleLine(flag)})`;
    return paint(`Not allowed: ${text}${hint}`, this.#options, "yellow");
  }

  /** A warning of the program itself. */
  renderWarning(message: string): string {
    return toText(renderWarning(message, this.#renderOptions()));
  }

  #lines(event: Event): readonly string[] {
    const options = this.#renderOptions();
    if ("settings" in event) this.#settings = event.settings;
    switch (event.type) {
      case "thread.started":
        this.#cwd = event.settings.cwd;
        return renderHeader(event, options, {
          note: threadNote(event),
          // The words that scripts look for.
          rows: [`session id: ${event.threadId}`],
        });
      case "activity.started":
      case "activity.updated":
      case "activity.completed":
        return this.#activity(event);
      case "activity.withdrawn":
        if (this.#held?.id === event.activityId) this.#held = undefined;
        return [];
      case "approval.requested": {
        const { title, reason } = event.request;
        const text = `Approval requested: ${showLine(title)}`;
        return [reason === "" ? text : `${text} (${showLine(reason)})`];
      }
      case "request.completed":
        return this.#options.isVerbose
          ? [paint(renderRequest(event), options, "dim")]
          : [];
      case "check.completed": {
        // What was answered before a failed check was not the answer.
        const message = event.hasPassed ? [] : this.#flush();
        return [...message, ...this.#events.render(event, options)];
      }
      case "turn.completed":
        return [];
      default:
        return this.#events.render(event, options);
    }
  }

  #activity(
    event: EventOf<
      "activity.started" | "activity.updated" | "activity.completed"
    >,
  ): readonly string[] {
    const { activity } = event;
    const denied = event.type === "activity.completed"
      ? deniedText(activity)
      : undefined;
    if (denied !== undefined && this.#settings !== undefined) {
      const flag = allowingFlag(activity, this.#settings);
      this.#allowing.set(visibleLine(denied), flag);
    }
    if (activity.type === "message") {
      if (event.type !== "activity.completed") return [];
      const before = this.#held;
      this.#held = answerOf(before, activity);
      const shown = this.#held === before ? activity : before;
      return shown === undefined ? [] : [visibleText(shown.text).trimEnd()];
    }
    const shown = activity.type === "reasoning" && !this.#options.isVerbose
      ? { ...activity, text: activity.text.trim().split("\n")[0] ?? "" }
      : activity;
    const lines = this.#events.render(
      { ...event, activity: shown },
      this.#renderOptions(),
    );
    return lines.length === 0 ? [] : [...this.#flush(), ...lines];
  }

  // A message followed by anything was not the last one.
  #flush(): readonly string[] {
    const held = this.#held;
    this.#held = undefined;
    return held === undefined ? [] : [visibleText(held.text).trimEnd()];
  }

  #renderOptions(): ActivityRenderOptions {
    const { hasColor, isVerbose } = this.#options;
    return {
      hasColor,
      // Logs are searched: no line is broken.
      width: Infinity,
      cwd: this.#cwd,
      outputLines: isVerbose ? Infinity : 12,
      diffLines: isVerbose ? Infinity : 0,
      moreHint: "--verbose shows all",
    };
  }
}

function toText(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join("");
}

function threadNote({ resume }: EventOf<"thread.started">): string {
  if (resume === undefined) return "";
  return resume.exact ? "resumed" : `resumed (${resume.cause})`;
}

function renderRequest(event: EventOf<"request.completed">): string {
  const { usage } = event;
  const tokens = usage === null
    ? "no usage reported"
    : `${usage.inputTokens} tokens in (${usage.cachedInputTokens} cached), ${usage.outputTokens} out`;
  const took = formatDuration(event.durationMs);
  return `Request: ${event.requestBytes} bytes, ${took}, ${tokens}`;
}
