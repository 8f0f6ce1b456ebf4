/** `exec`: one prompt (or a program on stdin), one thread, one exit code. */
import type { Flags } from "../../contract/command_line.ts";
import { type Event, type EventOf, NO_USAGE } from "../../protocol/event.ts";
import type { ExecInput } from "../../contract/input.ts";
import { exitCode } from "../../contract/exit_code.ts";
import type { Host } from "../../protocol/host.ts";
import { LIMITS } from "../../protocol/limits.ts";
import type { UserPart } from "../../protocol/op.ts";
import type { Terminal } from "../../protocol/terminal.ts";
import type { Thread } from "../../protocol/thread.ts";
import { unreachable } from "../../util/assert.ts";
import { type ApprovalsOptions, HeadlessApprovals } from "./approvals.ts";
import {
  type Cause,
  decideEnding,
  decideFailed,
  decideInterrupted,
  decideMissing,
  type EndingVerdict,
} from "../jsonl/outcome.ts";
import { ExecInbox, type ExecMessage } from "./inbox.ts";
import { toParts } from "./input.ts";
import {
  approvalCommandOf,
  approvalTimeoutOf,
  type ExecEnding,
  type ExecOutput,
  type ExecOutputOptions,
} from "./output.ts";
import { openExecOutput } from "./review_output.ts";
import { readStage, type StageReader } from "./stage.ts";
import { TurnRecord } from "./turn_record.ts";
import { ExecStops } from "./stop_signals.ts";
import { TurnTracker } from "./turn_tracker.ts";
import { writeLastMessage } from "./last_message.ts";

interface ExecRequest extends ExecOutputOptions, StageReader {
  /** Started or resumed, without a turn so far. */
  readonly thread: Thread;
  /** The first message; may be empty with `--input jsonl`. */
  readonly parts: readonly UserPart[];
  readonly host: Host;
  readonly terminal: Terminal;
  readonly flags: Flags;
  readonly pinPrograms?: ApprovalsOptions["pinPrograms"];
  /** Signals heard since the program began; runExec() closes it. */
  readonly stops?: ExecStops;
}

/** Runs the thread to its end, whatever end; resolves to the exit code. */
export async function runExec(request: ExecRequest): Promise<number> {
  return await new ExecRun(request).run();
}

type TurnEnd = EventOf<"turn.completed">;

class ExecRun {
  readonly #request: ExecRequest;
  readonly #output: ExecOutput;
  readonly #approvals: HeadlessApprovals;
  readonly #inbox: ExecInbox;
  readonly #turns = new TurnTracker();
  readonly #isDialog: boolean;
  #isInputOver: boolean;
  #record = new TurnRecord();
  #cause: Cause | undefined;
  #isStopping = false;
  #held: ExecEnding | undefined; // Printed when the thread is closed.
  #isPrinted = false;
  #closed: EventOf<"thread.closed"> | undefined;
  #exitCode = exitCode("done");

