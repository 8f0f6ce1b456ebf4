/** Queues between a writer and its readers: nothing is lost, adjacent values may be joined. */

/** One value for two neighbours, or undefined when both must be seen. Never changes either. */
type Merge<T> = (earlier: T, later: T) => T | undefined;

interface ChannelOptions<T> {
  /** Asked when a value arrives while others wait: keeps a slow reader's queue short. */
  readonly merge?: Merge<T>;
  /** Called once when the reader leaves before the end. */
  readonly onLeave?: () => void;
  /** Called when the reader has taken all that waited for it. */
  readonly onEmpty?: () => void;
}

/** A queue with one reader. Values wait until they are read; `close` lets the rest be read. */
export class Channel<T> implements AsyncIterableIterator<T> {
  readonly #options: ChannelOptions<T>;
  #queue: T[] = [];
  // Read from the front by index: shifting a long array moves all of it.
  #front = 0;
  #closed = false;
  #wake: ((result: IteratorResult<T, undefined>) => void) | undefined;

  constructor(options: ChannelOptions<T> = {}) {
    this.#options = options;
  }

  /** Values waiting to be read. */
  get size(): number {
    return this.#queue.length - this.#front;
  }

  /** Hands the value to the reader; after `close` it is dropped. */
  push(value: T): void {
    if (this.#closed) return;
    const wake = this.#wake;
    if (wake !== undefined) {
      this.#wake = undefined;
      return wake({ done: false, value });
    }
    const merged = this.#mergeIntoLast(value);
    if (merged === undefined) this.#queue.push(value);
    else this.#queue[this.#queue.length - 1] = merged;
  }

  /** No value comes any more; those waiting are still read. */
  close(): void {
    this.#closed = true;
    this.#wake?.({ done: true, value: undefined });
    this.#wake = undefined;
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.size > 0) {
      return Promise.resolve({ done: false, value: this.#take() });
    }
    if (this.#closed) return Promise.resolve({ done: true, value: undefined });
    if (this.#wake !== undefined) {
      return Promise.reject(new Error("Broken invariant: two readers at once"));
    }
    return new Promise((resolve) => this.#wake = resolve);
  }

  /** The reader leaves; what waits for it is dropped. */
  return(): Promise<IteratorResult<T, undefined>> {
    this.#queue = [];
    this.#front = 0;
    this.close();
    this.#options.onLeave?.();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #mergeIntoLast(value: T): T | undefined {
    if (this.size === 0) return undefined;
    const last = this.#queue[this.#queue.length - 1] as T;
    return this.#options.merge?.(last, value);
  }

  #take(): T {
    const value = this.#queue[this.#front] as T;
    this.#front++;
    if (this.#front === this.#queue.length) {
      this.#queue = [];
      this.#front = 0;
      this.#options.onEmpty?.();
    }
    return value;
  }
}

/** One writer, many readers: each gets every value from its subscription on. */
export class Hub<T> {
  readonly #merge: Merge<T> | undefined;
  readonly #behind: number;
  readonly #readers = new Set<Channel<T>>();
  #drained: PromiseWithResolvers<void> | undefined;
  #closed = false;

  constructor(
    options: { readonly merge?: Merge<T>; readonly behind?: number } = {},
  ) {
    this.#merge = options.merge;
    this.#behind = options.behind ?? 0;
  }

  push(value: T): void {
    for (const reader of this.#readers) reader.push(value);
  }

  /** A reader's own queue. Leaving its loop ends the subscription. */
  subscribe(): AsyncIterableIterator<T> {
    const reader: Channel<T> = new Channel<T>({
      ...(this.#merge !== undefined && { merge: this.#merge }),
      onLeave: () => {
        this.#readers.delete(reader);
        this.#tellDrained();
      },
      onEmpty: () => this.#tellDrained(),
    });
    if (this.#closed) reader.close();
    else this.#readers.add(reader);
    return reader;
  }

  /**
   * Fulfilled when no reader is more than `behind` values behind; one that was has
   * caught up then. A writer that waits keeps queues short.
   */
  async drained(): Promise<void> {
    if (!this.#isBehind) return;
    this.#drained ??= Promise.withResolvers();
    await this.#drained.promise;
  }

  /** Every reader ends once it has read what waits for it. */
  close(): void {
    this.#closed = true;
    for (const reader of this.#readers) reader.close();
    this.#readers.clear();
    this.#tellDrained();
  }

  get #isBehind(): boolean {
    return [...this.#readers].some(({ size }) => size > this.#behind);
  }

  #tellDrained(): void {
    if (this.#isBehind) return;
    this.#drained?.resolve();
    this.#drained = undefined;
  }
}
