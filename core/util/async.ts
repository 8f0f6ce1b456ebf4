/** Waiting with a limit, until an abort, and in turn. */

/** What a limit needs of the clock; the host is one. */
export interface Timer {
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/**
 * Ends what waits under this controller, because nobody needs it any more. Without a reason
 * the runtime builds an exception with a stack, which was 7 % of an iteration's CPU.
 */
export function endWait(controller: AbortController): void {
  controller.abort("no longer needed");
}

/** The result of the work, or "timeout" when it takes longer; the work itself goes on. */
export async function withTimeout<T>(
  work: Promise<T>,
  ms: number,
  timer: Timer,
): Promise<T | "timeout"> {
  const over = new AbortController();
  const late = timer.sleep(ms, over.signal)
    .then(() => "timeout" as const, () => "timeout" as const);
  try {
    return await Promise.race([work, late]);
  } finally {
    endWait(over);
  }
}

/** The result of the work; rejects with the reason of the abort when that comes first. */
export async function orAbort<T>(
  work: Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  if (signal === undefined) return await work;
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason);
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/** Runs one task at a time, first come, first served. */
export class Mutex {
  #tail: Promise<unknown> = Promise.resolve();

  run<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(task);
    this.#tail = result.catch(() => {});
    return result;
  }
}
