/** Runs one started command to its end, whatever end: output, timeout, abort, stragglers. */
import type { Child, Host, Signal } from "../../core/protocol/host.ts";
import { LIMITS } from "../../core/protocol/limits.ts";
import type { OutputCapture } from "./capture.ts";
import { endWait, withTimeout } from "../../core/util/async.ts";

interface RunOptions {
  readonly host: Pick<Host, "files" | "kill" | "monotonicMs" | "sleep">;
  readonly timeoutMs: number;
  /** Output after which it is killed. */
  readonly outputBytesMax: number;
  readonly signal: AbortSignal;
  readonly capture: OutputCapture;
  readonly onBytes?:
    | ((bytes: Uint8Array<ArrayBuffer>) => void | Promise<void>)
    | undefined;
  /** It has a terminal, whose end it understands as such. */
  readonly hasTerminal: boolean;
  /** Whether stderr carries the sandbox's own words instead of the command's. */
  readonly isStderrOurs: boolean;
  /** Whether the command is the only child of the process we started (bwrap). */
  readonly isWrapped: boolean;
  /** Ends what outlived the command; returns how many processes that were. */
  readonly reap: (pid: number) => Promise<number>;
}

export interface RunEnd {
  readonly exitCode: number;
  readonly timedOut: boolean;
  readonly aborted: boolean;
  /** Killed because it wrote more than any command may. */
  readonly flooded: boolean;
  readonly durationMs: number;
  readonly reaped: number;
  /** The sandbox's own words, when it had any. */
  readonly complaint: string;
  /** What the back end reported of the command's start, where it reports. */
  readonly report: string | undefined;
}

type Cause = "ended" | "timeout" | "abort" | "flood";

/** Exit code of a command that ran out of time, as timeout(1) has it. */
const TIMED_OUT = 124;
const COMPLAINT_BYTES = 4096;

/** Waits for the child, and ends it when it must end. */
export async function runToEnd(
  child: Child,
  options: RunOptions,
): Promise<RunEnd> {
  const { host, capture } = options;
  const startMs = host.monotonicMs();
  const watch = new AbortController();
  const flood = Promise.withResolvers<Cause>();
  const complaint: string[] = [];
  const output = new Reader(child.stdout, async (chunk) => {
    await capture.add(chunk);
    await options.onBytes?.(chunk);
    if (capture.totalBytes > options.outputBytesMax) flood.resolve("flood");
  });
  const errors = new Reader(child.stderr, async (chunk) => {
    if (!options.isStderrOurs) await capture.add(chunk);
    else if (complaint.length * 64 < COMPLAINT_BYTES) {
      complaint.push(new TextDecoder().decode(chunk.slice(0, COMPLAINT_BYTES)));
    }
  });
  const ended = child.status.then((): Cause => "ended");
  const cause = await Promise.race([
    ended,
    flood.promise,
    waitForTimeout(options, watch.signal),
    waitForAbort(options.signal, watch.signal),
  ]);
  endWait(watch);
  if (cause !== "ended") await endEarly(child, cause, options);
  const status = await child.status;
  const reaped = await endStragglers(child, [output, errors], options);
  return {
    exitCode: cause === "timeout" ? TIMED_OUT : status.code,
    timedOut: cause === "timeout",
    aborted: cause === "abort",
    flooded: cause === "flood",
    durationMs: host.monotonicMs() - startMs,
    reaped,
    complaint: complaint.join("").trim(),
    report: status.report,
  };
}

/** Reads a stream to its end in the background; may be given up. */
class Reader {
  readonly done: Promise<void>;
  readonly #reader:
    | ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>
    | undefined;

  constructor(
    stream: ReadableStream<Uint8Array<ArrayBuffer>> | undefined,
    take: (chunk: Uint8Array<ArrayBuffer>) => Promise<void>,
  ) {
    this.#reader = stream?.getReader();
    this.done = this.#read(take);
  }

  async giveUp(): Promise<void> {
    await this.#reader?.cancel().catch(() => {});
    await this.done;
  }

  async #read(
    take: (chunk: Uint8Array<ArrayBuffer>) => Promise<void>,
  ): Promise<void> {
    const reader = this.#reader;
    if (reader === undefined) return;
    for (;;) {
      // A pipe that breaks has ended.
      const piece = await reader.read().catch(() => ({
        done: true as const,
        value: undefined,
      }));
      if (piece.done) return;
      await take(piece.value);
    }
  }
}

async function waitForTimeout(
  { host, timeoutMs }: RunOptions,
  stop: AbortSignal,
): Promise<Cause> {
  await host.sleep(timeoutMs, stop).catch(() => {});
  return "timeout";
}

function waitForAbort(
  signal: AbortSignal,
  stop: AbortSignal,
): Promise<Cause> {
  const { promise, resolve } = Promise.withResolvers<Cause>();
  if (signal.aborted) resolve("abort");
  signal.addEventListener("abort", () => resolve("abort"), {
    once: true,
    signal: stop,
  });
  return promise;
}

// A polite end first, so that a build can remove its half-made files; who interrupts is
// not kept waiting for that.
async function endEarly(
  child: Child,
  cause: Exclude<Cause, "ended">,
  options: RunOptions,
): Promise<void> {
  const { host, hasTerminal } = options;
  await signalCommand(child, hasTerminal ? "SIGHUP" : "SIGTERM", options);
  const graceMs = cause === "abort"
    ? LIMITS.interruptGraceMs
    : LIMITS.killGraceMs;
  await withTimeout(child.status, graceMs, host);
  child.kill("SIGKILL", { group: true });
}

/** Signals the command's group, wherever it is. */
export async function signalCommand(
  child: Child,
  signal: Signal,
  { host, isWrapped, hasTerminal }: Pick<
    RunOptions,
    "host" | "isWrapped" | "hasTerminal"
  >,
): Promise<void> {
  // With a terminal it is in the session of bwrap.
  const inner = isWrapped && !hasTerminal
    ? await findInnerGroup(host, child.pid)
    : undefined;
  if (inner === undefined) child.kill(signal, { group: true });
  else host.kill(-inner, signal);
}

// bwrap would die of the signal and take the command with it at once. The command's own
// session was begun by bwrap's only child, so its group has that number.
async function findInnerGroup(
  host: RunOptions["host"],
  pid: number,
): Promise<number | undefined> {
  const text = await host.files.readText(`/proc/${pid}/task/${pid}/children`)
    .catch(() => "");
  const inner = Number(text.trim().split(" ")[0]);
  return inner > 0 ? inner : undefined;
}

// What still holds the pipes after the command's end gets a moment to finish writing.
async function endStragglers(
  child: Child,
  readers: readonly Reader[],
  { host, reap }: RunOptions,
): Promise<number> {
  const drained = Promise.all(readers.map(({ done }) => done));
  await withTimeout(drained, LIMITS.pipeGraceMs, host);
  const reaped = await reap(child.pid);
  child.kill("SIGKILL", { group: true });
  const end = await withTimeout(drained, LIMITS.pipeGraceMs, host);
  if (end === "timeout") {
    await Promise.all(readers.map((reader) => reader.giveUp()));
  }
  return reaped;
}
