/** A conversation as plain text: pipes, dumb terminals, serial consoles. */
import { formatSpan } from "../render/format.ts";
import type { Activity, Event } from "../../protocol/event.ts";
import type { ApprovalRequest } from "../../protocol/policy.ts";
import { hasColor, type Terminal } from "../../protocol/terminal.ts";
import type { Flags } from "../../contract/command_line.ts";
import { visibleText } from "../../util/text/visible_text.ts";
import {
  answerKeys,
  renderAnswers,
  renderQuestion,
} from "../render/approval.ts";
import { renderWhole } from "../render/activity.ts";
import type { ActivityRenderOptions } from "../render/activity.ts";
import { renderDiff } from "../render/diff.ts";
import { beginsReview, parseReview, renderReview } from "../render/review.ts";
import { EventRenderer } from "../render/event.ts";
import type { ConversationView } from "../conversation/view.ts";
import type { OpenedThread, ShellResult } from "../conversation/services.ts";

interface PlainViewOptions {
  readonly terminal: Terminal;
  readonly flags: Flags;
  readonly cwd: () => string;
  readonly onEvent: (event: Event) => void;
  readonly onChange: () => void;
  readonly onLeave: () => void;
  /** Nobody reads stdout any more. */
  readonly onGone: () => void;
}

/** Answers and progress go to stdout, warnings and errors to stderr. */
export class PlainView implements ConversationView {
  readonly #options: PlainViewOptions;
  readonly #events = new EventRenderer();
  readonly #isLive: boolean;
  // The message whose text is on the screen up to here, without a line end.
  #open:
    | { readonly id: string; text: string; isHeld: boolean }
    | undefined;

  constructor(options: PlainViewOptions) {
    this.#options = options;
    this.#isLive = options.terminal.stdout.isTty;
  }

  opened({ past }: OpenedThread): void {
    for (const { role, text } of past) {
      if (role === "user") this.say([`> ${text}`, ""]);
      else this.#print([...this.#answerLines(text), ""]);
    }
  }

  show(event: Event): void {
    if (event.type === "text.delta") this.#delta(event.activityId, event.text);
    else if (event.type === "activity.withdrawn") this.#withdraw(event);
    else if (
      event.type === "activity.completed" && event.activity.type === "message"
    ) this.#message(event.activity);
    else this.#lines(event);
    this.#options.onEvent(event);
  }

  // Typed at a terminal it stands there already.
  said(text: string): void {
    if (!this.#options.terminal.stdin.isTty) this.say([`> ${text}`]);
  }

  say(lines: readonly string[]): void {
    this.#closeMessage();
    if (lines.length === 0) return;
    const text = lines.map((line) => `${visibleText(line)}\n`).join("");
    this.#write(text);
  }

  sayMarkdown(text: string): void {
    this.say([text]);
  }

  sayDiff(diff: string): void {
    this.#print(renderDiff(diff, this.#renderOptions()));
  }

  showWhole(activity: Activity): void {
    this.#print(renderWhole(activity, this.#renderOptions()));
  }

  waiting(phase: string): void {
    this.say([`${phase} …`]);
  }

  fail(message: string): void {
    this.#closeMessage();
    this.#options.terminal.stderr.write(`Error: ${visibleText(message)}\n`);
  }

  output(text: string): void {
    this.#write(visibleText(text));
  }

  shellEnded({ exitCode, durationMs }: ShellResult): void {
    this.say([`  exit ${exitCode} · ${formatSpan(durationMs)}`]);
  }

  giveBack(lines: readonly string[]): void {
    if (lines.length === 0) return;
    this.say(["Not sent:", ...lines.map((line) => `  ${line}`)]);
  }

  changed(): void {
    this.#options.onChange();
  }

  leave(): void {
    this.#options.onLeave();
  }

  /** Puts a question; the answer comes as a line. */
  ask(request: ApprovalRequest): void {
    const renderOptions = this.#renderOptions();
    this.#print([
      ...renderQuestion(request, renderOptions),
      ...renderAnswers(request, renderOptions),
    ]);
  }

  /** From here on a line is an answer. */
  askNow(request: ApprovalRequest): void {
    this.#closeMessage();
    this.#write(`Answer ${answerKeys(request)}: `);
  }

  /** The mark that a line is waited for. */
  prompt(): void {
    this.#closeMessage();
    this.#write("> ");
  }

  #delta(id: string, text: string): void {
    // In a file a withdrawn half answer could not be told from the whole one.
    if (!this.#isLive) return;
    if (this.#open?.id !== id) this.#closeMessage();
    const open = this.#open ??= { id, text: "", isHeld: true };
    open.text += text;
    // A list of findings is shown as a whole.
    if (!open.isHeld) return this.#write(visibleText(text));
    open.isHeld = beginsReview(open.text) !== "no";
    if (!open.isHeld) this.#write(visibleText(open.text));
  }

  #message(activity: { readonly id: string; readonly text: string }): void {
    if (this.#open?.id === activity.id) return this.#closeMessage();
    this.#print(this.#answerLines(activity.text));
  }

  #answerLines(text: string): readonly string[] {
    const answer = parseReview(text);
    if (answer !== undefined) {
      return renderReview(answer, this.#renderOptions());
    }
    const shown = visibleText(text).replace(/\n+$/, "");
    return shown === "" ? [] : shown.split("\n");
  }

  #withdraw(event: { readonly activityId: string }): void {
    if (this.#open?.id !== event.activityId) return;
    this.say(["(The answer broke off; it is said again)"]);
  }

  #lines(event: Event): void {
    const isTold = event.type === "warning" || isFailure(event);
    // Whoever keeps stderr looks for sentences in it.
    const renderOptions = {
      ...this.#renderOptions(),
      ...(isTold && { width: Infinity }),
    };
    const lines = this.#events.render(event, renderOptions);
    if (isTold) {
      this.#closeMessage();
      const text = lines.map((line) => `${line}\n`).join("");
      this.#options.terminal.stderr.write(text);
    } else this.#print(lines);
  }

  #print(lines: readonly string[]): void {
    if (lines.length === 0) return;
    this.#closeMessage();
    const text = lines.map((line) => `${line}\n`).join("");
    this.#write(text);
  }

  #write(text: string): void {
    if (!this.#options.terminal.stdout.write(text)) this.#options.onGone();
  }

  #closeMessage(): void {
    const open = this.#open;
    this.#open = undefined;
    if (open?.isHeld) return this.#print(this.#answerLines(open.text));
    const text = open?.text;
    if (text !== undefined && !text.endsWith("\n")) {
      this.#write("\n");
    }
  }

  #renderOptions(): ActivityRenderOptions {
    const { terminal, flags, cwd } = this.#options;
    return {
      hasColor: hasColor(terminal, terminal.stdout, flags.color),
      width: terminal.stdout.columns,
      ...(terminal.stdout.rows !== undefined && { rows: terminal.stdout.rows }),
      cwd: cwd(),
      outputLines: flags.verbose ? Infinity : 12,
      diffLines: flags.verbose ? Infinity : 80,
    };
  }
}

function isFailure(event: Event): boolean {
  return event.type === "turn.completed" && event.outcome.type === "failed";
}
