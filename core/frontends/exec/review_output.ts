/** The output of `exec review`: any output, with the findings as a list. */
import type { Event } from "../../protocol/event.ts";
import { hasColor, type Terminal } from "../../protocol/terminal.ts";
import type { Flags } from "../../contract/command_line.ts";
import {
  createExecOutput,
  type ExecEnding,
  type ExecOutput,
  type ExecOutputOptions,
} from "./output.ts";
import { NO_LIST, parseReview, renderReview } from "../render/review.ts";

/** The output the flags ask for; a review is shown as one. */
export function openExecOutput(
  terminal: Terminal,
  flags: Flags,
  options: ExecOutputOptions = {},
): ExecOutput {
  const view = createExecOutput(terminal, flags, options);
  return options.isReview ? new ReviewOutput(view, terminal, flags) : view;
}

/** Parses the answer of the first turn; all else passes through. */
class ReviewOutput implements ExecOutput {
  readonly #inner: ExecOutput;
  readonly #terminal: Terminal;
  readonly #flags: Flags;
  #cwd = "";
  #isOver = false;

  constructor(inner: ExecOutput, terminal: Terminal, flags: Flags) {
    this.#inner = inner;
    this.#terminal = terminal;
    this.#flags = flags;
  }

  get isGone(): boolean {
    return this.#inner.isGone;
  }

  show(event: Event): void {
    if (event.type === "thread.started") this.#cwd = event.settings.cwd;
    this.#inner.show(event);
  }

  warn(message: string, at: string): void {
    this.#inner.warn(message, at);
  }

  end(ending: ExecEnding): void {
    const isFirst = !this.#isOver;
    this.#isOver = true;
    if (!isFirst || ending.error !== undefined) return this.#inner.end(ending);
    const answer = parseReview(ending.message);
    if (answer === undefined) {
      this.#inner.warn(NO_LIST, ending.at);
      return this.#inner.end({ ...ending, review: null });
    }
    const { stdout } = this.#terminal;
    const lines = renderReview(answer, {
      hasColor: hasColor(this.#terminal, stdout, this.#flags.color),
      width: Math.max(10, stdout.columns - 1),
      cwd: this.#cwd,
    });
    this.#inner.end({ ...ending, review: answer.review, shown: lines });
  }
}
