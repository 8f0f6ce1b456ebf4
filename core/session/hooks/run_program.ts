/** Runs one of the user's programs to its end: bounded output, bounded time, group killed. */
import { errorText } from "../../protocol/error.ts";
import type { Child, Host } from "../../protocol/host.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { orAbort, withTimeout } from "../../util/async.ts";

export interface ProgramRequest {
  readonly argv: readonly string[];
  readonly cwd: string;
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly stdin?: string;
  readonly timeoutMs: number;
  /** Of each stream; what comes after is read and dropped. */
  readonly outputBytesMax: number;
  readonly signal?: AbortSignal;
}

export interface ProgramResult {
  /** 127 when it could not be started; the reason is in `stderr` then. */
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Why it was ended before it ended itself. */
  readonly stopped?: "timeout" | "aborted";
}

type ProgramHost = Pick<Host, "spawn" | "sleep">;

/** Never throws for what the program does; a program that cannot be started has 127. */
export async function runProgram(
  host: ProgramHost,
  request: ProgramRequest,
): Promise<ProgramResult> {
  let child: Child;
  try {
    child = start(host, request);
  } catch (error) {
    return { exitCode: 127, stdout: "", stderr: errorText(error) };
  }
  const stdout = new BoundedText(child.stdout, request.outputBytesMax);
  const stderr = new BoundedText(child.stderr, request.outputBytesMax);
  const stopped = await waitForEnd(host, child, request);
  const { code } = await child.status;
  // A grandchild may hold the pipes open for ever.
  const read = Promise.all([stdout.done, stderr.done]);
  await withTimeout(read, LIMITS.pipeGraceMs, host);
  return {
    exitCode: code,
    stdout: await stdout.close(),
    stderr: await stderr.close(),
    ...(stopped !== undefined && { stopped }),
  };
}

function start(host: ProgramHost, request: ProgramRequest): Child {
  const [command = "", ...args] = request.argv;
  return host.spawn({
    command,
    args,
    cwd: request.cwd,
    env: request.env,
    stdin: request.stdin === undefined
      ? "null"
      : new TextEncoder().encode(request.stdin),
    stdout: "pipe",
    stderr: "pipe",
    detached: true,
  });
}

async function waitForEnd(
  host: ProgramHost,
  child: Child,
  { signal, timeoutMs }: ProgramRequest,
): Promise<ProgramResult["stopped"]> {
  const ended = orAbort(child.status, signal)
    .then(() => undefined, () => "aborted" as const);
  const stopped = await withTimeout(ended, timeoutMs, host);
  if (stopped !== undefined) await killGroup(host, child);
  return stopped;
}

async function killGroup(host: ProgramHost, child: Child): Promise<void> {
  child.kill("SIGTERM", { group: true });
  await withTimeout(child.status, LIMITS.killGraceMs, host);
  // Also for what its leader has left behind.
  child.kill("SIGKILL", { group: true });
}

/** The start of a stream as text; the rest is read, so that the program never blocks on a full pipe. */
class BoundedText {
  readonly done: Promise<void>;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>;
  readonly #bytesMax: number;
  readonly #decoder = new TextDecoder();
  #text = "";
  #bytes = 0;

  constructor(
    stream: ReadableStream<Uint8Array<ArrayBuffer>> | undefined,
    bytesMax: number,
  ) {
    this.#reader = (stream ?? new Blob().stream()).getReader();
    this.#bytesMax = bytesMax;
    this.done = this.#read().catch(() => {});
  }

  async close(): Promise<string> {
    await this.#reader.cancel().catch(() => {});
    await this.done;
    return this.#text;
  }

  async #read(): Promise<void> {
    for (;;) {
      const { done, value } = await this.#reader.read();
      if (done) break;
      const room = this.#bytesMax - this.#bytes;
      this.#bytes += value.length;
      if (room <= 0) continue;
      this.#text += this.#decoder.decode(value.subarray(0, room), {
        stream: true,
      });
    }
  }
}
