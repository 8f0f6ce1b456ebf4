/** The commands of one thread that live. */
import { ToolError } from "../../core/protocol/error.ts";
import type { Host } from "../../core/protocol/host.ts";
import { LIMITS } from "../../core/protocol/limits.ts";
import type {
  CommandAttachment,
  LiveCommands,
  LiveCommandView,
} from "../../core/protocol/thread.ts";
import { renderEnded } from "./output.ts";
import { LiveSession, type LiveStart } from "./session.ts";

type LiveHost = Pick<Host, "files" | "monotonicMs" | "random" | "sleep">;

// As Codex numbers them: not guessed, and seldom used again.
const FIRST = 1_000;
const NUMBERS = 99_000;
/** Output that somebody who looks in sees at once. */
const RECENT_BYTES = 64 * 1024;

export class LiveSessions implements LiveCommands {
  readonly #host: LiveHost;
  readonly #sessions = new Map<number, LiveSession>();
  /** Numbers of those that are gone, and how they ended. */
  readonly #past = new Map<number, string>();
  readonly #recent = new Map<LiveSession, Uint8Array<ArrayBuffer>[]>();
  #isOver = false;

  constructor(host: LiveHost) {
    this.#host = host;
  }

  /** A new one, not started yet. Throws ToolError when there are too many. */
  open(start: Omit<LiveStart, "session">): LiveSession {
    const running = this.list();
    if (this.#isOver) {
      throw new ToolError("Cannot start a command: the conversation has ended");
    }
    if (this.#sessions.size >= LIMITS.liveCommands) this.#forgetOne();
    let session: number;
    do session = FIRST + Math.floor(this.#host.random() * NUMBERS); while (
      this.#sessions.has(session) || this.#past.has(session)
    );
    if (this.#sessions.size >= LIMITS.liveCommands) {
      const numbers = running.map((one) => one.session).join(", ");
      throw new ToolError(
        `Cannot start a command: ${running.length} are running (${numbers}), must be fewer than ${LIMITS.liveCommands}; end one of them with write_stdin and "chars": "\\u0003"`,
      );
    }
    const made = new LiveSession(this.#host, { ...start, session });
    this.#sessions.set(session, made);
    this.#remember(made);
    return made;
  }

  /** Throws ToolError when there is none of that number. */
  find(number: number): LiveSession {
    const found = this.#sessions.get(number);
    if (found !== undefined) return found;
    const past = this.#past.get(number);
    const running = this.list().map(({ session }) => session);
    throw new ToolError(
      past !== undefined
        ? `Cannot reach session ${number}: it ${past}`
        : `Cannot reach session ${number}: unknown, must be ${
          running.length === 0
            ? "one that exec_command named; none is running"
            : `one of ${running.join(", ")}`
        }`,
    );
  }

  /** Its end has been told, or it never went on after its call. */
  close(session: LiveSession): void {
    this.#sessions.delete(session.start.session);
    this.#recent.delete(session);
    this.#past.set(session.start.session, howEnded(session));
    const [oldest] = this.#past.keys();
    if (this.#past.size > LIMITS.liveCommands && oldest !== undefined) {
      this.#past.delete(oldest);
    }
  }

  /** What the model is to know of their number; undefined while it is no matter. */
  warning(): string | undefined {
    const { length } = this.list();
    return length < LIMITS.liveCommandsTold ? undefined : (
      `${length} of at most ${LIMITS.liveCommands} commands are running; end those that are not needed`
    );
  }

  list(): readonly LiveCommandView[] {
    const nowMs = this.#host.monotonicMs();
    return [...this.#sessions.values()].filter(({ isOver }) => !isOver)
      .map(({ start, startedMs }) => ({
        session: start.session,
        command: start.command,
        cwd: start.cwd,
        hasTerminal: start.terminal !== undefined,
        runningMs: nowMs - startedMs,
      }));
  }

  takeEnded(tokensMax: number): readonly string[] {
    const ended = [...this.#sessions.values()]
      .filter(({ isOver, isKept }) => isOver && isKept);
    return ended.map((session) => {
      this.close(session);
      return renderEnded(session, tokensMax);
    });
  }

  async end(number: number): Promise<boolean> {
    const session = this.#sessions.get(number);
    if (session === undefined || session.isOver) return false;
    await session.end();
    return true;
  }

  async endAll(): Promise<number> {
    this.#isOver = true;
    const running = this.list();
    await Promise.all(running.map(({ session }) => this.end(session)));
    return running.length;
  }

  attach(
    number: number,
    onBytes: (bytes: Uint8Array<ArrayBuffer>) => void,
  ): CommandAttachment | undefined {
    const session = this.#sessions.get(number);
    if (session === undefined || session.isOver) return undefined;
    (this.#recent.get(session) ?? []).forEach(onBytes);
    return {
      write: async (bytes) => {
        // Where nobody reads them keys wait, and whoever types need not.
        if (session.start.terminal !== undefined) void session.write(bytes);
        else if (bytes.includes(3)) await session.interrupt();
      },
      resize: (size) => void session.resize(size).catch(() => {}),
      ended: session.ended,
      detach: session.watch(onBytes),
    };
  }

  // Whoever was told of nothing else has read least of all of the oldest.
  #forgetOne(): void {
    const over = [...this.#sessions.values()].find(({ isOver }) => isOver);
    if (over !== undefined) this.close(over);
  }

  #remember(session: LiveSession): void {
    const recent: Uint8Array<ArrayBuffer>[] = [];
    let size = 0;
    this.#recent.set(session, recent);
    session.watch((bytes) => {
      recent.push(bytes.slice(-RECENT_BYTES));
      size += recent.at(-1)?.length ?? 0;
      while (size > RECENT_BYTES && recent.length > 1) {
        size -= recent.shift()?.length ?? 0;
      }
    });
  }
}

function howEnded({ result, failure }: LiveSession): string {
  return failure === ""
    ? `ended with exit code ${result?.exitCode ?? "unknown"}`
    : `failed: ${failure}`;
}
