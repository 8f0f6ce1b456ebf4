/** The conversation without keys: lines in, text out. */
import { errorText } from "../../protocol/error.ts";
import type { Event } from "../../protocol/event.ts";
import { exitCode } from "../../contract/exit_code.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { TERMINATING_SIGNALS } from "../../protocol/terminal.ts";
import type { ReplRequest } from "../conversation/services.ts";
import type { LineInput } from "./line_input.ts";
import { PlainView } from "./plain_view.ts";
import { PlainQuestions } from "./plain_questions.ts";
import { QueuePrompter } from "./prompter.ts";
import { FormTalk } from "../form/form.ts";
import { Conversation } from "../conversation/conversation.ts";

const NOBODY =
  "Approval needed, but stdin is not a terminal. Continue without it or say what you need.";

export class PlainRepl {
  readonly #request: ReplRequest;
  readonly #lines: LineInput;
  readonly #view: PlainView;
  readonly #session: Conversation;
  readonly #questions: PlainQuestions;
  readonly #isTyped: boolean;
  readonly #left = Promise.withResolvers<void>();
  #idle: (() => void)[] = [];
  #isTalking = false;
  #isPrompted = false;
  #forced: number | undefined;
  #stoppedMs = -Infinity;

  constructor(request: ReplRequest, lines: LineInput) {
    const { services, host, terminal, flags } = request;
    this.#request = request;
    this.#lines = lines;
    this.#isTyped = terminal.stdin.isTty;
    this.#view = new PlainView({
      terminal,
      flags,
      cwd: () => this.#session.cwd,
      onEvent: (event) => this.#take(event),
      onChange: () => this.#wakeIdle(),
      onChoose: async (choice, signal) =>
        this.#isTyped ? await prompter.choose(choice, signal) : choice.safe,
      onLeave: () => this.#left.resolve(),
      onGone: () => {
        this.#forced = exitCode("failed");
        this.#left.resolve();
      },
    });
    this.#session = new Conversation({
      services,
      host,
      terminal,
      view: this.#view,
    });
    this.#questions = new PlainQuestions({
      host,
      view: this.#view,
      columns: () => terminal.stdout.columns,
    });
    const prompter = new QueuePrompter({
      openForm: (form) => new FormTalk(form),
      add: (question) => this.#questions.add(question),
      settle: (id) => this.#questions.settle(id),
      print: (line) => this.#view.say([line]),
      say: (message) => this.#view.say([message]),
      renderOptions: () => ({
        hasColor: false,
        width: terminal.stdout.columns,
      }),
      onStop: () => this.#session.interrupt(),
    });
    services.setPrompter(prompter);
  }

  /** Runs to the end of the input; resolves to the exit code of the last turn. */
  async run(): Promise<number> {
    const { services, terminal, firstPrompt } = this.#request;
    const release = this.#listen();
    try {
      this.#session.bind(await services.open());
      if (firstPrompt !== undefined) await this.#submit(firstPrompt);
      const talk = this.#talk();
      await Promise.race([talk, this.#left.promise]);
    } finally {
      await this.#session.close();
      release.forEach((give) => give());
    }
    await terminal.stdout.flush({ timeoutMs: LIMITS.outputFlushMs });
    await terminal.stderr.flush({ timeoutMs: LIMITS.outputFlushMs });
    return this.#forced ?? this.#session.exitCode;
  }

  async #talk(): Promise<void> {
    for (;;) {
      // A script's next line is meant for the state after the one before.
      if (!this.#isTyped) await this.#untilIdle();
      this.#isTalking = true;
      this.#promptWhenFree();
      const line = await this.#lines.readMessage();
      this.#isPrompted = false;
      if (line === undefined) {
        this.#isTalking = false;
        if (!this.#isTyped) return await this.#untilIdle();
        // The prompt of the shell begins on a new line.
        return void this.#request.terminal.stdout.write("\n");
      }
      if (this.#questions.answer(line) || line.trim() === "") continue;
      const done = this.#submit(line);
      if (!this.#isTyped) await done;
    }
  }

  async #submit(line: string): Promise<void> {
    try {
      await this.#session.submit(line);
    } catch (error) {
      this.#view.fail(errorText(error));
    }
  }

  #promptWhenFree(): void {
    if (!this.#isTyped || this.#isPrompted || this.#session.isBusy) return;
    // The header of the thread comes first.
    if (this.#session.state.threadId === "") return;
    this.#isPrompted = true;
    this.#view.prompt(this.#session.state.isPlanning ? "plan > " : "> ");
  }

  #take(event: Event): void {
    switch (event.type) {
      case "approval.requested":
        if (!this.#isTyped) {
          const decision = { type: "deny", message: NOBODY } as const;
          this.#session.decide(event.approvalId, decision);
          this.#view.fail(`Not allowed: ${event.request.title}`);
          return;
        }
        return this.#questions.add({
          id: event.approvalId,
          request: event.request,
          onDecide: (decision) =>
            this.#session.decide(event.approvalId, decision),
        });
      case "approval.settled":
        return this.#questions.settle(event.approvalId);
      case "turn.completed":
        this.#questions.clear();
    }
  }

  #wakeIdle(): void {
    if (this.#session.isBusy) return;
    for (const wake of this.#idle.splice(0)) wake();
    if (this.#isTalking) this.#promptWhenFree();
  }

  async #untilIdle(): Promise<void> {
    while (this.#session.isBusy) {
      await new Promise<void>((wake) => this.#idle.push(wake));
    }
  }

  #listen(): readonly (() => void)[] {
    const { terminal } = this.#request;
    const leave = (): void => {
      this.#forced = exitCode("sigterm");
      this.#left.resolve();
    };
    return [
      terminal.onSignal("SIGINT", () => this.#stop()),
      ...TERMINATING_SIGNALS.map((signal) => terminal.onSignal(signal, leave)),
    ];
  }

  #stop(): void {
    const now = this.#request.host.monotonicMs();
    const isTwice = now - this.#stoppedMs < LIMITS.twiceMs;
    this.#stoppedMs = now;
    if (this.#session.isBusy && !isTwice) return this.#session.interrupt();
    this.#forced = exitCode("sigint");
    this.#left.resolve();
  }
}
