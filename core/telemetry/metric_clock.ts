/** Sends the metrics from time to time, and at the end. */
import type { Host } from "../protocol/host.ts";
import { endWait } from "../util/async.ts";

interface MetricClockOptions {
  readonly everyMs: number;
  /** Resolves to 1 when they did not arrive, else to 0. */
  readonly send: () => Promise<number>;
}

export class MetricClock {
  readonly #options: MetricClockOptions;
  readonly #ended = new AbortController();
  readonly #running: Promise<void>;
  #lost = 0;

  constructor(host: Pick<Host, "sleep">, options: MetricClockOptions) {
    this.#options = options;
    this.#running = this.#run(host);
  }

  /** Deliveries that did not arrive. What they held is in the next one, when sums are kept. */
  get lost(): number {
    return this.#lost;
  }

  /** Sends them a last time. */
  async close(): Promise<void> {
    endWait(this.#ended);
    await this.#running;
    await this.#send();
  }

  async #run(host: Pick<Host, "sleep">): Promise<void> {
    const { signal } = this.#ended;
    while (!signal.aborted) {
      await host.sleep(this.#options.everyMs, signal).catch(() => {});
      if (signal.aborted) return;
      await this.#send();
    }
  }

  async #send(): Promise<void> {
    const lost = await this.#options.send();
    this.#lost += lost;
  }
}
