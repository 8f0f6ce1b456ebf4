/** The engine of a full replay: nothing happens, every answer comes from the cassette. */
import { UserError } from "../protocol/error.ts";
import {
  Counter,
  type Engine,
  type Operation,
  type SyncOperation,
  Turnstile,
} from "./engine.ts";
import { type Cassette, type CassetteEntry, decodeError } from "./format.ts";
import { orAbort } from "../util/async.ts";

/** How long a replay waits for a recorded request before it continues without it. */
const STALL_MS = 2_000;
/** How long nothing may happen at all while the program waits for what never came. */
const DEAD_MS = 10_000;
/** The same when the run is known to have left the recording. */
const LOST_MS = 1_000;

export interface ReplayOptions {
  /** `kept` gives the answers at the speed they were recorded. */
  readonly timing: "kept" | "skipped";
  readonly sleep: (ms: number) => Promise<void>;
  readonly onWarning: (message: string) => void;
}

/** Gives answers in the order of the recording, each once it has been asked for. */
export class ReplayEngine implements Engine {
  readonly isReal = false;
  readonly #options: ReplayOptions;
  readonly #counter = new Counter();
  readonly #turnstile = new Turnstile();
  readonly #entries = new Map<string, CassetteEntry>();
  /** Ids of answers still to be given, in order. */
  readonly #order: string[];
  #next = 0;
  readonly #asked = new Map<string, () => void>();
  #isGiving = false;
  /** Asks without an answer on the cassette, which may have had none. */
  readonly #open = new Map<string, (error: Error) => void>();
  #steps = 0;
  #isClosed = false;
  /** The run has left the recording: what follows has no order to keep. */
  #isLost = false;
  #at: readonly [number, number];

  constructor(cassette: Cassette, options: ReplayOptions) {
    this.#options = options;
    this.#at = cassette.header.start;
    for (const entry of cassette.entries) this.#entries.set(entry.id, entry);
    this.#order = cassette.entries.filter(({ at }) => at !== undefined)
      .map(({ id }) => id);
  }

  nowMs(): number {
    return this.#at[0];
  }

  monotonicMs(): number {
    return this.#at[1];
  }

  run<T>(operation: Operation<T>): Promise<T> {
    const id = this.#counter.next(operation.key);
    return orAbort(this.#run(id, operation), operation.signal);
  }

  runSync<T>(operation: SyncOperation<T>): T {
    const entry = this.#find(this.#counter.next(operation.key));
    if (entry.error !== undefined) throw decodeError(entry.error);
    return operation.decode(entry.ok);
  }

  async #run<T>(id: string, operation: Operation<T>): Promise<T> {
    this.#steps++;
    if (operation.mayStayOpen === true && !this.#entries.has(id)) {
      return await this.#stayOpen(id, operation.signal);
    }
    const entry = this.#find(id);
    this.#check(operation, entry);
    await this.#turn(id, operation.signal);
    if (entry.error !== undefined) throw decodeError(entry.error);
    return operation.decode(entry.ok);
  }

  close(): void {
    this.#isClosed = true;
  }

  #check<T>({ check }: Operation<T>, entry: CassetteEntry): void {
    try {
      check?.(entry.request);
    } catch (error) {
      this.#isLost = true;
      throw error;
    }
  }

  #stayOpen(id: string, signal: AbortSignal | undefined): Promise<never> {
    return new Promise((_, reject) => {
      this.#open.set(id, reject);
      signal?.addEventListener("abort", () => this.#open.delete(id), {
        once: true,
      });
      if (this.#open.size === 1) void this.#watchOpen();
    });
  }

  // A run that took another course may wait for what was never recorded: it has to fail.
  async #watchOpen(): Promise<void> {
    const pollMs = 250;
    let steps = this.#steps;
    for (let idleMs = 0; idleMs < (this.#isLost ? LOST_MS : DEAD_MS);) {
      await this.#options.sleep(pollMs);
      if (this.#isClosed || this.#open.size === 0) return;
      idleMs = steps === this.#steps && this.#asked.size === 0
        ? idleMs + pollMs
        : 0;
      steps = this.#steps;
    }
    this.#isLost = true;
    for (const [id, reject] of this.#open) reject(missing(id));
    this.#open.clear();
  }

  #turn(id: string, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      this.#asked.set(id, resolve);
      signal?.addEventListener("abort", () => this.#asked.delete(id), {
        once: true,
      });
      if (!this.#isGiving) void this.#give();
    });
  }

  async #give(): Promise<void> {
    this.#isGiving = true;
    while (this.#asked.size > 0) {
      await this.#turnstile.pass();
      const id = this.#order[this.#next];
      if (id === undefined || !this.#asked.has(id)) {
        if (!await this.#isStalled(id)) continue;
        this.#skip(id);
        continue;
      }
      this.#next++;
      await this.#waitAsRecorded(id);
      this.#deliver(id);
    }
    this.#isGiving = false;
  }

  #deliver(id: string): void {
    const resolve = this.#asked.get(id);
    this.#asked.delete(id);
    this.#at = this.#entries.get(id)?.at ?? this.#at;
    resolve?.();
  }

  // The program may still be on its way to the ask that comes next.
  async #isStalled(expected: string | undefined): Promise<boolean> {
    if (expected === undefined || this.#isLost) return true;
    const pollMs = 5;
    for (let waitedMs = 0; waitedMs < STALL_MS; waitedMs += pollMs) {
      await this.#options.sleep(pollMs);
      if (this.#asked.has(expected) || this.#asked.size === 0) return false;
    }
    return true;
  }

  // Either nobody asks any more what comes next, or what was asked came before it.
  #skip(expected: string | undefined): void {
    if (expected !== undefined && !this.#isLost && this.#isAhead()) {
      this.#next++;
      this.#options.onWarning(`The replay never asked for ${expected}`);
      return;
    }
    const [late] = this.#asked.keys();
    if (late !== undefined) this.#deliver(late);
  }

  // Whether something asked for lies further on.
  #isAhead(): boolean {
    return this.#order.slice(this.#next).some((id) => this.#asked.has(id));
  }

  async #waitAsRecorded(id: string): Promise<void> {
    const at = this.#entries.get(id)?.at;
    if (this.#options.timing === "skipped" || at === undefined) return;
    const ms = at[1] - this.#at[1];
    if (ms > 0) await this.#options.sleep(ms);
  }

  #find(id: string): CassetteEntry {
    const entry = this.#entries.get(id);
    if (entry !== undefined) return entry;
    this.#isLost = true;
    throw missing(id);
  }
}

function missing(id: string): UserError {
  return new UserError(
    "session",
    `Cannot replay: the cassette does not hold ${id}`,
  );
}
