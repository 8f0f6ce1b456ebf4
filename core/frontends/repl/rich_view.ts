/** The scrolling part of a rich terminal: finished lines, collected until the next drawing. */
import { formatDuration } from "../render/format.ts";
import type { Activity, Event } from "../../protocol/event.ts";
import { visibleText } from "../../util/text/visible_text.ts";
import { MarkdownStream, renderMarkdown } from "../render/markdown.ts";
import { type ActivityRenderOptions, renderWhole } from "../render/activity.ts";
import type { Decision } from "../../protocol/policy.ts";
import { renderDecision } from "../render/approval.ts";
import { renderDiff } from "../render/diff.ts";
import { EventRenderer } from "../render/event.ts";
import { paint } from "../render/style.ts";
import { wrapText, wrapWords } from "../render/wrap.ts";
import type { ConversationView, OpenAttachment } from "../conversation/view.ts";
import { type AnswerStream, MessageFlow } from "./message_flow.ts";
import type {
  LentTerminal,
  OpenedThread,
  ShellResult,
} from "../conversation/services.ts";

interface RichViewOptions {
  readonly renderOptions: () => ActivityRenderOptions;
  /** Something is to be drawn. */
  readonly onChange: () => void;
  readonly onEvent: (event: Event) => void;
  readonly onGiveBack: (lines: readonly string[]) => void;
  readonly onWait: (phase: string) => void;
  readonly onChoose: ConversationView["choose"];
  readonly onLeave: () => void;
  readonly onAttach: (open: OpenAttachment) => Promise<void>;
  readonly onLend: NonNullable<ConversationView["lend"]>;
}

/** Blocks that belong together stand together; others have an empty line between them. */
type Block = "answer" | "user" | "work" | "program";

/** Text of an answer that is rendered in one go. */
const SLICE_CHARS = 700;

export class RichView implements ConversationView {
  readonly canEdit = true;
  readonly #options: RichViewOptions;
  readonly #events = new EventRenderer();
  #lines: string[] = [];
  #last: Block | undefined;
  #isLastBlank = true;
  readonly #flow: MessageFlow;
  #stream: MarkdownStream | undefined;
  // Deltas since the last drawing: one rendering for all of them.
  #text = "";
  #shellLine = "";
  #newest: string | undefined;

