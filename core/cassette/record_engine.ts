/** The engine of a recording: everything is done for real, and each answer written down. */
import type { AppendFile, Host } from "../protocol/host.ts";
import type { Json } from "../util/json/json.ts";
import { encodeJsonLine } from "../util/json/jsonl.ts";
import {
  Counter,
  type Engine,
  type Operation,
  type SyncOperation,
  Turnstile,
} from "./engine.ts";
import {
  type CassetteEntry,
  type CassetteHeader,
  encodeError,
} from "./format.ts";
import type { Redactor } from "./redact.ts";
import { orAbort } from "../util/async.ts";

/**
 * Writes entries without secrets; the first wait until the secrets are known. A disk that
 * is full does not disturb the run: close() throws what went wrong.
 */
export class CassetteWriter {
  readonly #file: AppendFile;
  readonly #redactor: Redactor;
  #held: unknown[] | undefined = [];
  #failure: unknown;

  constructor(file: AppendFile, redactor: Redactor) {
    this.#file = file;
    this.#redactor = redactor;
  }

  add(line: CassetteHeader | CassetteEntry): void {
    if (this.#held !== undefined) this.#held.push(line);
    else this.#write(line);
  }

  /** From now on nothing waits: the credentials have been seen. */
  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const line of held) this.#write(line);
  }

  close(): void {
    this.release();
    this.#file.close();
    if (this.#failure !== undefined) throw this.#failure;
  }

  #write(line: unknown): void {
    if (this.#failure !== undefined) return;
    // Through JSON, so that members that are undefined are gone.
    const plain = JSON.parse(JSON.stringify(line)) as Json;
    try {
      this.#file.write(encodeJsonLine(this.#redactor.redact(plain)));
    } catch (error) {
      this.#failure = error;
    }
  }
}

/** Does everything for real. */
export class LiveEngine implements Engine {
  readonly isReal = true;
  readonly #host: Host;
  readonly #writer: CassetteWriter;
  readonly #counter = new Counter();
  readonly #turnstile = new Turnstile();
  #at: readonly [number, number];
  #isClosed = false;

  constructor(host: Host, writer: CassetteWriter) {
    this.#host = host;
    this.#writer = writer;
    this.#at = sampleClocks(host);
  }

  get start(): readonly [number, number] {
    return this.#at;
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
    const id = this.#counter.next(operation.key);
    try {
      const value = operation.real();
      this.#add({ id, ok: operation.encode(value) });
      return value;
    } catch (error) {
      this.#add({ id, error: encodeError(error) });
      throw error;
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#writer.close();
  }

  async #run<T>(id: string, operation: Operation<T>): Promise<T> {
    const { signal } = operation;
    const request = operation.request === undefined
      ? {}
      : { request: operation.request };
    try {
      const value = await operation.real();
      const at = await this.#turn(signal);
      this.#add({ id, at, ...request, ok: operation.encode(value) });
      return value;
    } catch (error) {
      // What the program itself broke off is not an answer from outside.
      if (signal?.aborted) throw error;
      const at = await this.#turn(signal);
      this.#add({ id, at, ...request, error: encodeError(error) });
      throw error;
    }
  }

  async #turn(
    signal: AbortSignal | undefined,
  ): Promise<readonly [number, number]> {
    await this.#turnstile.pass();
    signal?.throwIfAborted();
    this.#at = sampleClocks(this.#host);
    return this.#at;
  }

  #add(entry: CassetteEntry): void {
    if (!this.#isClosed) this.#writer.add(entry);
  }
}

// Microseconds are enough, and short in the file.
function sampleClocks(host: Host): readonly [number, number] {
  return [
    host.now().getTime(),
    Math.round(host.monotonicMs() * 1_000) / 1_000,
  ];
}
