/** What a recorded host runs on: really done and written down, or read back. */
import { setImmediate } from "node:timers";
import type { Json } from "../util/json/json.ts";
import { decodeBytes, encodeBytes } from "./format.ts";

/** Something whose answer comes later. */
export interface Operation<T> {
  /** What is asked for; Counter tells repeated ones apart. */
  readonly key: string;
  readonly real: () => Promise<T>;
  readonly encode: (value: T) => Json | undefined;
  readonly decode: (value: Json | undefined) => T;
  readonly signal?: AbortSignal | undefined;
  /** The answer may be outstanding when everything is over: a sleep, a running child. */
  readonly mayStayOpen?: boolean;
  /** Kept with the answer; in a replay the recorded one is handed to `check`. */
  readonly request?: Json;
  /** Throws when what is asked now is not what was recorded. */
  readonly check?: (recorded: Json | undefined) => void;
}

/** Something answered on the spot. */
export interface SyncOperation<T> {
  readonly key: string;
  readonly real: () => T;
  readonly encode: (value: T) => Json | undefined;
  readonly decode: (value: Json | undefined) => T;
}

export interface Engine {
  run<T>(operation: Operation<T>): Promise<T>;
  runSync<T>(operation: SyncOperation<T>): T;
  /** Stands still between two answers, so that a replay reads the same times. */
  nowMs(): number;
  monotonicMs(): number;
  /** False in a replay, which touches nothing outside. */
  readonly isReal: boolean;
}

/** Numbers repeated requests. */
export class Counter {
  readonly #counts = new Map<string, number>();

  next(key: string): string {
    const count = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, count);
    return `${key}#${count}`;
  }
}

/**
 * Lets answers through one at a time, each after the program has done all it can with the
 * one before. What the program does next then depends on the order of answers alone.
 */
export class Turnstile {
  readonly #waiting: (() => void)[] = [];

  pass(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      if (this.#waiting.length === 1) setImmediate(() => this.#turn());
    });
  }

  // Immediates run one by one, each after every promise chain has come to rest. (Messages
  // of a MessageChannel do not: the runtime may deliver one between two promises.)
  #turn(): void {
    this.#waiting[0]?.();
    if (this.#waiting.length > 1) setImmediate(() => this.#turn());
    this.#waiting.shift();
  }
}

interface StreamOptions {
  readonly signal?: AbortSignal | undefined;
  /** Changes the text of a piece on its way into the cassette, and back. */
  readonly encode?: (text: string) => string;
  readonly decode?: (text: string) => string;
}

type Bytes = Uint8Array<ArrayBuffer>;

/** The recorded stream; `real` is there when the engine does things for real. */
export function recordedStream(
  engine: Engine,
  key: string,
  real: ReadableStream<Bytes> | null | undefined,
  options: StreamOptions = {},
): ReadableStream<Bytes> {
  const reader = real?.getReader();
  return new ReadableStream<Bytes>({
    async pull(controller): Promise<void> {
      const chunk = await engine.run<Bytes | undefined>({
        key,
        real: async () => (await reader?.read())?.value,
        encode: (value) => encodeChunk(value, options),
        decode: (value) => decodeChunk(value, options),
        signal: options.signal,
        mayStayOpen: true,
      });
      if (chunk === undefined) controller.close();
      else controller.enqueue(chunk);
    },
    async cancel(reason): Promise<void> {
      await reader?.cancel(reason);
    },
  }, { highWaterMark: 0 });
}

/** A piece as it stands in a cassette; null is the end. */
function encodeChunk(
  chunk: Bytes | undefined,
  options: StreamOptions,
): Json {
  if (chunk === undefined) return null;
  const json = encodeBytes(chunk) as { text?: string; base64?: string };
  const { encode } = options;
  if (json.text === undefined || encode === undefined) return { ...json };
  return { text: encode(json.text) };
}

/** The piece back. */
export function decodeChunk(
  json: Json | undefined,
  options: StreamOptions,
): Bytes | undefined {
  if (json === null || json === undefined) return undefined;
  const { text } = json as { text?: string };
  const { decode } = options;
  if (text === undefined || decode === undefined) return decodeBytes(json);
  return new TextEncoder().encode(decode(text));
}
