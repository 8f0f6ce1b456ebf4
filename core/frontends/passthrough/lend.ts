/** The terminal lent to the person's own command: its keys go there, its output comes as it is. */
import type { TerminalSize } from "../../protocol/host.ts";
import { LIMITS } from "../../protocol/limits.ts";
import type { Terminal } from "../../protocol/terminal.ts";
import type { LentTerminal } from "../conversation/services.ts";
import type { Keyboard } from "../editor/keyboard.ts";
import { TerminalModes } from "./terminal_modes.ts";

const ROWS = 24;

/** Between `begin` and `end`; a stop from outside comes between `leave` and `enter`. */
export class Loan {
  readonly #keyboard: Keyboard;
  readonly #terminal: Terminal;
  readonly #modes = new TerminalModes();
  readonly #decoder = new TextDecoder();
  /** Typed before the command could take it. */
  readonly #early: Uint8Array<ArrayBuffer>[] = [];
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
      this.#type(new Uint8Array(bytes));
      return bytes.subarray(bytes.length);
    });
    return {
      size: sizeOf(this.#terminal),
      onStart: (running) => {
        this.#running = running;
        this.#early.splice(0).forEach((bytes) => this.#type(bytes));
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

  end(): void {
    this.#release();
    this.leave();
    this.#keyboard.lend(undefined);
  }

  #type(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#running === undefined) this.#early.push(bytes);
    else void this.#running.write(bytes);
  }
}

function sizeOf({ stdout }: Terminal): TerminalSize {
  return { rows: stdout.rows ?? ROWS, columns: stdout.columns };
}
