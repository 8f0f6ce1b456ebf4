/** The status line: what runs, for how long, what it cost, how to stop it. */
import { formatDuration, formatTokens } from "./format.ts";
import type { Activity, Event } from "../../protocol/event.ts";
import { visibleLine } from "../../util/text/visible_text.ts";
import { paint, type RenderOptions } from "./style.ts";
import { cutText } from "./wrap.ts";

/** Output kept of the newest line of a running command. */
const TAIL_CHARS = 400;

/** Follows the events; everything is read from it when the line is drawn. */
export class StatusTracker {
  readonly #running = new Map<string, string>();
  #phase = "";
  #sinceMs = 0;
  #tail = { id: "", text: "" };
  #isTurn = false;
  #isAsked = false;
  #tokens = 0;

  /** When the present phase began. */
  get sinceMs(): number {
    return this.#sinceMs;
  }

  /** Tokens of this turn's finished requests. */
  get tokens(): number {
    return this.#tokens;
  }

  /** The newest line of what runs. */
  get tail(): string {
    const { id, text } = this.#tail;
    return this.#running.has(id) ? visibleLine(text, 200) : "";
  }

  /** What is waited for; empty when nothing is. */
  get phase(): string {
    if (this.#isAsked) return "Waiting for your answer";
    const [first, ...more] = [...this.#running.values()];
    if (first === undefined) return this.#phase;
    return more.length === 0
      ? `Running ${first}`
      : `Running ${more.length + 1} commands: ${first}, …`;
  }

  take(event: Event, nowMs: number): void {
    const before = this.phase;
    this.#take(event);
    if (this.phase !== before) this.#sinceMs = nowMs;
  }

  /** Something starts that has no event. */
  wait(phase: string, nowMs: number): void {
    this.#phase = phase;
    this.#sinceMs = nowMs;
  }

  #take(event: Event): void {
    switch (event.type) {
      case "turn.started":
        this.#phase = "Waiting for the model";
        this.#isTurn = true;
        this.#tokens = 0;
        return;
      case "text.delta":
        this.#phase = "Answering";
        return;
      case "reasoning.delta":
        this.#phase = "Thinking";
        return;
      case "output.delta":
        return this.#addOutput(event.activityId, event.text);
      case "activity.started":
        return this.#start(event.activity);
      case "activity.completed":
        this.#running.delete(event.activity.id);
        // A command that ran on ends when it does.
        if (this.#isTurn && event.activity.type !== "reasoning") {
          this.#phase = "Waiting for the model";
        }
        return;
      case "activity.updated":
        if (isLive(event.activity)) this.#running.delete(event.activity.id);
        return;
      case "stream.retry":
        this.#phase = `Retrying after: ${visibleLine(event.reason, 80)}`;
        return;
      case "check.started":
        this.#phase = `Checking: ${visibleLine(event.command, 60)}`;
        return;
      case "check.completed":
        this.#phase = "Waiting for the model";
        return;
      case "request.completed":
        this.#tokens += event.usage?.totalTokens ?? 0;
        return;
      case "approval.requested":
        this.#isAsked = true;
        return;
      case "approval.settled":
        this.#isAsked = false;
        return;
      case "context.compacted":
      case "warning":
        // Outside of a turn that is the end of what was asked for.
        if (!this.#isTurn) this.#phase = "";
        return;
      case "turn.completed":
      case "thread.closed":
        this.#phase = "";
        this.#isTurn = false;
        this.#isAsked = false;
        this.#running.clear();
    }
  }

  #addOutput(id: string, text: string): void {
    const before = this.#tail.id === id ? this.#tail.text : "";
    const whole = (before + text).slice(-TAIL_CHARS);
    // The newest line that says something.
    this.#tail = { id, text: whole.replace(/^[^]*\n(?=[^]*\S)/, "") };
  }

  #start(activity: Activity): void {
    if (activity.type === "command") {
      const [line = ""] = activity.command.trim().split("\n");
      this.#running.set(activity.id, visibleLine(line, 60));
    } else if (activity.type === "mcp_call") {
      const name = `${activity.server}/${activity.tool}`;
      this.#running.set(activity.id, visibleLine(name, 60));
    } else if (activity.type === "reasoning") this.#phase = "Thinking";
    else if (activity.type === "web_search") {
      this.#phase = "Searching the web";
    } else if (activity.type === "file_change") this.#phase = "Changing files";
  }
}

function isLive(activity: Activity): boolean {
  return activity.type === "command" && activity.session !== undefined;
}

interface StatusFacts {
  readonly phase: string;
  readonly forMs: number;
  readonly tokens: number;
  readonly contextLeft?: number | undefined;
  /** The newest line of what runs, where it has none of its own. */
  readonly tail?: string;
  /** How to end it: `Ctrl-C stops`. */
  readonly hint: string;
}

/** The line, cut to the width: what matters least is left out first. */
export function renderStatusLine(
  facts: StatusFacts,
  options: RenderOptions,
): string {
  const left = facts.contextLeft === undefined
    ? ""
    : `${Math.floor(facts.contextLeft * 100)}% context left`;
  const since = facts.forMs < 1_000
    ? ""
    : formatDuration(Math.floor(facts.forMs / 1_000) * 1_000).replace(
      ".0 s",
      " s",
    );
  const tokens = facts.tokens === 0
    ? ""
    : `${formatTokens(facts.tokens)} tokens`;
  const { phase, tail = "", hint } = facts;
  const rest = tail === "" ? [hint, tokens, left] : [tail];
  const parts = [phase, since, ...rest].filter((part) => part !== "");
  if (tail !== "") {
    return paint(cutText(parts.join(" · "), options.width), options, "dim");
  }
  while (parts.length > 1 && parts.join(" · ").length > options.width) {
    parts.pop();
  }
  return paint(cutText(parts.join(" · "), options.width), options, "dim");
}
