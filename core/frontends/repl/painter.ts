/** When the screen is drawn: at once for keys, in frames for what streams. */
import { LIMITS } from "../../protocol/limits.ts";
import type { Terminal } from "../../protocol/terminal.ts";
import {
  type EditorFacts,
  type EditorState,
  searchHit,
} from "../editor/editor.ts";
import { renderEditor } from "../editor/view.ts";
import type { RenderOptions } from "../render/style.ts";
import type { OpenAttachment } from "../conversation/view.ts";
import { attachTerminal } from "../passthrough/attach.ts";
import { Loan } from "../passthrough/lend.ts";
import { withSlashMenu } from "./completion.ts";
import { composeLive } from "./live_area.ts";
import type { Keyboard } from "../editor/keyboard.ts";
import type { Questions } from "./rich_questions.ts";
import type { RichView } from "./rich_view.ts";
import { type LiveArea, Screen } from "./screen.ts";
import type { Conversation } from "../conversation/conversation.ts";
import { renderStatusLine, type StatusTracker } from "../render/status_line.ts";
import type { LentTerminal, ReplHost } from "../conversation/services.ts";

interface PainterOptions {
  readonly host: Pick<ReplHost, "kill" | "monotonicMs" | "os" | "sleep">;
  readonly terminal: Terminal;
  readonly view: RichView;
  readonly session: Conversation;
  readonly status: StatusTracker;
  readonly questions: Questions;
  readonly renderOptions: () => RenderOptions;
  readonly editor: () => EditorState;
  readonly facts: () => EditorFacts;
  /** The terminal is gone. */
  readonly onGone: () => void;
}

/** While something runs, the status line is drawn every second. */
const TICK_MS = 1_000;
const ROWS = 24;
const EDITOR_ROWS = 10;

export class LivePainter {
  readonly #options: PainterOptions;
  readonly #screen: Screen;
  readonly #over = new AbortController();
  #paintedMs = -Infinity;
  #isScheduled = false;
  #isTicking = false;
  #isPaused = false;
  #loan: Loan | undefined;
  #releaseStop = (): void => {};
  #notice = "";

  constructor(options: PainterOptions) {
    this.#options = options;
    this.#screen = new Screen(options.terminal.stdout);
  }

  /** A note to the user until the next key. */
  notice(text: string): void {
    this.#notice = text;
  }

