/** Whether a turn runs or is about to: input sent, less input taken up. */

/** Counts input sent to a thread and the events that answer it. */
export class TurnTracker {
  #isRunning = false;
  // Input was sent to an idle thread and its turn has not begun.
  #awaitsStart = false;
  // Input sent to a running turn that has not become part of it.
  #steersOpen = 0;

  /** A turn has been asked for and has not ended. */
  get isOpen(): boolean {
    return this.#isRunning || this.#awaitsStart;
  }

  /** Nothing runs and nothing that was sent is waiting. */
  get isIdle(): boolean {
    return !this.isOpen && this.#steersOpen === 0;
  }

  sent(): void {
    if (this.isIdle) this.#awaitsStart = true;
    else this.#steersOpen++;
  }

  started(): void {
    this.#isRunning = true;
    // A turn that was not awaited was begun by the input that came too late for the last one.
    if (!this.#awaitsStart) this.#steersOpen = 0;
    this.#awaitsStart = false;
  }

  steered(): void {
    this.#steersOpen = Math.max(0, this.#steersOpen - 1);
  }

  ended(): void {
    this.#isRunning = false;
    this.#awaitsStart = false;
  }
}
