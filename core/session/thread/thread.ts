/** The actor: ops come in one by one, one turn runs at a time, events go out. */
import { LIMITS } from "../../protocol/limits.ts";
import { errorCode, errorText } from "../../protocol/error.ts";
import type { Event, EventBody, Failure } from "../../protocol/event.ts";
import {
  type LiveCommands,
  NO_LIVE_COMMANDS,
  type Thread,
} from "../../protocol/thread.ts";
import type { Op, UserPart } from "../../protocol/op.ts";
import type { TurnMode, TurnSettings } from "../../protocol/settings.ts";
import { unreachable } from "../../util/assert.ts";
import { Hub } from "../../util/channel.ts";
import { Activities, mergeDeltas } from "../state/activities.ts";
import { Approvals } from "../state/approvals.ts";
import { Budget } from "../state/budget.ts";
import type { ThreadDeps } from "../state/deps.ts";
import type { ThreadState } from "../state/state.ts";
import type { ThreadContext } from "../state/thread_context.ts";
import { newTurnContext } from "../turn/context.ts";
import { settingsAt } from "../turn/fallback.ts";
import { closeLog, endSession } from "./ending.ts";
import { runThreadTask, type Task } from "./task.ts";
import { ThreadSettings } from "./thread_settings.ts";

interface ThreadStart extends
  Pick<
    ThreadContext,
    "threadId" | "deps" | "state" | "log" | "cacheWatch"
  > {
  readonly settings: TurnSettings;
  /** First event of the thread, sent when somebody listens. */
  readonly started: EventBody & { readonly type: "thread.started" };
  /** Sent right after it. */
  readonly warnings: readonly string[];
}

