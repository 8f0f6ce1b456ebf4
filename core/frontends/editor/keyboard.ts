/** The keyboard in raw mode. */
import type { Host } from "../../protocol/host.ts";
import { LIMITS } from "../../protocol/limits.ts";
import type { Terminal } from "../../protocol/terminal.ts";
import type { Key } from "./key.ts";
import { KeyParser } from "./key_parser.ts";

// Bracketed paste (xterm control sequences): a paste arrives as one piece.
const PASTE_ON = "\x1b[?2004h";
const PASTE_OFF = "\x1b[?2004l";

/** Owns the modes of the terminal between `open` and `close`. */
export class Keyboard {
  readonly #terminal: Terminal;
  readonly #host: Pick<Host, "sleep">;
  readonly #parser = new KeyParser();
  #wait = new AbortController();

  constructor(terminal: Terminal, host: Pick<Host, "sleep">) {
    this.#terminal = terminal;
    this.#host = host;
  }

  open(): void {
    // A crash in the middle of the live lines leaves them; the next line begins below.
    this.#terminal.stdin.setRaw(true, { undo: `${PASTE_OFF}\r\n` });
    this.#terminal.stdout.write(PASTE_ON);
  }

  /** Gives the terminal back as it was; may be called twice. */
  close(): void {
    this.#wait.abort();
    this.#terminal.stdout.write(PASTE_OFF);
    this.#terminal.stdin.setRaw(false);
  }

  /** Hands on every key until the input ends. */
  async pump(onKeys: (keys: readonly Key[]) => void): Promise<void> {
    for (;;) {
      const chunk = await this.#terminal.stdin.read();
      this.#wait.abort();
      if (chunk === null) return;
      onKeys(this.#parser.push(chunk));
      if (this.#parser.isPending) this.#flushLater(onKeys);
    }
  }

  // A lone ESC is the key of that name when nothing follows it.
  #flushLater(onKeys: (keys: readonly Key[]) => void): void {
    this.#wait = new AbortController();
    this.#host.sleep(LIMITS.escapeMs, this.#wait.signal).then(
      () => onKeys(this.#parser.flush()),
      () => {},
    );
  }
}
