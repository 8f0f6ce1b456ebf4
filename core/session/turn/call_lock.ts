/** A readers-writer gate: parallel tools share it, every other tool holds it alone. */

/** First come, first served; a waiting writer holds back later readers. */
export class CallLock {
  #tail: Promise<unknown> = Promise.resolve();
  #readers: Promise<unknown>[] = [];

  /** Runs the task beside others that are shared, or alone. */
  run<T>(shared: boolean, task: () => Promise<T>): Promise<T> {
    return shared ? this.#read(task) : this.#write(task);
  }

  #read<T>(task: () => Promise<T>): Promise<T> {
    const done = this.#tail.then(task);
    this.#readers.push(done.catch(() => {}));
    return done;
  }

  #write<T>(task: () => Promise<T>): Promise<T> {
    const before = Promise.all([this.#tail, ...this.#readers]);
    this.#readers = [];
    const done = before.then(task);
    this.#tail = done.catch(() => {});
    return done;
  }
}
