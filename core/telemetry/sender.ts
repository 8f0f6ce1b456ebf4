/** Sends what was gathered to a collector (OTLP/HTTP): again where that helps, never for long. */
import { withoutUrlSecrets } from "../config/secrets.ts";
import { errorText } from "../protocol/error.ts";
import type { Host } from "../protocol/host.ts";
import { LIMITS } from "../protocol/limits.ts";
import { PROGRAM, VERSION } from "../protocol/version.ts";
import { endWait } from "../util/async.ts";
import { concatBytes } from "../util/bytes.ts";
import { NOTHING_SPENT, planRetry } from "../util/retry.ts";
import { visibleLine } from "../util/text/visible_text.ts";
import { parseRetryAfter } from "../util/wait_words.ts";
import type { Wire } from "./sdk.ts";
import type { SignalSettings } from "./signal_settings.ts";

type SenderHost = Pick<
  Host,
  "fetch" | "sleep" | "now" | "monotonicMs" | "random"
>;

interface SenderOptions {
  readonly signal: SignalSettings;
  /** Aborted when the program has no more time. */
  readonly over: AbortSignal;
  /** Whether the program is about to end, and waits for nothing that is not there. */
  readonly isEnding: () => boolean;
}

/** What became of one attempt. */
type Attempt =
  | { readonly type: "taken"; readonly rejected: number }
  | {
    readonly type: "failed";
    readonly reason: string;
    readonly canRetry: boolean;
    readonly askedMs?: number | undefined;
    /** Nobody was there at all. */
    readonly isOut?: boolean;
  };

/** These the specification lets a client try again (OTLP/HTTP, failures). */
const AGAIN: ReadonlySet<number> = new Set([429, 502, 503, 504]);

export class Sender<T> {
  readonly #host: SenderHost;
  readonly #options: SenderOptions;
  readonly #wire: Wire<T>;
  #reason = "";

  constructor(host: SenderHost, wire: Wire<T>, options: SenderOptions) {
    this.#host = host;
    this.#wire = wire;
    this.#options = options;
  }

  /** Why something did not arrive, last; without what may be secret. Empty when all did. */
  get reason(): string {
    return this.#reason;
  }

  /** Without a name, a password or a key. */
  get place(): string {
    return withoutUrlSecrets(this.#options.signal.url);
  }

  /** Resolves to how many of `count` items were not taken. Never rejects. */
  async send(items: T, count: number): Promise<number> {
    try {
      const attempt = await this.#deliver(this.#wire.render(items));
      if (attempt.type === "taken") return Math.min(attempt.rejected, count);
      this.#reason = attempt.reason;
    } catch (error) {
      this.#reason = this.#say(error);
    }
    return count;
  }

  async #deliver(bytes: Uint8Array<ArrayBuffer>): Promise<Attempt> {
    const { signal: { timeoutMs, isCompressed }, over } = this.#options;
    const body = isCompressed ? await compressed(bytes) : bytes;
    const stop = new AbortController();
    const onOver = (): void => stop.abort(over.reason);
    if (over.aborted) onOver();
    over.addEventListener("abort", onOver, { once: true });
    const done = new AbortController();
    this.#host.sleep(timeoutMs, done.signal).then(() => stop.abort(), () => {});
    try {
      return await this.#tryOften(body, stop.signal);
    } finally {
      over.removeEventListener("abort", onOver);
      endWait(done);
    }
  }

  async #tryOften(
    body: Uint8Array<ArrayBuffer>,
    signal: AbortSignal,
  ): Promise<Attempt> {
    const { timeoutMs } = this.#options.signal;
    const deadlineMs = this.#host.monotonicMs() + timeoutMs;
    let spent = NOTHING_SPENT;
    while (true) {
      const attempt = await this.#attempt(body, signal);
      if (attempt.type === "taken" || !attempt.canRetry) return attempt;
      if (attempt.isOut && this.#options.isEnding()) return attempt;
      const leftMs = deadlineMs - this.#host.monotonicMs();
      const plan = planRetry(
        {
          attemptsMax: LIMITS.telemetryAttempts - 1,
          baseMs: LIMITS.telemetryPauseMs,
          totalMs: leftMs,
          askedMsMax: leftMs,
        },
        spent,
        { random: this.#host.random(), askedMs: attempt.askedMs },
      );
      if (plan === undefined || plan.delayMs >= leftMs) return attempt;
      spent = plan.spent;
      await this.#host.sleep(plan.delayMs, signal);
    }
  }

  async #attempt(
    body: Uint8Array<ArrayBuffer>,
    signal: AbortSignal,
  ): Promise<Attempt> {
    let response: Response;
    try {
      response = await this.#host.fetch(this.#options.signal.url, {
        method: "POST",
        headers: this.#headers(),
        body,
        signal,
        // Elsewhere the headers are nobody's business.
        redirect: "manual",
      });
    } catch (error) {
      const isOut = !signal.aborted;
      const reason = this.#say(error);
      return { type: "failed", reason, canRetry: isOut, isOut };
    }
    const bytes = await readBytes(response.body);
    const { status } = response;
    if (status >= 200 && status < 300) return this.#taken(bytes);
    const nowMs = this.#host.now().getTime();
    return {
      type: "failed",
      reason: `it answered ${status}`,
      canRetry: AGAIN.has(status),
      askedMs: parseRetryAfter(response.headers.get("retry-after"), nowMs),
    };
  }

  #headers(): Readonly<Record<string, string>> {
    return {
      "user-agent": `${PROGRAM}/${VERSION}`,
      ...this.#options.signal.headers,
      "content-type": this.#wire.contentType,
      ...(this.#options.signal.isCompressed && { "content-encoding": "gzip" }),
    };
  }

  // An answer that is none was a yes all the same.
  #taken(answer: Uint8Array): Attempt {
    try {
      const { count, reason } = this.#wire.parseRejected(answer);
      if (count > 0) {
        // Its own words, which may hold anything.
        const why = reason === "" ? "" : `: ${visibleLine(reason, 200)}`;
        this.#reason = `it did not take all of it${why}`;
      }
      return { type: "taken", rejected: count };
    } catch {
      return { type: "taken", rejected: 0 };
    }
  }

  #say(error: unknown): string {
    if (this.#options.over.aborted) return "there was no more time";
    if (error instanceof DOMException && error.name === "AbortError") {
      return `it did not answer within ${this.#options.signal.timeoutMs} ms`;
    }
    const text = errorText(error);
    return /refused/i.test(text)
      ? "the connection was refused"
      : withoutUrlSecrets(text);
  }
}

// The start of an answer; one that breaks off has said yes or no in its first line.
async function readBytes(
  body: ReadableStream<Uint8Array<ArrayBuffer>> | null,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const part of body ?? []) {
      parts.push(part);
      length += part.length;
      if (length >= LIMITS.telemetryAnswerBytes) break;
    }
  } catch {
    // As far as it came.
  }
  return concatBytes(parts);
}

async function compressed(
  bytes: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytes]).stream()
    .pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