  /** Draws soon; many calls make one drawing. */
  schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    const { host } = this.#options;
    const sinceMs = host.monotonicMs() - this.#paintedMs;
    const waitMs = Math.max(0, LIMITS.frameMs - sinceMs);
    void this.#frame(waitMs);
  }

  /** Draws again after a while. */
  after(ms: number): void {
    this.#options.host.sleep(ms, this.#over.signal)
      .then(() => this.schedule(), () => {});
  }

  /** Draws now, with another note where one is given. */
  paint(notice: string = this.#notice): void {
    this.#notice = notice;
    if (this.#isPaused || this.#over.signal.aborted) return;
    const { view, host, onGone } = this.#options;
    this.#paintedMs = host.monotonicMs();
    const lines = view.takeLines();
    if (!this.#screen.paint(lines, this.#compose())) onGone();
    this.#tick();
  }

  /** Draws the live lines alone, now: what is finished comes with the next frame. */
  echo(): void {
    if (this.#isPaused || this.#over.signal.aborted) return;
    if (!this.#screen.paint([], this.#compose())) this.#options.onGone();
    this.schedule();
  }

  /** Answers a stop from outside as the key for it; the result takes that back. */
  listenForStop(keyboard: Keyboard): () => void {
    this.#releaseStop = this.#options.terminal.onSignal(
      "SIGTSTP",
      () => void this.suspend(keyboard),
    );
    return () => this.#releaseStop();
  }

  /** Stops the program until its shell continues it. */
  async suspend(keyboard: Keyboard): Promise<void> {
    const { host, terminal } = this.#options;
    const loan = this.#loan;
    const isOthers = this.#isPaused && loan === undefined;
    if (host.os === "windows" || isOthers) return;
    this.#releaseStop();
    if (loan === undefined) this.pause();
    else loan.leave();
    keyboard.close();
    await terminal.stdout.flush({ timeoutMs: LIMITS.outputFlushMs });
    // With the whole group, as a key would (0, kill(2)): a program that waits for this one
    // must not be left running.
    host.kill(0, "SIGTSTP");
    await host.sleep(LIMITS.frameMs);
    this.listenForStop(keyboard);
    if (loan === undefined) return this.resume(keyboard);
    keyboard.open();
    loan.enter();
  }

  /** Takes the live lines away and draws nothing until `resume`. */
  pause(): void {
    if (!this.#isPaused) this.#screen.clear();
    this.#isPaused = true;
  }

  /** Gives the terminal to a command until the person leaves it. */
  async attach(keyboard: Keyboard, open: OpenAttachment): Promise<void> {
    const { terminal, view } = this.#options;
    this.paint();
    this.pause();
    const isThere = await attachTerminal(open, { keyboard, terminal });
    this.resume(keyboard);
    if (!isThere) view.fail("Cannot attach: it does not run any more");
  }

  /** Lends the terminal to a command until it has ended. */
  async lend<T>(
    keyboard: Keyboard,
    run: (terminal: LentTerminal) => Promise<T>,
  ): Promise<T> {
    const { terminal, questions, host } = this.#options;
    this.paint();
    this.pause();
    this.#loan = new Loan(keyboard, terminal);
    try {
      return await run(this.#loan.begin());
    } finally {
      const unread = this.#loan.end();
      this.#loan = undefined;
      // A key that was meant for the command answers nothing.
      questions.rearm(host.monotonicMs());
      if (!this.#over.signal.aborted) this.resume(keyboard);
      keyboard.paste(unread);
    }
  }

  /** Somebody has continued the program. */
  wake(keyboard: Keyboard): void {
    if (this.#loan === undefined) this.resume(keyboard);
    else keyboard.open();
  }

  /** The terminal is ours again, in whatever state it came back. */
  resume(keyboard: Keyboard): void {
    keyboard.open();
    this.#isPaused = false;
    this.paint();
  }

  /** The window changed. */
  resized(): void {
    if (this.#isPaused) return;
    this.#screen.resized(this.#options.terminal.stdout.columns);
    this.paint();
  }

  wipe(): void {
    this.#screen.wipe();
    this.paint();
  }

  /** The last drawing: what is finished stays, the live lines go. */
  close(): void {
    if (this.#over.signal.aborted) return;
    this.#over.abort();
    this.#loan?.leave();
    const lines = this.#options.view.takeLines();
    if (lines.length > 0 && !this.#isPaused) {
      this.#screen.paint(lines, { lines: [""], row: 0, column: 0 });
    }
    this.#screen.clear();
  }

  async #frame(waitMs: number): Promise<void> {
    const { host, terminal } = this.#options;
    try {
      await host.sleep(waitMs, this.#over.signal);
      // A slow line gets whole drawings, not more of them.
      if (terminal.stdout.pendingBytes > LIMITS.screenPendingBytes) {
        await terminal.stdout.flush();
      }
    } catch {
      return;
    }
    this.#isScheduled = false;
    this.paint();
  }

  #tick(): void {
    if (this.#isTicking || this.#options.status.phase === "") return;
    this.#isTicking = true;
    this.#options.host.sleep(TICK_MS, this.#over.signal).then(() => {
      this.#isTicking = false;
      this.paint();
    }, () => {});
  }

  #compose(): LiveArea {
    const { view, session, status, questions, terminal } = this.#options;
    const renderOptions = this.#options.renderOptions();
    const rows = terminal.stdout.rows ?? ROWS;
    const now = this.#options.host.monotonicMs();
    const editor = this.#options.editor();
    const { pending } = session;
    const cursor = questions.cursor(renderOptions, now);
    return composeLive(
      {
        preview: view.preview(),
        question: questions.render(renderOptions, now),
        ...(cursor !== undefined && { cursor }),
        tail: status.tail,
        status: this.#status(now),
        steers: pending.steers,
        queue: pending.queue,
        notice: this.#notice,
        editor: renderEditor(withSlashMenu(editor), {
          ...renderOptions,
          mark: session.state.isPlanning ? "plan › " : "› ",
          rowsMax: Math.max(1, Math.min(EDITOR_ROWS, Math.floor(rows / 2))),
          hit: searchHit(editor, this.#options.facts()),
        }),
      },
      renderOptions,
      Math.max(2, rows - 1),
    );
  }

  #status(nowMs: number): string {
    const { session, status } = this.#options;
    const phase = session.isShellRunning
      ? "Running your command"
      : status.phase;
    if (phase === "") return "";
    return renderStatusLine({
      phase,
      forMs: nowMs - status.sinceMs,
      tokens: status.tokens,
      contextLeft: session.state.contextLeft,
      hint: "Ctrl-C stops",
    }, this.#options.renderOptions());
  }
}
