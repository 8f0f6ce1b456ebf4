/** What exec waits for, on stderr: one line that redraws itself, or plain lines now and then. */
import type { Event } from "../../protocol/event.ts";
import type { Host } from "../../protocol/host.ts";
import { LIMITS } from "../../protocol/limits.ts";
import type { Terminal } from "../../protocol/terminal.ts";
import { displayWidth } from "../../util/text/width.ts";
import { renderStatusLine, StatusTracker } from "../render/status_line.ts";

type WaitHost = Pick<Host, "kill" | "monotonicMs" | "sleep">;

const TICK_MS = 1_000;
/** Where nothing can be redrawn: the first line of a wait, and those after it. */
const FIRST_MS = 10_000;
const NEXT_MS = 30_000;

/** Owns stderr between two lines of it; nothing of what it draws stays there. */
export class WaitLine {
  readonly #host: WaitHost;
  readonly #terminal: Terminal;
  readonly #hasColor: boolean;
  readonly #isRedrawn: boolean;
  readonly #status = new StatusTracker();
  readonly #over = new AbortController();
  #release = (): void => {};
  /** Columns of what stands there; 0 when nothing does. */
  #width = 0;
  #told = { sinceMs: 0, nextMs: FIRST_MS };

  constructor(
    host: WaitHost,
    terminal: Terminal,
    { hasColor }: { readonly hasColor: boolean },
  ) {
    const kind = terminal.env("TERM") ?? "";
    this.#host = host;
    this.#terminal = terminal;
    this.#hasColor = hasColor;
    this.#isRedrawn = terminal.stderr.isTty && kind !== "" && kind !== "dumb";
    if (this.#isRedrawn) this.#listen();
    void this.#tick();
  }

  take(event: Event): void {
    this.#status.take(event, this.#host.monotonicMs());
  }

  /** Lines that stay. */
  write(text: string): void {
    if (text === "") return;
    const isDrawn = this.#width > 0;
    this.#clear();
    this.#terminal.stderr.write(text);
    if (isDrawn) this.#draw();
  }

  /** Takes it away for good, and stops its clock. */
  close(): void {
    this.#over.abort();
    this.#release();
    this.#clear();
  }

  async #tick(): Promise<void> {
    try {
      for (;;) {
        await this.#host.sleep(TICK_MS, this.#over.signal);
        if (this.#isRedrawn) this.#draw();
        else this.#tell();
      }
    } catch {
      // It was closed.
    }
  }

  #draw(): void {
    const { columns } = this.#terminal.stderr;
    // The last column stays free: terminals differ in when they break there.
    const line = this.#render(Math.max(10, columns - 1), "Ctrl-C stops");
    this.#clear();
    if (line === "") return;
    this.#width = displayWidth(line);
    this.#terminal.stderr.write(line);
  }

  #clear(): void {
    if (this.#width === 0) return;
    // A window that has become narrower has broken the line.
    const { columns } = this.#terminal.stderr;
    const above = Math.ceil(this.#width / Math.max(1, columns)) - 1;
    this.#width = 0;
    this.#terminal.stderr.write(
      `${above > 0 ? `\x1b[${above}A` : ""}\r\x1b[J`,
    );
  }

  #tell(): void {
    const { sinceMs } = this.#status;
    if (this.#told.sinceMs !== sinceMs) {
      this.#told = { sinceMs, nextMs: FIRST_MS };
    }
    if (this.#host.monotonicMs() - sinceMs < this.#told.nextMs) return;
    this.#told = { sinceMs, nextMs: this.#told.nextMs + NEXT_MS };
    const line = this.#render(Infinity, "");
    if (line !== "") this.#terminal.stderr.write(`${line}\n`);
  }

  #render(width: number, hint: string): string {
    const { phase, sinceMs, tail, tokens } = this.#status;
    if (phase === "") return "";
    const forMs = this.#host.monotonicMs() - sinceMs;
    return renderStatusLine({ phase, forMs, tail, tokens, hint }, {
      hasColor: this.#hasColor,
      width,
    });
  }

  // A program that is stopped leaves a clean line to the shell.
  #listen(): void {
    this.#release = this.#terminal.onSignal(
      "SIGTSTP",
      () => void this.#suspend(),
    );
  }

  async #suspend(): Promise<void> {
    const { stderr } = this.#terminal;
    this.#release();
    this.#clear();
    await stderr.flush({ timeoutMs: LIMITS.outputFlushMs });
    // With the whole group, as a key would (0, kill(2)).
    this.#host.kill(0, "SIGTSTP");
    try {
      await this.#host.sleep(LIMITS.frameMs, this.#over.signal);
      this.#listen();
    } catch {
      // The run has ended meanwhile.
    }
  }
}
