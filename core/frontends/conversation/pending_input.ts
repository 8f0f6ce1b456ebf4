/** Input of the user: running, steering, waiting. No I/O. */

/** Follows the input of one thread; the thread's events are the truth. */
export class PendingInput {
  #isRunning = false;
  // A message was sent to an idle thread and its turn has not begun.
  #isAwaited = false;
  #steers: string[] = [];
  #queue: string[] = [];
  #typed = "";

  /** A turn runs or is about to. */
  get isOpen(): boolean {
    return this.#isRunning || this.#isAwaited;
  }

  /** Nothing runs and nothing that was sent is on its way. */
  get isIdle(): boolean {
    return !this.isOpen && this.#steers.length === 0;
  }

  /** Sent during the turn and not yet part of it. */
  get steers(): readonly string[] {
    return this.#steers;
  }

  /** To be sent when all is done. */
  get queue(): readonly string[] {
    return this.#queue;
  }

  /** A command is carried out now: the text that stands for it on the screen. */
  typed(line: string): string {
    return this.#typed = line.trim();
  }

  /**
   * A message goes to the thread; true when it begins a turn of its own and is to be shown,
   * which the one of a command is already.
   */
  sent(text: string): boolean {
    if (this.isIdle) {
      this.#isAwaited = true;
      return !(text.startsWith("/") && this.#typed.startsWith(text));
    }
    this.#steers.push(text);
    return false;
  }

  /** A turn begins; what came too late for the one before is part of it. */
  started(): readonly string[] {
    this.#isRunning = true;
    const late = this.#isAwaited ? [] : this.#steers.splice(0);
    this.#isAwaited = false;
    return late;
  }

  /** One message has become part of the turn. */
  steered(): string | undefined {
    return this.#steers.shift();
  }

  /** The turn is over. */
  ended(): void {
    this.#isRunning = false;
    this.#isAwaited = false;
  }

  enqueue(text: string): void {
    this.#queue.push(text);
  }

  /** The next waiting line, when it may go. */
  next(): string | undefined {
    return this.isIdle ? this.#queue.shift() : undefined;
  }

  /** The newest waiting line, taken back. */
  unqueue(): string | undefined {
    return this.#queue.pop();
  }

  /** All waiting lines, taken back. */
  takeQueue(): readonly string[] {
    return this.#queue.splice(0);
  }

  /** The thread is gone: whatever it had not taken up comes back. */
  lost(): readonly string[] {
    this.ended();
    return [...this.#steers.splice(0), ...this.#queue.splice(0)];
  }
}