  constructor(request: ExecRequest) {
    const { terminal, flags, host, thread } = request;
    this.#request = request;
    const stops = request.stops ?? new ExecStops(host, terminal);
    stops.setTimeout(flags.timeoutMs);
    this.#inbox = new ExecInbox(host, terminal, stops);
    this.#isDialog = flags.input === "jsonl";
    this.#isInputOver = !this.#isDialog;
    this.#output = openExecOutput(terminal, flags, request);
    this.#approvals = new HeadlessApprovals({
      host,
      command: approvalCommandOf(flags),
      pinPrograms: request.pinPrograms,
      timeoutMs: approvalTimeoutOf(flags),
      decide: (approvalId, decision) =>
        thread.submit({ type: "approval.decide", approvalId, decision }),
      warn: (message) => this.#warn(message),
    });
  }

  async run(): Promise<number> {
    const { thread, parts } = this.#request;
    void this.#inbox.pumpEvents(thread.events());
    if (this.#isDialog) void this.#inbox.pumpInput();
    if (parts.length > 0) this.#say(parts);
    for await (const message of this.#inbox) {
      if (await this.#isLast(message)) break;
    }
    this.#approvals.close();
    await this.#conclude();
    this.#inbox.close();
    return this.#exitCode;
  }

  async #isLast(input: ExecMessage): Promise<boolean> {
    switch (input.type) {
      case "event":
        await this.#takeEvent(input.event);
        if (this.#output.isGone) this.#stop("gone");
        return false;
      case "stop":
        this.#stop(input.cause);
        return false;
      case "input":
        this.#takeInput(input.input);
        return false;
      case "input_bad":
        this.#warn(input.message);
        return false;
      case "input_over":
        this.#endInput();
        return false;
      case "events_over":
      case "grace_over":
        return true;
      default:
        return unreachable(input);
    }
  }

  async #takeEvent(event: Event): Promise<void> {
    if (event.type === "turn.started") {
      this.#turns.started();
      this.#record = new TurnRecord();
    }
    this.#record.take(event);
    // Whoever has read the last terminal line reads nothing after it.
    const isSaid = this.#isStopping && this.#isPrinted && !this.#turns.isOpen;
    if (!isSaid) this.#output.show(event);
    switch (event.type) {
      case "input.steered":
        return this.#turns.steered();
      case "approval.requested":
        return this.#approvals.ask(event);
      case "approval.settled":
        return this.#approvals.forget(event.approvalId);
      case "turn.completed":
        return await this.#endTurn(event);
      case "thread.closed":
        this.#closed = event;
        return;
    }
  }

  async #endTurn(event: TurnEnd): Promise<void> {
    this.#turns.ended();
    const isStrict = this.#request.flags.failOnDenied === true;
    const verdict = decideEnding({
      outcome: event.outcome,
      cause: this.#cause,
      deniedThatFail: isStrict ? this.#record.denied.length : 0,
      needsAnswer: this.#request.isReview ?? false,
    });
    const ending = this.#buildEnding(verdict, event);
    if (this.#isDialog) await this.#print(ending);
    else this.#held = ending;
    if (this.#isInputOver && this.#turns.isIdle) this.#shutDown();
  }

  #takeInput(input: ExecInput): void {
    const { thread, host } = this.#request;
    switch (input.type) {
      case "user.input":
      case "steer": {
        if (input.type === "steer" && this.#turns.isIdle) {
          return this.#warn("Cannot steer: no turn is running");
        }
        const parts = toParts(input, host.cwd);
        if (parts.length > 0) return this.#say(parts);
        return this.#warn("Cannot take an empty message");
      }
      case "interrupt":
      case "commands.list":
        return thread.submit(input);
      case "commands.kill":
        return thread.submit({ ...input, session: input.session_id });
      case "mode.set": {
        const mode = input.mode === "plan" ? input.mode : undefined;
        return thread.submit({ type: "settings.change", patch: { mode } });
      }
      case "approval.decide":
        return this.#approvals.answer(input.approval_id, input);
      case "shutdown":
        return this.#endInput();
      default:
        return unreachable(input);
    }
  }

  #say(parts: readonly UserPart[]): void {
    if (this.#isStopping) return;
    this.#turns.sent();
    this.#request.thread.submit({ type: "user.input", parts });
  }

  #endInput(): void {
    this.#isInputOver = true;
    if (this.#turns.isIdle) this.#shutDown();
  }

  #stop(cause: Cause): void {
    if (this.#cause !== undefined) return;
    this.#cause = cause;
    this.#shutDown();
  }

  #shutDown(): void {
    if (this.#isStopping) return;
    this.#isStopping = true;
    this.#request.thread.submit({ type: "shutdown" });
    this.#inbox.after(LIMITS.threadCloseMs, { type: "grace_over" });
  }

  // What is still to be printed when the thread is closed, or we go without it.
  async #conclude(): Promise<void> {
    const lost = this.#closed?.failure;
    if (!this.#isPrinted || this.#turns.isOpen) {
      const held = this.#held ?? this.#buildEnding(
        decideMissing({
          lost,
          cause: this.#cause,
          isUnasked: this.#isDialog && this.#turns.isIdle,
        }),
      );
      const isLost = lost !== undefined && held.error === undefined;
      await this.#print(isLost ? { ...held, ...decideFailed(lost) } : held);
      return await this.#flush();
    }
    const { reaped = 0 } = this.#closed ?? {};
    const { stderr } = this.#request.terminal;
    if (reaped > 0) stderr.write(`Ended what still ran: ${reaped}\n`);
    if (this.#cause !== undefined) {
      this.#exitCode = decideInterrupted(this.#cause).exitCode;
    } else if (lost !== undefined) {
      stderr.write(`Error: ${lost.message}\n`);
      this.#exitCode = decideFailed(lost).exitCode;
    }
    await this.#flush();
  }

  #buildEnding(verdict: EndingVerdict, event?: TurnEnd): ExecEnding {
    const outcome = event?.outcome;
    return {
      ...verdict,
      at: event?.at ?? this.#request.host.now().toISOString(),
      usage: event?.usage ?? NO_USAGE,
      threadUsage: event?.threadUsage ?? NO_USAGE,
      reaped: event?.reaped ?? 0,
      denied: this.#record.denied,
      message: outcome?.type === "done" ? outcome.message : "",
      record: this.#record,
      threadId: this.#request.thread.id,
    };
  }

  // Readers of the last line may rely on the file: it is there before.
  async #print(ending: ExecEnding): Promise<void> {
    const { host, flags: { outputLastMessage: path } } = this.#request;
    let code = ending.exitCode;
    if (path !== undefined) {
      const saved = await writeLastMessage(host, path, ending.message);
      saved.warnings.forEach((warning) => this.#warn(warning));
      if (!saved.isWritten) code ||= 1;
    }
    const reaped = ending.reaped + (this.#closed?.reaped ?? 0);
    const { problems, ...staged } = await readStage(this.#request);
    problems.forEach((problem) => this.#warn(problem));
    if (problems.length > 0) code ||= 1;
    this.#output.end({ ...ending, ...staged, exitCode: code, reaped });
    this.#exitCode = code;
    this.#isPrinted = true;
  }

  async #flush(): Promise<void> {
    const { stdout, stderr } = this.#request.terminal;
    const { outputFlushMs, outputFlushStoppedMs } = LIMITS;
    const timeoutMs = this.#cause ? outputFlushStoppedMs : outputFlushMs;
    const isRead = await stdout.flush({ timeoutMs });
    await stderr.flush({ timeoutMs });
    if (isRead || this.#exitCode !== 0) return;
    // Done, and nobody heard of it: what remains is why the run was to end.
    this.#exitCode = decideInterrupted(this.#cause ?? "gone").exitCode;
  }

  #warn(message: string): void {
    this.#output.warn(message, this.#request.host.now().toISOString());
  }
}