  constructor(options: RichViewOptions) {
    this.#options = options;
    this.#flow = new MessageFlow({
      renderOptions: options.renderOptions,
      openStream: () => this.#openStream(),
      renderText: (text) => renderText(text, this.#renderOptions()),
      print: (lines) => this.#print("answer", lines, true),
    });
  }

  /** Finished lines since the last call. */
  takeLines(): readonly string[] {
    this.#renderText();
    return this.#lines.splice(0);
  }

  /** The unfinished end of what is being written. */
  preview(): readonly string[] {
    if (this.#shellLine !== "") return [this.#shellLine];
    const { findingsChars } = this.#flow;
    if (findingsChars === undefined) return this.#stream?.preview() ?? [];
    const note = `(writing the findings, ${findingsChars} characters)`;
    return [paint(note, this.#renderOptions(), "dim")];
  }

  opened({ past }: OpenedThread): void {
    for (const { role, text } of past) {
      if (role === "user") this.said(text);
      else this.#flow.show(text);
    }
    this.#options.onChange();
  }

  show(event: Event): void {
    if (!this.#flow.take(event)) {
      if (event.type === "turn.completed") this.#flow.close();
      this.#showLines(event);
    }
    this.#options.onEvent(event);
    this.#options.onChange();
  }

  said(text: string): void {
    const renderOptions = this.#renderOptions();
    const lines = wrapText(
      visibleText(text).trimEnd(),
      renderOptions.width - 2,
    );
    this.#print(
      "user",
      lines.map((line, at) =>
        paint(at === 0 ? `› ${line}` : `  ${line}`, renderOptions, "bold")
      ),
      true,
    );
  }

  say(lines: readonly string[]): void {
    this.#print(
      "program",
      lines.flatMap((line) => visibleText(line).split("\n"))
        .flatMap((line) => wrapWords(line, this.#renderOptions().width)),
    );
  }

  sayDiff(diff: string): void {
    this.#print("program", renderDiff(diff, this.#renderOptions()), true);
  }

  showWhole(activity: Activity): void {
    this.#print("program", renderWhole(activity, this.#renderOptions()), true);
  }

  /** The command that stands whole in the last line; undefined when something else does. */
  get newestCommand(): string | undefined {
    return this.#newest;
  }

  /** How a question was answered. */
  decided(decision: Decision): void {
    this.showPainted([renderDecision(decision, this.#renderOptions())]);
  }

  /** Lines that are painted already. */
  showPainted(lines: readonly string[], isApart: boolean = false): void {
    this.#print("work", lines, isApart);
  }

  waiting(phase: string): void {
    this.#options.onWait(phase);
    this.#options.onChange();
  }

  fail(message: string): void {
    const renderOptions = this.#renderOptions();
    const lines = visibleText(message).split("\n")
      .flatMap((line) => wrapWords(line, renderOptions.width));
    this.#print(
      "program",
      lines.map((line) => paint(line, renderOptions, "red")),
    );
  }

  output(text: string): void {
    const lines = (this.#shellLine + text).split("\n");
    this.#shellLine = (lines.pop() ?? "").slice(-2_000);
    this.#print("user", lines);
  }

  shellEnded({ exitCode, durationMs }: ShellResult): void {
    const renderOptions = this.#renderOptions();
    const rest = this.#shellLine === "" ? [] : [this.#shellLine];
    this.#shellLine = "";
    const end = `  exit ${exitCode} · ${formatDuration(durationMs)}`;
    this.#print("user", [...rest, paint(end, renderOptions, "dim")]);
  }

  giveBack(lines: readonly string[]): void {
    if (lines.length > 0) this.#options.onGiveBack(lines);
  }

  attach(open: OpenAttachment): Promise<void> {
    return this.#options.onAttach(open);
  }

  lend<T>(run: (terminal: LentTerminal) => Promise<T>): Promise<T> {
    return this.#options.onLend(run);
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

  #openStream(): AnswerStream {
    const isRaw = !this.#renderOptions().hasColor;
    const stream = new MarkdownStream(() => this.#renderOptions(), { isRaw });
    this.#stream = stream;
    return {
      push: (text) => {
        this.#text += text;
        // Much at once would hold up the keys.
        if (this.#text.length > SLICE_CHARS) this.#renderText();
      },
      end: () => {
        this.#renderText();
        this.#stream = undefined;
        this.#print("answer", stream.end());
      },
    };
  }

  #renderText(): void {
    const text = this.#text;
    if (text === "" || this.#stream === undefined) return;
    this.#text = "";
    this.#print("answer", this.#stream.push(text));
  }

  #showLines(event: Event): void {
    const lines = this.#events.render(event, this.#renderOptions());
    if (lines.length === 0) return;
    const isHeader = event.type === "thread.started";
    const isStart = event.type === "activity.started" ||
      event.type === "activity.updated";
    this.#print(isHeader ? "program" : "work", lines, isStart);
    if (
      event.type !== "activity.started" || event.activity.type !== "command"
    ) {
      return;
    }
    const { command } = event.activity;
    const whole = paint(`$ ${command}`, this.#renderOptions(), "bold");
    // Neither cut nor changed.
    if (lines.length === 1 && lines[0] === whole) this.#newest = command;
  }

  #print(
    block: Block,
    lines: readonly string[],
    isApart: boolean = false,
  ): void {
    if (lines.length === 0) return;
    this.#newest = undefined;
    this.#renderText();
    const isOther = this.#last !== undefined && this.#last !== block;
    if ((isOther || isApart) && !this.#isLastBlank && lines[0] !== "") {
      this.#lines.push("");
    }
    this.#lines.push(...lines);
    this.#last = block;
    this.#isLastBlank = lines.at(-1) === "";
    this.#options.onChange();
  }

  #renderOptions(): ActivityRenderOptions {
    return this.#options.renderOptions();
  }
}

// Without colours the marks of Markdown say what colours would.
function renderText(
  text: string,
  renderOptions: ActivityRenderOptions,
): readonly string[] {
  return renderOptions.hasColor
    ? renderMarkdown(text, renderOptions)
    : wrapText(visibleText(text).trimEnd(), renderOptions.width);
}
