/** Runs the tasks of a batch: so many at a time, one a folder, again after failures. */
import type { BatchEvent } from "../contract/batch.ts";
import type { Host } from "../protocol/host.ts";
import { endWait } from "../util/async.ts";
import { isInside } from "../util/path.ts";
import type { BatchBudget } from "./budget.ts";
import {
  type EntryOf,
  JournalFold,
  type JournalState,
  type Place,
  type TaskState,
} from "./journal.ts";
import { buildResult, type Harvest } from "./results.ts";
import { planAttempt, type RetryRule } from "./retries.ts";
import type { Outcome } from "./run_record.ts";
import type { Task } from "./tasks.ts";
import { ZERO_USAGE } from "./usage.ts";

/** An attempt that came to its end by itself. */
export interface AttemptEnd {
  readonly outcome: Outcome;
  /**
   * Called once it is known that the attempt counts: what it left, and what became of it then;
   * "stopped" when that was cut short from outside.
   */
  harvest(): Promise<
    { readonly harvest: Harvest; readonly outcome: Outcome } | "stopped"
  >;
  /** Takes away what it needed; also after the harvest. */
  close(): Promise<void>;
}

export interface AttemptRequest {
  readonly task: Task;
  /** From 1. */
  readonly attempt: number;
  readonly sessionId: string | null;
}

/** What the tasks are run with. */
interface ScheduleOptions {
  readonly host: Pick<Host, "monotonicMs" | "now" | "random" | "sleep">;
  readonly jobs: number;
  readonly retry: RetryRule;
  readonly budget: BatchBudget;
  /** Ends the waiting; whoever aborts it also ends the runs. */
  readonly stop: AbortSignal;
  /** Writes the entry down before anything else happens. */
  readonly write: (
    entry: EntryOf<"started" | "failed" | "ended">,
  ) => Place;
  readonly say: (event: BatchEvent) => void;
  readonly sessionId: (task: Task, attempt: number) => string | null;
  /** Where it works in place: it never runs together with another of that folder, or below. */
  readonly folderOf: (task: Task) => string | undefined;
  /** Resolves to "stopped" when it was ended from outside: it counts as never begun. */
  readonly run: (request: AttemptRequest) => Promise<AttemptEnd | "stopped">;
}

interface Waiting {
  readonly task: Task;
  /** Of the monotonic clock. */
  readonly readyMs: number;
}

/** Runs what has not ended yet. Resolves when nothing runs and nothing more may begin. */
export class Schedule {
  readonly #options: ScheduleOptions;
  readonly #fold: Map<number, TaskState>;
  readonly #folders = new Set<string>();
  readonly #running = new Map<number, Promise<void>>();
  #waiting: Waiting[];

  constructor(
    tasks: readonly Task[],
    states: JournalState["states"],
    options: ScheduleOptions,
  ) {
    this.#options = options;
    this.#fold = new Map(states);
    this.#waiting = tasks
      .filter(({ index }) => states.get(index)?.ended === undefined)
      .map((task) => ({ task, readyMs: 0 }));
  }

  /** By the index of the task. */
  get states(): ReadonlyMap<number, TaskState> {
    return this.#fold;
  }

  async run(): Promise<void> {
    for (;;) {
      while (this.#startNext());
      const waits = [...this.#running.values()];
      const over = new AbortController();
      const nextMs = this.#nextReadyMs();
      if (nextMs !== undefined) waits.push(this.#sleep(nextMs, over));
      if (waits.length === 0) return;
      await Promise.race(waits);
      endWait(over);
    }
  }

  /** Resolves when nothing runs any more, whatever came of it: for who gives up. */
  async settle(): Promise<void> {
    await Promise.allSettled(this.#running.values());
  }

  #mayStart(): boolean {
    const { jobs, stop, budget } = this.#options;
    return this.#running.size < jobs && !stop.aborted &&
      budget.spent === undefined;
  }

  #startNext(): boolean {
    if (!this.#mayStart()) return false;
    const nowMs = this.#options.host.monotonicMs();
    const at = this.#waiting.findIndex(({ task, readyMs }) =>
      readyMs <= nowMs && !this.#isTaken(task)
    );
    const [next] = at < 0 ? [] : this.#waiting.splice(at, 1);
    if (next === undefined) return false;
    this.#start(next.task);
    return true;
  }

  #isTaken(task: Task): boolean {
    const folder = this.#options.folderOf(task);
    return folder !== undefined &&
      [...this.#folders].some((taken) =>
        isInside(taken, folder) || isInside(folder, taken)
      );
  }

  // The next time that a wait ends, where there is room for the task then.
  #nextReadyMs(): number | undefined {
    if (!this.#mayStart()) return undefined;
    const nowMs = this.#options.host.monotonicMs();
    const later = this.#waiting.map(({ readyMs }) => readyMs)
      .filter((readyMs) => readyMs > nowMs);
    return later.length === 0 ? undefined : Math.min(...later) - nowMs;
  }

  async #sleep(ms: number, over: AbortController): Promise<void> {
    const { host, stop } = this.#options;
    const onStop = (): void => endWait(over);
    stop.addEventListener("abort", onStop);
    await host.sleep(ms, over.signal).catch(() => {});
    stop.removeEventListener("abort", onStop);
  }