/** A thread of this process. Owns its log until it is closed. */
export class ThreadActor implements Thread {
  readonly id: string;
  readonly closed: Promise<void>;
  readonly #start: ThreadStart;
  readonly #hub = new Hub<Event>({
    merge: mergeDeltas,
    behind: LIMITS.eventsWaiting,
  });
  readonly #approvals: Approvals;
  #context: ThreadContext;
  readonly #close: () => void;
  readonly #settings: ThreadSettings;
  #tasks: Task[] = [];
  #steering: UserPart[][] = [];
  /** What stood last in the queue when the input came. */
  readonly #before = new WeakMap<UserPart[], Task>();
  readonly #early: string[] = [];
  #running:
    | {
      readonly task: Task;
      readonly abort: AbortController;
      readonly mode: TurnMode | undefined;
    }
    | undefined;
  #isAnnounced = false;
  #isClosing = false;
  #seq = 0;

  constructor(start: ThreadStart) {
    const { promise, resolve } = Promise.withResolvers<void>();
    const emit = (body: EventBody): void => this.#emit(body);
    this.id = start.threadId;
    this.closed = promise;
    this.#close = resolve;
    this.#start = start;
    this.#settings = new ThreadSettings(start.settings, start.log);
    this.#approvals = new Approvals(emit, () => start.deps.host.newId());
    const { threadId, deps, state, log, cacheWatch } = start;
    this.#context = {
      threadId,
      deps,
      state,
      log,
      cacheWatch,
      emit,
      drained: () => this.#hub.drained(),
      activities: new Activities(emit),
      approvals: this.#approvals,
      budget: new Budget(deps.limits, deps.price),
      follow: (fallback, deps) => {
        this.#context = { ...this.#context, deps };
        this.#changeSettings(settingsAt(fallback, this.#settings.own));
      },
      takeSteering: () => this.#steering.splice(0),
    };
  }

  /** The settings of the next task. */
  get settings(): TurnSettings {
    return this.#settings.at();
  }

  /** To be read only; it changes while a task runs. */
  get state(): ThreadState {
    return this.#start.state;
  }

  get deps(): ThreadDeps {
    return this.#context.deps;
  }

  /** Names the thread in its log. Throws SessionError. */
  rename(name: string): void {
    this.#start.log.append({ type: "named", name });
    this.#start.log.sync();
  }

  /** Lists the tools again for the next request, which will find nothing in the cache. */
  refreshTools(): void {
    this.#start.state.prefix = undefined;
    this.#start.cacheWatch.announce("tools listed again");
  }

  /** Warns the user, at the latest when somebody listens. */
  warn(message: string): void {
    if (this.#isAnnounced) this.#emit({ type: "warning", message });
    else this.#early.push(message);
  }

  events(): AsyncIterable<Event> {
    const reader = this.#hub.subscribe();
    if (!this.#isAnnounced) {
      this.#isAnnounced = true;
      this.#emit(this.#start.started);
      for (const message of [...this.#start.warnings, ...this.#early]) {
        this.#emit({ type: "warning", message });
      }
    }
    return reader;
  }

  submit(op: Op): void {
    if (this.#isClosing) return;
    switch (op.type) {
      case "user.input":
        return this.#takeInput(op);
      case "user.shell":
      case "compact":
      case "rollback":
        return this.#enqueue(op);
      case "settings.change": {
        const refusal = this.deps.refuseSettings?.(op.patch);
        if (refusal !== undefined) {
          return this.warn(`Settings stay as they were: ${refusal}`);
        }
        return this.#changeSettings({ ...this.#settings.own, ...op.patch });
      }
      case "approval.decide":
        this.#approvals.decide(op.approvalId, op.decision);
        if (op.decision.type === "abort") this.#interrupt();
        return;
      case "commands.list": {
        const commands = this.#live.list();
        return this.#emit({ type: "commands.listed", commands });
      }
      case "commands.kill":
        return void this.#endCommand(op.session);
      case "interrupt":
        return this.#interrupt();
      case "shutdown":
        this.#isClosing = true;
        this.#tasks = [];
        this.#interrupt();
        if (this.#running === undefined) void this.#end();
        return;
      default:
        return unreachable(op);
    }
  }

  #changeSettings(settings: TurnSettings): void {
    const before = this.#settings.own.mode;
    const problem = this.#settings.change(settings);
    if (problem !== undefined) this.warn(problem);
    this.#emit({ type: "settings.changed", settings: this.settings });
    if (settings.mode !== before) this.#nameLive(settings.mode);
  }

  // A mode takes nothing from what was started before it.
  #nameLive(mode: TurnMode | undefined): void {
    if (mode === undefined) return;
    for (const { session, command } of this.#live.list()) {
      this.warn(
        `Session ${session} (${command}) goes on with the rights it was started with, and is not typed to in ${mode} mode; /stop ${session} or commands.kill ends it`,
      );
    }
  }

  // What is meant for another mode waits for a turn of its own.
  #takeInput(op: Extract<Op, { type: "user.input" }>): void {
    const { task, mode: running } = this.#running ?? {};
    // Whoever speaks during a review speaks to the reviewer.
    const wanted = running === "review" ? running : this.settings.mode;
    if (task?.type !== "turn" || running !== (op.mode ?? wanted)) {
      return this.#enqueue({ ...op, type: "turn" });
    }
    const parts = [...op.parts];
    this.#steering.push(parts);
    const before = this.#tasks.at(-1);
    if (before !== undefined) this.#before.set(parts, before);
  }

  #enqueue(task: Task): void {
    this.#tasks.push(task);
    if (this.#running === undefined) void this.#runTasks();
  }

  async #runTasks(): Promise<void> {
    for (;;) {
      const task = this.#tasks.shift();
      if (task === undefined) break;
      const abort = new AbortController();
      const mode = task.type === "turn" ? task.mode : undefined;
      const settings = this.#settings.at(mode);
      this.#running = { task, abort, mode: settings.mode };
      if (mode !== this.#settings.own.mode) this.#nameLive(mode);
      const failure = await this.#runTask(task, settings, abort.signal);
      this.#running = undefined;
      if (failure !== undefined) return this.#end(failure);
      this.#requeueSteering();
    }
    if (this.#isClosing) await this.#end();
  }

  // A bug of ours ends the thread, with the log as it was.
  async #runTask(
    task: Task,
    settings: TurnSettings,
    signal: AbortSignal,
  ): Promise<Failure | undefined> {
    try {
      const { host } = this.#start.deps;
      const turnId = task.type === "turn" ? host.newId() : undefined;
      await runThreadTask(
        task,
        newTurnContext(this.#context, { turnId, settings, signal }),
      );
      return undefined;
    } catch (error) {
      const kind = errorCode(error) === undefined ? "bug" : "session";
      return { kind, message: errorText(error) };
    }
  }

  // Input that came too late for the turn begins another one, in the order of what was asked.
  #requeueSteering(): void {
    const late = this.#steering.splice(0);
    if (this.#isClosing) return;
    for (
      const [before, parts] of Map.groupBy(late, (one) => this.#before.get(one))
    ) {
      const at = before === undefined ? 0 : this.#tasks.indexOf(before) + 1;
      this.#tasks.splice(at, 0, { type: "turn", parts: parts.flat() });
    }
  }

  #interrupt(): void {
    this.#running?.abort.abort(new DOMException("interrupted", "AbortError"));
  }

  get #live(): LiveCommands {
    return this.deps.live ?? NO_LIVE_COMMANDS;
  }

  async #endCommand(session: number): Promise<void> {
    if (await this.#live.end(session)) return;
    this.warn(`Cannot end session ${session}: no such command is running`);
  }

  async #end(failure?: Failure): Promise<void> {
    this.#isClosing = true;
    const reaped = await this.#live.endAll();
    const reason = failure === undefined ? "exit" : "error";
    await endSession(reason, this.#context, this.settings);
    const lost = await closeLog(this.#start.log);
    const why = failure ?? lost;
    this.#emit({
      type: "thread.closed",
      ...(why && { failure: why }),
      ...(reaped > 0 && { reaped }),
    });
    this.#hub.close();
    this.#close();
  }

  #emit(body: EventBody): void {
    const at = this.#start.deps.host.now().toISOString();
    const event = { threadId: this.id, seq: this.#seq++, at, ...body };
    this.#start.deps.observer?.event(event);
    this.#hub.push(event);
  }
}
