/** Items that wait to be sent together: bounded, sent in the background, all counted. */
import type { Host } from "../protocol/host.ts";
import { endWait } from "../util/async.ts";
import type { BatchSettings } from "./settings.ts";

/** Delivers some items; resolves to how many did not arrive. Never rejects. */
type Deliver<T> = (items: readonly T[]) => Promise<number>;

export class Batch<T> {
  readonly #host: Pick<Host, "sleep">;
  readonly #settings: BatchSettings;
  readonly #deliver: Deliver<T>;
  #waiting: T[] = [];
  #lost = 0;
  #isClosed = false;
  #sending: Promise<void> | undefined;
  #pause: AbortController | undefined;

  constructor(
    host: Pick<Host, "sleep">,
    settings: BatchSettings,
    deliver: Deliver<T>,
  ) {
    this.#host = host;
    this.#settings = settings;
    this.#deliver = deliver;
  }

  /** How many never arrived. */
  get lost(): number {
    return this.#lost;
  }

  /** Takes an item; one too many is lost, for nobody waits here. */
  push(item: T): void {
    const { queueMax, itemsMax } = this.#settings;
    if (this.#isClosed || this.#waiting.length >= queueMax) {
      this.#lost++;
      return;
    }
    this.#waiting.push(item);
    if (this.#waiting.length >= itemsMax) this.#hurry();
    this.#sending ??= this.#send();
  }

  /** Delivers what waits. Nothing is taken afterwards. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#hurry();
    await this.#sending;
  }

  // Sends until nothing waits any more; between two deliveries more may come.
  async #send(): Promise<void> {
    while (this.#waiting.length > 0) {
      await this.#wait();
      const items = this.#waiting.splice(0, this.#settings.itemsMax);
      // More may be lost meanwhile.
      const lost = await this.#deliver(items);
      this.#lost += lost;
    }
    this.#sending = undefined;
  }

  async #wait(): Promise<void> {
    const { delayMs, itemsMax } = this.#settings;
    if (this.#isClosed || this.#waiting.length >= itemsMax) return;
    this.#pause = new AbortController();
    await this.#host.sleep(delayMs, this.#pause.signal).catch(() => {});
    this.#pause = undefined;
  }

  #hurry(): void {
    if (this.#pause !== undefined) endWait(this.#pause);
  }
}
