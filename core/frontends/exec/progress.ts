/** What a person sees on stderr while exec runs. Pure: events in, text out. */
import type { Activity, Event } from "../../protocol/event.ts";
import type { ExecError } from "../../contract/event.ts";
import { PROGRAM, VERSION } from "../../protocol/version.ts";
import {
  showLine,
  visibleLine,
  visibleText,
} from "../../util/text/visible_text.ts";
import {
  createPaint,
  formatDuration,
  type Paint,
  renderEnded,
  renderStarted,
} from "./progress_activity.ts";

interface ProgressOptions {
  readonly hasColor: boolean;
  /** Warnings and errors alone. */
  readonly isQuiet: boolean;
  /** Whole outputs, diffs, requests and reasoning. */
  readonly isVerbose: boolean;
}

type EventOf<T extends Event["type"]> = Extract<Event, { type: T }>;

/** Remembers the newest message: the last one of a turn belongs on stdout. */
export class ProgressRenderer {
  readonly #options: ProgressOptions;
  readonly #paint: Paint;
  #held: { readonly id: string; readonly text: string } | undefined;
  // A plan is shown when it changes, not again when the turn ends it.
  #planShown = "";

  constructor(options: ProgressOptions) {
    this.#options = options;
    this.#paint = createPaint(options.hasColor);
  }

  /** Text for stderr, newline included; empty when there is nothing to say. */
  render(event: Event): string {
    switch (event.type) {
      case "warning":
        return this.renderWarning(event.message);
      case "stream.retry":
        return this.#paint(renderRetry(event), "yellow");
      default:
        return this.#options.isQuiet ? "" : this.#progress(event);
    }
  }

  /** What is said after a turn: why it failed, what was not allowed, what it cost. */
  renderEnding(ending: {
    readonly error: ExecError | undefined;
    readonly denied: readonly string[];
    readonly totalTokens: number;
  }): string {
    const { error, denied } = ending;
    // A failed turn has no answer for stdout: what it said is shown here.
    const said = error === undefined ? "" : this.#flush();
    this.#held = undefined;
    const failed = error === undefined
      ? ""
      : this.#paint(`Error: ${visibleText(error.message)}`, "red");
    if (this.#options.isQuiet) return failed;
    const refused = denied.map((one) =>
      this.#paint(`Not allowed: ${visibleLine(one)}`, "yellow")
    ).join("");
    const cost = this.#paint(`Tokens used: ${ending.totalTokens}`, "dim");
    return said + refused + cost + failed;
  }

  /** A sentence of the program itself. */
  renderWarning(message: string): string {
    return this.#paint(`Warning: ${visibleText(message)}`, "yellow");
  }

  #progress(event: Event): string {
    switch (event.type) {
      case "thread.started":
        return this.#header(event);
      case "activity.started":
        return event.activity.type === "plan"
          ? this.#completed(event.activity)
          : this.#said(renderStarted(event.activity, this.#paint));
      case "activity.updated":
        return event.activity.type === "plan"
          ? this.#completed(event.activity)
          : "";
      case "activity.completed":
        return this.#completed(event.activity);
      case "activity.withdrawn":
        if (this.#held?.id === event.activityId) this.#held = undefined;
        return "";
      case "approval.requested":
        return this.#paint(
          `Asked: ${showLine(event.request.title)} (${
            showLine(event.request.reason)
          })`,
        );
      case "context.compacted":
        return this.#paint(
          `Context compacted: ${event.tokensBefore} -> ${event.tokensAfter} tokens`,
          "dim",
        );
      case "request.completed":
        if (!this.#options.isVerbose) return "";
        return this.#paint(renderRequest(event), "dim");
      default:
        return "";
    }
  }

  #completed(activity: Activity): string {
    if (activity.type === "message") {
      const before = this.#flush();
      this.#held = { id: activity.id, text: activity.text };
      return before;
    }
    const { isVerbose } = this.#options;
    const text = renderEnded(activity, { paint: this.#paint, isVerbose });
    if (activity.type === "plan") {
      if (text === this.#planShown) return "";
      this.#planShown = text;
    }
    return this.#said(text);
  }

  #said(text: string): string {
    return text === "" ? "" : this.#flush() + text;
  }

  #header(event: EventOf<"thread.started">): string {
    const { settings, sandbox } = event;
    const effort = settings.reasoningEffort;
    const note = sandbox.note === "" ? "" : `; ${sandbox.note}`;
    const rows: readonly (readonly [string, string])[] = [
      ["workdir", settings.cwd],
      [
        "model",
        effort === undefined
          ? settings.model.slug
          : `${settings.model.slug} (${effort})`,
      ],
      ["provider", event.provider],
      [
        "approval",
        typeof settings.approval === "string" ? settings.approval : "granular",
      ],
      ["sandbox", `${sandbox.mode} (${sandbox.backend}${note})`],
      ["session", event.threadId],
      ...renderResumeRow(event),
    ];
    return this.#paint(`${PROGRAM} ${VERSION}`, "bold") +
      rows.map(([name, value]) =>
        this.#paint(`${name}: ${visibleLine(value)}`, "dim")
      ).join("") + "\n";
  }

  // A message followed by anything was not the last one.
  #flush(): string {
    const held = this.#held;
    this.#held = undefined;
    return held === undefined
      ? ""
      : this.#paint(visibleText(held.text).trimEnd());
  }
}

function renderResumeRow(
  { resume }: EventOf<"thread.started">,
): readonly (readonly [string, string])[] {
  if (resume === undefined) return [];
  return [["resume", resume.exact ? "exact" : resume.cause]];
}

function renderRetry(event: EventOf<"stream.retry">): string {
  const wait = formatDuration(event.delayMs);
  return `Retry ${event.attempt} of ${event.attemptsMax} in ${wait}: ${
    visibleLine(event.reason)
  }`;
}

function renderRequest(event: EventOf<"request.completed">): string {
  const { usage } = event;
  const tokens = usage === null
    ? "no usage reported"
    : `${usage.inputTokens} tokens in (${usage.cachedInputTokens} cached), ${usage.outputTokens} out`;
  return `Request: ${event.requestBytes} bytes, ${
    formatDuration(event.durationMs)
  }, ${tokens}`;
}
