/** Where exec writes: JSON lines, text, or one final object. */
import type { Event } from "../../protocol/event.ts";
import type { ExecResult } from "../../contract/event.ts";
import { hasColor, type Terminal } from "../../protocol/terminal.ts";
import { EVENT_SCHEMA } from "../../protocol/version.ts";
import type { Flags } from "../../contract/command_line.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { shownText } from "../../util/text/visible_text.ts";
import { WaitLine } from "./wait_line.ts";
import { ProgressRenderer } from "./progress.ts";
import type { TurnRecord } from "./turn_record.ts";
import { untilOf } from "./until.ts";
import { ExecEventView } from "../jsonl/events.ts";
import { renderStage } from "./stage.ts";
import { toUsage, type TurnEnding } from "../jsonl/lines.ts";
import { renderJson, renderLine } from "../jsonl/line_limit.ts";

/** A turn's end, and what it leaves to be printed. */
export interface ExecEnding extends TurnEnding {
  readonly message: string;
  readonly record: TurnRecord;
  readonly threadId: string | null;
  /** Printed as text instead of the message; safe for a terminal. */
  readonly shown?: readonly string[];
}

export interface ExecOutputOptions {
  /** The log of the thread: named in lines that had to be cut. */
  readonly logPath?: string;
  /** The first turn is a code review. */
  readonly isReview?: boolean;
  /** Tells the time; without it nothing is said of what is waited for. */
  readonly host?: ConstructorParameters<typeof WaitLine>[0];
}

/** One of the three outputs of exec. */
export interface ExecOutput {
  show(event: Event): void;
  /** A warning that is not an event. */
  warn(message: string, at: string): void;
  /** The end of a turn. After the last one nothing more is written. */
  end(ending: ExecEnding): void;
  /** The reader of stdout is gone. */
  readonly isGone: boolean;
}

export function createExecOutput(
  terminal: Terminal,
  flags: Flags,
  options: ExecOutputOptions = {},
): ExecOutput {
  if (flags.json) return new JsonOutput(terminal, flags, options.logPath);
  const paints = hasColor(terminal, terminal.stderr, flags.color);
  const view = new ProgressRenderer({
    hasColor: paints,
    isQuiet: flags.quiet === true,
    isVerbose: flags.verbose === true,
  });
  const { host } = options;
  const line = host === undefined || flags.quiet
    ? undefined
    : new WaitLine(host, terminal, { hasColor: paints });
  return new TextOutput(terminal, view, {
    format: flags.outputFormat ?? "text",
    line,
    flags,
  });
}

/** The command of `--approvals exec:CMD`. */
export function approvalCommandOf(flags: Flags): string | undefined {
  const form = flags.approvals;
  return form?.startsWith("exec:") ? form.slice("exec:".length) : undefined;
}

/** How long a question waits; undefined when no one can answer it. */
export function approvalTimeoutOf(flags: Flags): number | undefined {
  const isAnswered = approvalCommandOf(flags) !== undefined ||
    (flags.input === "jsonl" && flags.approvals === undefined);
  return isAnswered ? flags.approvalTimeoutMs ?? LIMITS.approvalMs : undefined;
}

class JsonOutput implements ExecOutput {
  readonly #terminal: Terminal;
  readonly #view: ExecEventView;
  readonly #flags: Flags;
  readonly #fullTextPath: { readonly fullTextPath?: string };
  isGone = false;

  constructor(terminal: Terminal, flags: Flags, logPath: string | undefined) {
    const waitMs = approvalTimeoutOf(flags);
    this.#terminal = terminal;
    this.#flags = flags;
    this.#fullTextPath = logPath === undefined ? {} : { fullTextPath: logPath };
    this.#view = new ExecEventView({
      events: flags.events ?? "codex",
      deltas: flags.deltas === true,
      ...(waitMs !== undefined && { approvalTimeoutMs: waitMs }),
    });
  }

  show(event: Event): void {
    this.#write(this.#view.render(event));
  }

  warn(message: string, at: string): void {
    this.#write([this.#view.renderWarning(message, at)]);
  }

  end(ending: ExecEnding): void {
    const until = untilOf(this.#flags, ending.record);
    this.#write(this.#view.renderEnding({ ...ending, ...until }));
    if (ending.error === undefined || this.isGone) return;
    // Callers that know the exit code alone show stderr.
    this.#terminal.stderr.write(
      `Error: ${shownText(ending.error.message)}\n`,
    );
  }

  #write(lines: readonly Parameters<typeof renderLine>[0][]): void {
    for (const line of lines) {
      const text = renderLine(line, this.#fullTextPath);
      if (!this.#terminal.stdout.write(text)) this.isGone = true;
    }
  }
}

class TextOutput implements ExecOutput {
  readonly #terminal: Terminal;
  readonly #view: ProgressRenderer;
  readonly #format: "text" | "json";
  readonly #flags: Flags;
  readonly #line: WaitLine | undefined;
  isGone = false;

  constructor(
    terminal: Terminal,
    view: ProgressRenderer,
    { format, line, flags }: {
      readonly flags: Flags;
      readonly format: "text" | "json";
      /** Says what is waited for. */
      readonly line: WaitLine | undefined;
    },
  ) {
    this.#terminal = terminal;
    this.#view = view;
    this.#format = format;
    this.#flags = flags;
    this.#line = line;
  }

  show(event: Event): void {
    this.#line?.take(event);
    this.#write(this.#view.render(event));
  }

  warn(message: string): void {
    this.#write(this.#view.renderWarning(message));
  }

  #write(text: string): void {
    if (this.#line === undefined) this.#terminal.stderr.write(text);
    else this.#line.write(text);
  }

  end(ending: ExecEnding): void {
    this.#line?.close();
    this.#terminal.stderr.write(this.#view.renderEnding(ending));
    this.#terminal.stderr.write(renderStage(ending));
    const text = this.#format === "json"
      ? `${
        renderJson(
          toResult({ ...ending, ...untilOf(this.#flags, ending.record) }),
        )
      }\n`
      : renderMessage(ending, this.#terminal.stdout.isTty);
    if (!this.#terminal.stdout.write(text)) this.isGone = true;
  }
}

/** The one object of `--output-format json`. */
function toResult(ending: ExecEnding): ExecResult {
  return {
    type: "result",
    schema: EVENT_SCHEMA,
    thread_id: ending.threadId,
    message: ending.error === undefined ? ending.message : null,
    error: ending.error ?? null,
    usage: toUsage(ending.usage),
    thread_usage: toUsage(ending.threadUsage),
    files_changed: [...ending.record.files],
    commands: [...ending.record.commands],
    denied: [...ending.denied],
    reaped: ending.reaped,
    ...(ending.review !== undefined && { review: ending.review }),
    ...(ending.stage !== undefined && { stage: ending.stage }),
    ...(ending.until !== undefined && { until: ending.until }),
    exit_code: ending.exitCode,
  };
}

// A file or a program gets the message as it is; a terminal must not be steered by it.
function renderMessage(ending: ExecEnding, isTty: boolean): string {
  if (ending.error !== undefined || ending.message === "") return "";
  if (ending.shown !== undefined) {
    return ending.shown.map((line) => `${line}\n`).join("");
  }
  const text = isTty ? shownText(ending.message) : ending.message;
  return text.endsWith("\n") ? text : `${text}\n`;
}