  #start(task: Task): void {
    const folder = this.#options.folderOf(task);
    if (folder !== undefined) this.#folders.add(folder);
    const running = this.#runTask(task).finally(() => {
      if (folder !== undefined) this.#folders.delete(folder);
      this.#running.delete(task.index);
    });
    this.#running.set(task.index, running);
  }

  async #runTask(task: Task): Promise<void> {
    const { host, say, run, sessionId: idOf } = this.#options;
    const { index, id } = task;
    const before = this.#fold.get(index) ??
      { id, failed: 0, usage: ZERO_USAGE, requests: 0 };
    const attempt = before.failed + 1;
    const sessionId = idOf(task, attempt);
    this.#write({
      type: "started",
      at: host.now().toISOString(),
      index,
      id,
      attempt,
      session_id: sessionId,
    });
    say({ type: "task.started", index, id, attempt, session_id: sessionId });
    const startedMs = host.monotonicMs();
    const end = await run({ task, attempt, sessionId });
    if (end === "stopped") return;
    try {
      const durationMs = Math.round(host.monotonicMs() - startedMs);
      const delayMs = this.#retryDelay(task, attempt, end.outcome);
      if (delayMs === undefined) {
        await this.#finish(task, before, { end, durationMs, sessionId });
      } else {
        this.#retry(task, { end, durationMs, attempt, delayMs });
      }
    } finally {
      await end.close();
    }
  }

  #retryDelay(
    task: Task,
    attempts: number,
    { exitCode }: Outcome,
  ): number | undefined {
    const { budget, host, retry } = this.#options;
    if (budget.spent !== undefined) return undefined;
    const { retries } = task;
    return planAttempt(retry, { exitCode, attempts, retries }, host.random());
  }

  #retry(
    task: Task,
    { end: { outcome }, durationMs, attempt, delayMs }: {
      readonly end: AttemptEnd;
      readonly durationMs: number;
      readonly attempt: number;
      readonly delayMs: number;
    },
  ): void {
    const { host, say } = this.#options;
    const { index, id } = task;
    this.#write({
      type: "failed",
      at: host.now().toISOString(),
      index,
      attempt,
      exit_code: outcome.exitCode,
      usage: outcome.usage,
      requests: outcome.requests,
      duration_ms: durationMs,
    });
    this.#waiting.push({ task, readyMs: host.monotonicMs() + delayMs });
    this.#waiting.sort((a, b) => a.task.index - b.task.index);
    const { exitCode: exit_code } = outcome;
    say({
      type: "task.retried",
      index,
      id,
      attempt,
      exit_code,
      delay_ms: delayMs,
    });
  }

  async #finish(
    task: Task,
    before: TaskState,
    { end, durationMs, sessionId }: {
      readonly end: AttemptEnd;
      readonly durationMs: number;
      readonly sessionId: string | null;
    },
  ): Promise<void> {
    const { host, say } = this.#options;
    const left = await end.harvest();
    if (left === "stopped") return;
    const { harvest, outcome } = left;
    const result = buildResult(task, before, { outcome, harvest, sessionId });
    const { index } = task;
    const at = host.now().toISOString();
    this.#write({ type: "ended", at, index, duration_ms: durationMs, result });
    say({
      type: "task.completed",
      index,
      id: task.id,
      exit_code: result.exit_code,
      status: result.status,
      attempts: result.attempts,
      duration_ms: durationMs,
      usage: result.usage,
      patch: result.patch,
    });
  }

  #write(entry: EntryOf<"started" | "failed" | "ended">): void {
    const place = this.#options.write(entry);
    const fold = new JournalFold(this.#fold);
    fold.take(entry, place);
  }
}
