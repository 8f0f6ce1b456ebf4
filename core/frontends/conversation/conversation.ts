/** A conversation without its view: one thread, the input on its way, what runs. */
import { errorText } from "../../protocol/error.ts";
import type { Event, Failure, Outcome } from "../../protocol/event.ts";
import { exitCode, exitCodeOf } from "../../contract/exit_code.ts";
import { LIMITS } from "../../protocol/limits.ts";
import type { Op } from "../../protocol/op.ts";
import type { Decision } from "../../protocol/policy.ts";
import type { TurnMode } from "../../protocol/settings.ts";
import { visibleText } from "../../util/text/visible_text.ts";
import { decideEnding } from "../jsonl/outcome.ts";
import type { ConversationOptions } from "./view.ts";
import { promptText, readParts } from "./user_parts.ts";
import { PendingInput } from "./pending_input.ts";
import { ReplState } from "./state.ts";
import { NO_LIST } from "../render/review.ts";
import { parseSlash, unknownSlash } from "./slash.ts";
import { offerPlan } from "./slash_plan.ts";
import { mistakenLine, SLASH_COMMANDS, slashCommand } from "./slash_table.ts";
import type { LentTerminal, OpenedThread, ShellResult } from "./services.ts";
import { createSlashContext } from "./slash_context.ts";
import { withTimeout } from "../../util/async.ts";

/** Takes lines, not keys; made for one view. */
export class Conversation {
  readonly #options: ConversationOptions;
  #pending = new PendingInput();
  #state = new ReplState();
  #opened: OpenedThread | undefined;
  #shell: AbortController | undefined;
  /** Ends the question about a plan. */
  #choosing = new AbortController();
  #tasks = 0;
  #code = exitCode("done");

  constructor(options: ConversationOptions) {
    this.#options = options;
  }

  get state(): ReplState {
    return this.#state;
  }

  /** Exit code of the last turn. */
  get exitCode(): number {
    return this.#code;
  }

  /** Input on its way or waiting; read only. */
  get pending(): PendingInput {
    return this.#pending;
  }

  /** A turn, a slash command or the user's own command is running. */
  get isBusy(): boolean {
    return !this.#pending.isIdle || this.#tasks > 0;
  }

  /** Whether a `!command` is running. */
  get isShellRunning(): boolean {
    return this.#shell !== undefined;
  }

  get cwd(): string {
    return this.#state.settings?.cwd ?? this.#options.host.cwd;
  }

