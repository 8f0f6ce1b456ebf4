/** The terminal lent to the person's own command: its keys go there, its output comes as it is. */
import type { TerminalSize } from "../../protocol/host.ts";
import { LIMITS } from "../../protocol/limits.ts";
import type { Terminal } from "../../protocol/terminal.ts";
import type { LentTerminal } from "../conversation/services.ts";
import type { Keyboard } from "../editor/keyboard.ts";
import { TerminalModes } from "./terminal_modes.ts";

const ROWS = 24;
const NEWLINE = 0x0a;
const ENTER = 0x0d;

/** Between `begin` and `end`; a stop from outside comes between `leave` and `enter`. */
export class Loan {
  readonly #keyboard: Keyboard;
  readonly #terminal: Terminal;
  readonly #modes = new TerminalModes();
  readonly #decoder = new TextDecoder();
  /** Typed, and yet to be handed to the command. */
  readonly #waiting: Uint8Array<ArrayBuffer>[] = [];
  #isTyping = false;
  #isOver = false;
  #running: Parameters<LentTerminal["onStart"]>[0] | undefined;
  #release = (): void => {};

  constructor(keyboard: Keyboard, terminal: Terminal) {
    this.#keyboard = keyboard;
    this.#terminal = terminal;
  }

  begin(): LentTerminal {
    const { stdout } = this.#terminal;
    this.#release = this.#terminal.onSignal(
      "SIGWINCH",
      () => this.#running?.resize(sizeOf(this.#terminal)),
    );
    this.#keyboard.lend((bytes) => {
      this.#waiting.push(new Uint8Array(bytes));
      void this.#type();
      return bytes.subarray(bytes.length);
    });
    return {
      size: sizeOf(this.#terminal),
      onStart: (running) => {
        this.#running = running;
        void this.#type();
      },
      onBytes: async (bytes) => {
        const text = this.#decoder.decode(bytes, { stream: true });
        this.#modes.take(text);
        stdout.write(text);
        // What nobody has seen yet waits in the command, not here.
        if (stdout.pendingBytes > LIMITS.screenPendingBytes) {
          await stdout.flush({ timeoutMs: LIMITS.outputFlushMs });
        }
      },
    };
  }

  /** Whatever the command has left on is off again. */
  leave(): void {
    this.#terminal.stdout.write(this.#modes.takeUndo());
  }

  /** The program was stopped and goes on: its window may have another size. */
  enter(): void {
    this.#running?.resize(sizeOf(this.#terminal));
    void this.#running?.wake();
  }

  /** Gives back what was typed and not read: the keys of whoever comes next. */
  end(): Uint8Array {
    this.#isOver = true;
    this.#release();
    this.leave();
    this.#keyboard.lend(undefined);
    const unread = this.#running?.unread() ?? new Uint8Array(0);
    // The terminal has made Enter the end of a line (ICRNL).
    const keys = unread.map((byte) => byte === NEWLINE ? ENTER : byte);
    return new Uint8Array([keys, ...this.#waiting].flatMap((one) => [...one]));
  }

  // One piece at a time, so that it is known what has come to the terminal.
  async #type(): Promise<void> {
    if (this.#isTyping) return;
    this.#isTyping = true;
    while (this.#running !== undefined && !this.#isOver) {
      const bytes = this.#waiting.shift();
      if (bytes === undefined) break;
      await this.#running.write(bytes);
    }
    this.#isTyping = false;
  }
}

function sizeOf({ stdout }: Terminal): TerminalSize {
  return { rows: stdout.rows ?? ROWS, columns: stdout.columns };
}
