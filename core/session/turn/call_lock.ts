/** A readers-writer gate: parallel tools share it, every other tool holds it alone. */
import { LIMITS } from "../../protocol/limits.ts";

/** First come, first served; a waiting writer holds back later readers. */
export class CallLock {
  #tail: Promise<unknown> = Promise.resolve();
  #readers: Promise<unknown>[] = [];
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  /** Runs the task beside others that are shared, or alone. */
  run<T>(shared: boolean, task: () => Promise<T>): Promise<T> {
    return shared ? this.#read(task) : this.#write(task);
  }

  #read<T>(task: () => Promise<T>): Promise<T> {
    const done = this.#tail.then(() => this.#runInTurn(task));
    this.#readers.push(done.catch(() => {}));
    return done;
  }

  // An answer may hold thousands of calls, and the machine has fewer processes.
  async #runInTurn<T>(task: () => Promise<T>): Promise<T> {
    if (this.#running < LIMITS.callsAtOnce) this.#running++;
    else await new Promise<void>((go) => this.#waiting.push(go));
    try {
      return await task();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }

  #write<T>(task: () => Promise<T>): Promise<T> {
    const before = Promise.all([this.#tail, ...this.#readers]);
    this.#readers = [];
    const done = before.then(task);
    this.#tail = done.catch(() => {});
    return done;
  }
}
