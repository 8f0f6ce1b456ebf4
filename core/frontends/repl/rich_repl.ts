/** The conversation with keys: an input line that stays, answers that scroll above it. */
import { errorText } from "../../protocol/error.ts";
import type { Event } from "../../protocol/event.ts";
import { exitCode } from "../../contract/exit_code.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { hasColor, TERMINATING_SIGNALS } from "../../protocol/terminal.ts";
import type { CompletionToken } from "../editor/complete.ts";
import { HistoryFile } from "../editor/history_file.ts";
import type { Key } from "../editor/key.ts";
import {
  applyCompletion,
  type EditorCommand,
  type EditorFacts,
  type EditorState,
  EMPTY_EDITOR,
  onKey,
  prependText,
} from "../editor/editor.ts";
import type { ActivityRenderOptions } from "../render/activity.ts";
import type { ReplRequest } from "../conversation/services.ts";
import { lookUp } from "./completion.ts";
import { Keyboard } from "../editor/keyboard.ts";
import { QueuePrompter } from "./prompter.ts";
import { FormBox } from "./rich_form.ts";
import { type KeyQuestion, Questions } from "./rich_questions.ts";
import { RichView } from "./rich_view.ts";
import { LivePainter } from "./painter.ts";
import { Conversation } from "../conversation/conversation.ts";
import { StatusTracker } from "../render/status_line.ts";
import { createSlashContext } from "../conversation/slash_context.ts";

export class RichRepl {
  readonly #request: ReplRequest;
  readonly #view: RichView;
  readonly #session: Conversation;
  readonly #keyboard: Keyboard;
  readonly #painter: LivePainter;
  readonly #history: HistoryFile;
  readonly #status = new StatusTracker();
  readonly #questions = new Questions();
  readonly #left = Promise.withResolvers<number>();
  #editor: EditorState = EMPTY_EDITOR;
  #stoppedMs = -Infinity;

