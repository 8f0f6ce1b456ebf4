/** The actor: ops come in one by one, one turn runs at a time, events go out. */
import { errorText, SessionError } from "../../protocol/error.ts";
import type { Event, EventBody, Failure } from "../../protocol/event.ts";
import type { ThreadLog } from "../../protocol/log.ts";
import type { Op, UserPart } from "../../protocol/op.ts";
import type { TurnSettings } from "../../protocol/settings.ts";
import type { Thread } from "../../protocol/thread.ts";
import { unreachable } from "../../util/assert.ts";
import { Hub } from "../../util/channel.ts";
import { Activities, mergeDeltas } from "../state/activities.ts";
import { Approvals } from "../state/approvals.ts";
import { Budget } from "../state/budget.ts";
import type { CacheWatch } from "../state/cache_watch.ts";
import type { ThreadDeps } from "../state/deps.ts";
import type { ThreadState } from "../state/state.ts";
import { runThreadTask, type Task } from "./task.ts";
import type { TaskContext } from "../turn/context.ts";
import { TurnHooks } from "../turn/turn_hooks.ts";

interface ThreadStart {
  readonly id: string;
  readonly deps: ThreadDeps;
  readonly settings: TurnSettings;
  readonly state: ThreadState;
  readonly log: ThreadLog;
  readonly cacheWatch: CacheWatch;
  /** First event of the thread, sent when somebody listens. */
  readonly started: EventBody & { readonly type: "thread.started" };
  /** Said right after it. */
  readonly warnings: readonly string[];
}

/** A thread of this process. Owns its log until it is closed. */
export class ThreadActor implements Thread {
  readonly id: string;
  readonly closed: Promise<void>;
  readonly #start: ThreadStart;
  readonly #hub = new Hub<Event>({ merge: mergeDeltas });
  readonly #approvals: Approvals;
  readonly #context: TaskContext;
  readonly #close: () => void;
  #settings: TurnSettings;
  #tasks: Task[] = [];
  #steering: UserPart[][] = [];
  readonly #early: string[] = [];
  #running:
    | { readonly task: Task; readonly abort: AbortController }
    | undefined;
  #isAnnounced = false;
  #isClosing = false;
  #seq = 0;

  constructor(start: ThreadStart) {
    const { promise, resolve } = Promise.withResolvers<void>();
    const emit = (body: EventBody): void => this.#emit(body);
    this.id = start.id;
    this.closed = promise;
    this.#close = resolve;
    this.#start = start;
    this.#settings = start.settings;
    this.#approvals = new Approvals(emit, () => start.deps.host.newId());
    this.#context = {
      ...start,
      threadId: start.id,
      emit,
      activities: new Activities(emit),
      approvals: this.#approvals,
      budget: new Budget(start.deps.limits, start.deps.price),
      takeSteering: () => this.#steering.splice(0),
    };
  }

  /** What the next task runs with. */
  get settings(): TurnSettings {
    return this.#settings;
  }

  /** To be read only; it changes while a task runs. */
  get state(): ThreadState {
    return this.#start.state;
  }

  get deps(): ThreadDeps {
    return this.#start.deps;
  }

  /** Names the thread in its log. Throws SessionError. */
  rename(name: string): void {
    this.#start.log.append({ type: "named", name });
    this.#start.log.sync();
  }

  /** Has the tools listed anew for the next request, which then finds nothing cached. */
  refreshTools(): void {
    this.#start.state.prefix = undefined;
    this.#start.cacheWatch.announce("tools listed anew");
  }

  /** Tells the person something, at the latest when somebody listens. */
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
        return this.#takeInput([...op.parts]);
      case "user.shell":
      case "compact":
      case "rollback":
        return this.#enqueue(op);
      case "settings.change":
        this.#settings = Object.freeze({ ...this.#settings, ...op.patch });
        return this.#emit({
          type: "settings.changed",
          settings: this.#settings,
        });
      case "approval.decide":
        this.#approvals.decide(op.approvalId, op.decision);
        if (op.decision.type === "abort") this.#interrupt();
        return;
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

  #takeInput(parts: UserPart[]): void {
    if (this.#running?.task.type === "turn") this.#steering.push(parts);
    else this.#enqueue({ type: "turn", parts });
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
      this.#running = { task, abort };
      const failure = await this.#runTask(task, abort.signal);
      this.#running = undefined;
      if (failure !== undefined) return this.#end(failure);
      this.#requeueSteering();
    }
    if (this.#isClosing) await this.#end();
  }

  // A bug of ours ends the thread, with the log as it was.
  async #runTask(
    task: Task,
    signal: AbortSignal,
  ): Promise<Failure | undefined> {
    try {
      await runThreadTask(task, {
        ...this.#context,
        settings: this.#settings,
        signal,
      });
      return undefined;
    } catch (error) {
      return { kind: "bug", message: errorText(error) };
    }
  }

  // Input that came too late for the turn is not lost: it begins the next one.
  #requeueSteering(): void {
    const late = this.#steering.splice(0);
    if (late.length > 0 && !this.#isClosing) {
      this.#tasks.unshift({ type: "turn", parts: late.flat() });
    }
  }

  #interrupt(): void {
    this.#running?.abort.abort(new DOMException("interrupted", "AbortError"));
  }

  async #end(failure?: Failure): Promise<void> {
    this.#isClosing = true;
    await this.#endSession(failure === undefined ? "exit" : "error");
    const lost = await this.#closeLog();
    const why = failure ?? lost;
    this.#emit({ type: "thread.closed", ...(why && { failure: why }) });
    this.#hub.close();
    this.#close();
  }

  async #endSession(reason: "exit" | "error"): Promise<void> {
    const hooks = new TurnHooks({
      ...this.#context,
      settings: this.#settings,
      signal: new AbortController().signal,
    });
    try {
      await hooks.endSession(reason);
    } catch (error) {
      const message = `Cannot run the hooks of the end: ${errorText(error)}`;
      this.#emit({ type: "warning", message });
    }
  }

  async #closeLog(): Promise<Failure | undefined> {
    try {
      await this.#start.log.close();
      return undefined;
    } catch (error) {
      if (!(error instanceof SessionError)) throw error;
      return { kind: "session", message: error.message };
    }
  }

  #emit(body: EventBody): void {
    const at = this.#start.deps.host.now().toISOString();
    this.#hub.push({ threadId: this.id, seq: this.#seq++, at, ...body });
  }
}
