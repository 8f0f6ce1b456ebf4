/** One command that lives: what it has said since it was last read, and how it ended. */
import type {
  CapturedOutput,
  CommandResult,
  HeldCommand,
  RunningCommand,
} from "../../core/protocol/command.ts";
import { errorText } from "../../core/protocol/error.ts";
import { LIMITS } from "../../core/protocol/limits.ts";
import type { Host, TerminalSize } from "../../core/protocol/host.ts";
import type { SandboxPolicy } from "../../core/protocol/policy.ts";
import { withTimeout } from "../../core/util/async.ts";
import { UnreadOutput } from "./unread.ts";

export interface LiveStart {
  readonly session: number;
  /** In words. */
  readonly command: string;
  readonly cwd: string;
  readonly terminal?: TerminalSize;
}

export class LiveSession {
  readonly start: LiveStart;
  readonly startedMs: number;
  /** What confines it; undefined when nothing does. */
  policy: SandboxPolicy | undefined;
  /** The thread's own folder when it was started. */
  workspace = "";
  /** File with its whole output; undefined where none can be kept. */
  outputPath: string | undefined;
  /** Its end is to be told: it went on after its call. */
  isKept = false;
  readonly #host: Pick<Host, "files" | "monotonicMs" | "sleep">;
  readonly #unread: UnreadOutput;
  readonly #stop = new AbortController();
  readonly #watchers = new Set<(bytes: Uint8Array<ArrayBuffer>) => void>();
  #running: Promise<RunningCommand> = Promise.reject(new Error("not started"));
  #ended: Promise<unknown> = Promise.resolve();
  #result: CommandResult | undefined;
  #failure = "";
  #totalBytes = 0;
  #isOver = false;

  constructor(
    host: Pick<Host, "files" | "monotonicMs" | "sleep">,
    start: LiveStart,
  ) {
    this.#host = host;
    this.start = start;
    this.startedMs = host.monotonicMs();
    this.#unread = new UnreadOutput(host.files);
    this.#running.catch(() => {});
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** How it ended; undefined while it runs, and when it could not be run to its end. */
  get result(): CommandResult | undefined {
    return this.#result;
  }

  /** Why it could not be run to its end. */
  get failure(): string {
    return this.#failure;
  }

  get unreadBytes(): number {
    return this.#unread.bytes;
  }

  /** Resolves when it has ended, however. */
  get ended(): Promise<unknown> {
    return this.#ended;
  }

  /** What the gate is to do with it. */
  held(
    hold: HeldCommand["hold"],
    warn: (message: string) => void = () => {},
  ): HeldCommand {
    const { terminal } = this.start;
    return {
      ...(terminal !== undefined && { terminal }),
      signal: this.#stop.signal,
      onPutBack: (lines) => {
        const whose = `While session ${this.start.session} lives on`;
        for (const line of lines) warn(`${whose}: ${line}`);
      },
      onBytes: (bytes) => {
        this.#totalBytes += bytes.length;
        this.#unread.push(bytes);
        for (const watcher of this.#watchers) watcher(bytes);
      },
      hold: (command) => {
        // A second time when it is tried again without the sandbox.
        this.#unread.take({ isEnd: true });
        this.#totalBytes = 0;
        this.policy = command.policy;
        this.workspace = command.workspace;
        this.#running = command.running;
        this.#isOver = false;
        this.#ended = command.result.then(
          (result) => {
            this.#result = result;
          },
          (error) => {
            this.#failure = errorText(error);
          },
        ).finally(() => {
          this.#isOver = true;
        });
        return hold(command);
      },
    };
  }

  /** Waits for its end, no longer than stated and not past an interrupt. */
  async wait(ms: number, signal: AbortSignal): Promise<void> {
    await this.#within(this.#ended, ms, signal);
  }

  async #within(
    work: Promise<unknown>,
    ms: number,
    signal: AbortSignal,
  ): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const onAbort = (): void => resolve();
    if (signal.aborted) resolve();
    signal.addEventListener("abort", onAbort, { once: true });
    await withTimeout(Promise.race([work, promise]), ms, this.#host);
    signal.removeEventListener("abort", onAbort);
  }

  /** Output since the last time. */
  take(): CapturedOutput {
    const taken = this.#unread.take({ isEnd: this.#isOver });
    const path = this.#result?.output.spoolPath ?? this.outputPath;
    if (path === undefined) return taken;
    const { isSpoolCut = false } = this.#result?.output ?? {};
    const isSpoolEnd = this.#totalBytes > LIMITS.spoolBytes / 2;
    return { ...taken, spoolPath: path, isSpoolCut, isSpoolEnd };
  }

  async write(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    await (await this.#running).write(bytes);
  }

  /**
   * The same, no longer than stated and not past an interrupt; false when its terminal is
   * full, since it does not read: the rest waits there for it.
   */
  async type(
    bytes: Uint8Array<ArrayBuffer>,
    ms: number,
    signal: AbortSignal,
  ): Promise<boolean> {
    let isTaken = false;
    const typed = this.write(bytes).then(() => {
      isTaken = true;
    });
    typed.catch(() => {});
    await this.#within(typed, ms, signal);
    return isTaken;
  }

  async interrupt(): Promise<void> {
    await (await this.#running).interrupt();
  }

  async resize(size: TerminalSize): Promise<void> {
    (await this.#running).resize(size);
  }

  /** From here on it outlives its call, and all it says is kept. */
  async keep(): Promise<void> {
    this.isKept = true;
    this.outputPath = await (await this.#running).keepOutput();
  }

  /** Calls for every piece of output from here on. */
  watch(watcher: (bytes: Uint8Array<ArrayBuffer>) => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  /** Ends it, and waits for that. */
  async end(): Promise<void> {
    this.#stop.abort(new DOMException("ended", "AbortError"));
    await this.#ended;
  }
}
