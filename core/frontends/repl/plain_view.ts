/** A conversation as plain text: pipes, dumb terminals, serial consoles. */
import { formatDuration } from "../render/format.ts";
import type { Activity, Event } from "../../protocol/event.ts";
import type { ApprovalRequest } from "../../protocol/policy.ts";
import { hasColor, type Terminal } from "../../protocol/terminal.ts";
import type { Flags } from "../../contract/command_line.ts";
import { shownText, visibleText } from "../../util/text/visible_text.ts";
import {
  answerKeys,
  renderAnswers,
  renderQuestion,
} from "../render/approval.ts";
import { renderWhole } from "../render/activity.ts";
import type { ActivityRenderOptions } from "../render/activity.ts";
import { renderDiff } from "../render/diff.ts";
import { EventRenderer } from "../render/event.ts";
import type { ConversationView } from "../conversation/view.ts";
import { type AnswerStream, MessageFlow } from "./message_flow.ts";
import type { OpenedThread, ShellResult } from "../conversation/services.ts";

interface PlainViewOptions {
  readonly terminal: Terminal;
  readonly flags: Flags;
  readonly cwd: () => string;
  readonly onEvent: (event: Event) => void;
  readonly onChange: () => void;
  readonly onChoose: ConversationView["choose"];
  readonly onLeave: () => void;
  /** The reader of stdout is gone. */
  readonly onGone: () => void;
}

/** Answers and progress go to stdout, warnings and errors to stderr. */
export class PlainView implements ConversationView {
  readonly canEdit = false;
  readonly #options: PlainViewOptions;
  readonly #events = new EventRenderer();
  readonly #isLive: boolean;
  readonly #flow: MessageFlow;

  constructor(options: PlainViewOptions) {
    this.#options = options;
    this.#isLive = options.terminal.stdout.isTty;
    this.#flow = new MessageFlow({
      renderOptions: () => this.#renderOptions(),
      openStream: () => this.#openStream(),
      renderText: (text) => {
        const shown = visibleText(text).replace(/\n+$/, "");
        return shown === "" ? [] : shown.split("\n");
      },
      print: (lines) => this.#print(lines),
    });
  }

  opened({ past }: OpenedThread): void {
    for (const { role, text } of past) {
      if (role === "user") this.say([`> ${text}`, ""]);
      else {
        this.#flow.show(text);
        this.write("\n");
      }
    }
  }

  show(event: Event): void {
    // In a file a withdrawn half answer would look like a whole one.
    const isSkipped = event.type === "text.delta" && !this.#isLive;
    if (!isSkipped && !this.#flow.take(event)) this.#lines(event);
    this.#options.onEvent(event);
  }

  // Typed at a terminal it stands there already.
  said(text: string): void {
    if (!this.#options.terminal.stdin.isTty) this.say([`> ${text}`]);
  }

  say(lines: readonly string[]): void {
    this.#flow.close();
    this.#print(lines.map(visibleText));
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
    this.#flow.close();
    this.#options.terminal.stderr.write(`Error: ${shownText(message)}\n`);
  }

  output(text: string): void {
    this.write(visibleText(text));
  }

  shellEnded({ exitCode, durationMs }: ShellResult): void {
    this.say([`  exit ${exitCode} · ${formatDuration(durationMs)}`]);
  }

  giveBack(lines: readonly string[]): void {
    if (lines.length === 0) return;
    this.say(["Not sent:", ...lines.map((line) => `  ${line}`)]);
  }

  choose(...question: Parameters<ConversationView["choose"]>): Promise<number> {
    return this.#options.onChoose(...question);
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
    this.#flow.close();
    this.write(`Answer ${answerKeys(request)} (Enter: n): `);
  }

  /** The mark that a line is waited for. */
  prompt(mark: string): void {
    this.#flow.close();
    this.write(mark);
  }

  /** Writes the text as it is. */
  write(text: string): void {
    if (!this.#options.terminal.stdout.write(text)) this.#options.onGone();
  }

  #lines(event: Event): void {
    const isTrouble = event.type === "warning" ||
      (event.type === "turn.completed" && event.outcome.type === "failed");
    // A log of stderr is searched: no line is broken.
    const renderOptions = {
      ...this.#renderOptions(),
      ...(isTrouble && { width: Infinity }),
    };
    const lines = this.#events.render(event, renderOptions);
    if (isTrouble) {
      this.#flow.close();
      const text = lines.map((line) => `${line}\n`).join("");
      this.#options.terminal.stderr.write(text);
    } else this.#print(lines);
  }

  #print(lines: readonly string[]): void {
    if (lines.length === 0) return;
    this.#flow.close();
    const text = lines.map((line) => `${line}\n`).join("");
    this.write(text);
  }

  #openStream(): AnswerStream {
    let isLineOpen = false;
    return {
      push: (text) => {
        this.write(visibleText(text));
        if (text !== "") isLineOpen = !text.endsWith("\n");
      },
      end: () => {
        if (isLineOpen) this.write("\n");
      },
    };
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
      moreHint: "/last shows all",
    };
  }
}