  constructor(request: ReplRequest) {
    const { services, host, terminal } = request;
    const renderOptions = () => this.#renderOptions();
    this.#request = request;
    this.#keyboard = new Keyboard(terminal, host);
    this.#history = new HistoryFile(host, services.history);
    this.#view = new RichView({
      renderOptions,
      onChange: () => this.#painter.schedule(),
      onEvent: (event) => this.#take(event),
      onGiveBack: (lines) => this.#giveBack(lines),
      onChoose: (...question) => prompter.choose(...question),
      onWait: (phase) => this.#status.wait(phase, this.#now()),
      onLeave: () => this.#left.resolve(exitCode("done")),
      onAttach: (open) => this.#painter.attach(this.#keyboard, open),
      onLend: (run) => this.#painter.lend(this.#keyboard, run),
    });
    this.#session = new Conversation({ ...request, view: this.#view });
    this.#painter = new LivePainter({
      host,
      terminal,
      view: this.#view,
      session: this.#session,
      status: this.#status,
      questions: this.#questions,
      renderOptions,
      editor: () => this.#editor,
      facts: () => this.#facts(),
      onGone: () => this.#left.resolve(exitCode("failed")),
    });
    const prompter = new QueuePrompter({
      openForm: (form) => new FormBox(form),
      add: (question) => this.#addQuestion(question),
      settle: (id) => this.#settleQuestion(id),
      print: (line) => this.#view.showPainted([line]),
      say: (message) => this.#view.say([message]),
      renderOptions,
      onStop: () => this.#session.interrupt(),
    });
    services.setPrompter(prompter);
  }

  /** Runs until the user leaves; resolves to the exit code. */
  async run(): Promise<number> {
    const { services, terminal, firstPrompt } = this.#request;
    const release = this.#listen();
    await this.#history.load();
    this.#keyboard.open();
    try {
      // Keys work from the start: a user who waits too long can leave.
      void this.#pump();
      this.#painter.paint();
      const opened = await Promise.race([services.open(), this.#left.promise]);
      if (typeof opened === "number") return opened;
      this.#session.bind(opened);
      if (firstPrompt !== undefined) this.#submit(firstPrompt);
      const code = await this.#left.promise;
      await this.#end();
      return code;
    } finally {
      this.#painter.close();
      this.#keyboard.close();
      release.forEach((give) => give());
      await terminal.stdout.flush({ timeoutMs: LIMITS.outputFlushMs });
    }
  }

  async #pump(): Promise<void> {
    try {
      await this.#keyboard.pump((keys) => {
        const isDone = keys.map((key) => this.#onKey(key)).includes(true);
        // What only changes the draft does not wait for an answer to be rendered.
        if (isDone) this.#painter.paint();
        else this.#painter.echo();
      });
    } catch (error) {
      // A bug here must not leave a dead terminal.
      this.#view.fail(errorText(error));
      this.#left.resolve(exitCode("bug"));
    }
    this.#left.resolve(exitCode("done"));
  }

  #onKey(key: Key): boolean {
    this.#painter.notice("");
    if (this.#questions.current !== undefined && this.#ask(key)) return true;
    const { state, command } = onKey(this.#editor, key, this.#facts());
    this.#editor = state;
    if (command !== undefined) this.#run(command);
    return command !== undefined;
  }

  // True when the key was meant for the open question.
  #ask(key: Key): boolean {
    // What is being written is a message, not the number of an answer.
    if (this.#questions.isChoice && this.#editor.edit.text !== "") return false;
    const step = this.#questions.onKey(key, this.#now());
    if (step === "next") this.#drawQuestion();
    if (step === "taken" || step === "next") return true;
    this.#painter.after(LIMITS.answerArmMs);
    return step === "held";
  }

  #run(command: EditorCommand): void {
    switch (command.type) {
      case "submit":
        return this.#submit(command.text);
      case "queue":
        this.#remember(command.text);
        return this.#session.enqueue(command.text);
      case "unqueue": {
        const line = this.#session.unqueue();
        if (line !== undefined) this.#editor = prependText(this.#editor, line);
        return;
      }
      case "complete":
        return void this.#complete(command.token);
      case "stop":
        return this.#stop();
      case "leave":
        return this.#left.resolve(exitCode("done"));
      case "suspend":
        return void this.#painter.suspend(this.#keyboard);
      case "redraw":
        return this.#painter.wipe();
    }
  }

  #submit(text: string): void {
    this.#remember(text);
    this.#session.submit(text).then((isTaken) => {
      if (!isTaken) this.#giveBack([text]);
    }, (error) => this.#view.fail(errorText(error)));
  }

  #remember(text: string): void {
    this.#history.add(
      { text, cwd: this.#session.cwd },
      this.#session.state.threadId,
    );
  }

  async #complete(token: CompletionToken): Promise<void> {
    const options = { ...this.#request, view: this.#view };
    const context = createSlashContext(this.#session, options);
    const candidates = await lookUp(token, context);
    if (candidates.length === 0) this.#painter.notice("No completions");
    this.#editor = applyCompletion(this.#editor, token, candidates);
    this.#painter.paint();
  }

  #giveBack(lines: readonly string[]): void {
    this.#editor = prependText(this.#editor, lines.join("\n"));
    this.#painter.schedule();
  }

  #stop(): void {
    const now = this.#now();
    const isTwice = now - this.#stoppedMs < LIMITS.twiceMs;
    this.#stoppedMs = now;
    if (isTwice) return this.#left.resolve(exitCode("sigint"));
    const isRunning = this.#session.isBusy || this.#status.phase !== "";
    if (isRunning) this.#session.interrupt();
    this.#painter.notice(
      isRunning
        ? "Stopping; press Ctrl-C again to leave"
        : "Press Ctrl-C again to leave",
    );
  }

  #take(event: Event): void {
    this.#status.take(event, this.#now());
    switch (event.type) {
      case "approval.requested": {
        const { approvalId: id, request } = event;
        return this.#addQuestion({
          id,
          request,
          onDecide: (decision) => this.#session.decide(id, decision),
        });
      }
      case "approval.settled":
        this.#view.decided(event.decision);
        return this.#settleQuestion(event.approvalId);
      case "turn.completed":
      case "thread.closed":
        this.#questions.clear();
        // The end of an answer waits for no frame.
        return this.#painter.paint("");
    }
  }

  #addQuestion(question: KeyQuestion): void {
    if (this.#questions.add(question, this.#now())) this.#drawQuestion();
  }

  #settleQuestion(id: string): void {
    if (this.#questions.settle(id, this.#now())) this.#drawQuestion();
  }

  #drawQuestion(): void {
    const above = this.#view.newestCommand;
    const lines = this.#questions.renderHead(this.#renderOptions(), above);
    this.#view.showPainted(lines, !this.#questions.isBegun);
    this.#painter.after(LIMITS.answerArmMs);
  }

  #listen(): readonly (() => void)[] {
    const { terminal } = this.#request;
    const end = (): void => this.#left.resolve(exitCode("sigterm"));
    return [
      terminal.onSignal("SIGINT", () => this.#stop()),
      ...TERMINATING_SIGNALS.map((signal) => terminal.onSignal(signal, end)),
      this.#painter.listenForStop(this.#keyboard),
      terminal.onSignal("SIGCONT", () => this.#painter.wake(this.#keyboard)),
      terminal.onSignal("SIGWINCH", () => this.#painter.resized()),
    ];
  }

  async #end(): Promise<void> {
    const { threadId, requests } = this.#session.state;
    await this.#session.close();
    await this.#history.flush();
    if (requests > 0) {
      this.#view.say([`Resume with: rondo resume ${threadId}`]);
    }
  }

  #facts(): EditorFacts {
    return {
      isBusy: this.#session.isBusy,
      history: this.#history.entries,
      cwd: this.#session.cwd,
    };
  }

  #renderOptions(): ActivityRenderOptions {
    const { terminal, flags } = this.#request;
    return {
      hasColor: hasColor(terminal, terminal.stdout, flags.color),
      // The last column stays free: terminals differ in when they break there.
      width: Math.max(10, terminal.stdout.columns - 1),
      ...(terminal.stdout.rows !== undefined && { rows: terminal.stdout.rows }),
      cwd: this.#session.cwd,
      outputLines: flags.verbose ? Infinity : 5,
      diffLines: flags.verbose ? Infinity : 60,
      moreHint: "/last shows all",
    };
  }

  #now(): number {
    return this.#request.host.monotonicMs();
  }
}