  /** Switches to this thread: the view gets its events from now on. */
  bind(opened: OpenedThread): void {
    this.#opened = opened;
    this.#choosing.abort();
    this.#state = new ReplState(opened);
    const waiting = this.#pending.takeQueue();
    this.#pending = new PendingInput();
    waiting.forEach((line) => this.#pending.enqueue(line));
    this.#options.view.opened(opened);
    void this.#follow(opened);
  }

  /** A line of the user. False for an unknown command, which should be kept for editing. */
  async submit(line: string): Promise<boolean> {
    // Typed before the thread has started: it waits.
    if (this.#state.threadId === "") {
      this.enqueue(line);
      return true;
    }
    const slash = parseSlash(line);
    switch (slash.type) {
      case "text": {
        const mistaken = mistakenLine(line);
        if (mistaken !== undefined) this.#options.view.fail(mistaken);
        else if (/^!\s*\S/.test(line)) {
          await this.#runShell(line.slice(1).trim());
        } else await this.send(line, line);
        return mistaken === undefined;
      }
      case "mcp_prompt":
        if (this.isBusy) this.enqueue(line);
        else {
          await this.#run(async () => {
            const { services } = this.#options;
            await this.send(await promptText(services, slash), line.trim());
          });
        }
        return true;
      case "command": {
        const command = slashCommand(slash.name);
        if (command === undefined) {
          this.#options.view.fail(unknownSlash(SLASH_COMMANDS, slash.name));
          return false;
        }
        if (this.isBusy && !command.whileBusy) this.enqueue(line);
        else {
          this.#options.view.said(this.#pending.typed(line));
          await this.#run(async () =>
            await command.run(
              createSlashContext(this, this.#options),
              slash.args,
            )
          );
        }
        return true;
      }
    }
  }

  /** Keeps a line until the turn is over. */
  enqueue(line: string): void {
    this.#pending.enqueue(line);
    this.#options.view.changed();
    void this.#drain();
  }

  /** Takes the newest waiting line back, for editing. */
  unqueue(): string | undefined {
    const line = this.#pending.unqueue();
    if (line !== undefined) this.#options.view.changed();
    return line;
  }

  /** Ends what runs: a `!command` first, then the turn. */
  interrupt(): void {
    if (this.#shell !== undefined) return this.#shell.abort();
    this.op({ type: "interrupt" });
  }

  /** Ends the thread and waits for its log. */
  async close(): Promise<void> {
    this.#shell?.abort();
    const opened = this.#opened;
    this.#opened = undefined;
    if (opened === undefined) return;
    opened.thread.submit({ type: "shutdown" });
    const { host } = this.#options;
    await withTimeout(opened.thread.closed, LIMITS.threadCloseMs, host);
  }

  /** Hands an op to the thread; nothing happens when there is none. */
  op(op: Op): void {
    if (op.type === "compact") {
      this.#options.view.waiting("Compacting the context");
    }
    this.#opened?.thread.submit(op);
  }

  /** Answers a question of the thread. */
  decide(approvalId: string, decision: Decision): void {
    this.op({ type: "approval.decide", approvalId, decision });
  }

  /** A message for the model; `shown` stands for it on the screen. */
  async send(text: string, shown: string, mode?: TurnMode): Promise<void> {
    const { host, view } = this.#options;
    const thread = this.#opened?.thread;
    if (thread === undefined) return view.giveBack([shown]);
    // Whoever goes on talking does not accept.
    this.#choosing.abort();
    if (this.#pending.sent(shown)) view.said(shown);
    view.changed();
    const parts = await readParts(text, host, this.cwd);
    thread.submit({ type: "user.input", parts, mode });
  }

  async #runShell(command: string): Promise<void> {
    const { services, view } = this.#options;
    if (this.#shell !== undefined) {
      return view.fail(
        "Cannot run it: another ! command is running, wait or press Ctrl-C",
      );
    }
    const shell = new AbortController();
    this.#shell = shell;
    view.said(`!${command}`);
    await this.#run(async () => {
      const run = (terminal?: LentTerminal): Promise<ShellResult> =>
        services.runShell(command, {
          cwd: this.cwd,
          signal: shell.signal,
          onOutput: (text) => view.output(visibleText(text)),
          ...(terminal !== undefined && { terminal }),
        });
      const result = await (view.lend?.(run) ?? run());
      view.shellEnded(result);
      this.op({ type: "user.shell", command, ...result });
    });
    this.#shell = undefined;
    view.changed();
  }

  /** Opens another thread and ends the present one; on failure it stays. */
  async switchTo(open: () => Promise<OpenedThread>): Promise<void> {
    const before = this.#opened;
    const opened = await open();
    if (before !== undefined && before.thread !== opened.thread) {
      before.thread.submit({ type: "shutdown" });
    }
    this.#options.view.say(this.#state.endings);
    this.bind(opened);
  }

  async #run(work: () => Promise<void>): Promise<void> {
    this.#tasks++;
    this.#options.view.changed();
    try {
      await work();
    } catch (error) {
      this.#options.view.fail(errorText(error));
    } finally {
      this.#tasks--;
    }
    this.#options.view.changed();
    await this.#drain();
  }

  async #follow(opened: OpenedThread): Promise<void> {
    for await (const event of opened.thread.events()) {
      if (this.#opened !== undefined && this.#opened !== opened) return;
      this.#take(event);
    }
  }

  #take(event: Event): void {
    const { view } = this.#options;
    this.#state.take(event);
    if (event.type === "turn.started") {
      this.#pending.started().forEach((text) => view.said(text));
    }
    if (event.type === "input.steered") {
      view.said(this.#pending.steered() ?? event.text);
    }
    view.show(event);
    if (event.type === "thread.started") void this.#drain();
    if (event.type === "turn.completed") this.#endTurn(event.outcome);
    if (event.type === "thread.closed") this.#lose(event.failure);
    view.changed();
  }

  #endTurn(outcome: Outcome): void {
    this.#pending.ended();
    this.#code = decideEnding({
      outcome,
      cause: undefined,
      deniedThatFail: 0,
    }).exitCode;
    if (this.#state.lacksFindings(outcome)) this.#options.view.say([NO_LIST]);
    // After a stop or a failure the user decides what is still wanted.
    if (outcome.type === "done") void this.#drain();
    else this.#options.view.giveBack(this.#pending.takeQueue());
    if (this.#state.takeProposal(outcome) && !this.isBusy) void this.#offer();
  }

  async #offer(): Promise<void> {
    const { view } = this.#options;
    this.#choosing = new AbortController();
    const context = createSlashContext(this, this.#options);
    await offerPlan(context, view, this.#choosing.signal)
      .catch((error) => view.fail(errorText(error)));
  }

  #lose(failure: Failure | undefined): void {
    if (this.#opened === undefined) return;
    this.#opened = undefined;
    const { view } = this.#options;
    view.giveBack(this.#pending.lost());
    const why = failure === undefined ? "it was closed" : failure.message;
    if (failure !== undefined) this.#code = exitCodeOf(failure);
    view.fail(
      `Conversation ended: ${why}. /new starts another, /resume ${this.#state.threadId} reopens it`,
    );
  }

  async #drain(): Promise<void> {
    if (this.#tasks > 0 || this.#state.threadId === "") return;
    const line = this.#pending.next();
    if (line === undefined) return;
    this.#options.view.changed();
    await this.submit(line);
    if (!this.isBusy) await this.#drain();
  }
}
