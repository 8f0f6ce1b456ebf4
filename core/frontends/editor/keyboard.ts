/** The keyboard in raw mode. */
import type { Host } from "../../protocol/host.ts";
import { LIMITS } from "../../protocol/limits.ts";
import type { Terminal } from "../../protocol/terminal.ts";
import { endWait } from "../../util/async.ts";
import type { Key } from "./key.ts";
import { KeyParser, pastedText } from "./key_parser.ts";

// Bracketed paste (xterm control sequences): a paste arrives as one piece.
const PASTE_ON = "\x1b[?2004h";
const PASTE_OFF = "\x1b[?2004l";

/** Owns the modes of the terminal between `open` and `close`. */
export class Keyboard {
  readonly #terminal: Terminal;
  readonly #host: Pick<Host, "sleep">;
  readonly #parser = new KeyParser();
  #wait = new AbortController();
  /** Who gets the bytes as they are, instead; gives back what is none of theirs. */
  #other: ((bytes: Uint8Array) => Uint8Array) | undefined;
  #onKeys: ((keys: readonly Key[]) => void) | undefined;

  constructor(terminal: Terminal, host: Pick<Host, "sleep">) {
    this.#terminal = terminal;
    this.#host = host;
  }

  open(): void {
    // A crash in the middle of the live lines leaves them; the next line begins below.
    this.#terminal.stdin.setRaw(true, { undo: `${PASTE_OFF}\r\n` });
    if (this.#other === undefined) this.#terminal.stdout.write(PASTE_ON);
  }

  /** Gives the terminal back as it was; may be called twice. */
  close(): void {
    endWait(this.#wait);
    this.#terminal.stdout.write(PASTE_OFF);
    this.#terminal.stdin.setRaw(false);
  }

  /** Hands the bytes to somebody else as they come, until they are taken back. */
  lend(to: ((bytes: Uint8Array) => Uint8Array) | undefined): void {
    this.#other = to;
    this.#terminal.stdout.write(to === undefined ? PASTE_ON : PASTE_OFF);
  }

  /** Hands on every key until the input ends. */
  async pump(onKeys: (keys: readonly Key[]) => void): Promise<void> {
    this.#onKeys = onKeys;
    for (;;) {
      const chunk = await this.#terminal.stdin.read();
      endWait(this.#wait);
      if (chunk === null) return;
      let rest = chunk;
      while (rest.length > 0) {
        const ours = this.#other?.(rest) ?? rest;
        // Enter may lend the terminal to a command, whose keys are what follows.
        const end = this.#parser.endOfLine(ours);
        if (end > 0) onKeys(this.#parser.push(ours.subarray(0, end)));
        rest = ours.subarray(end);
      }
      if (this.#parser.isPending) this.#flushLater(onKeys);
    }
  }

  /**
   * Keys that whoever had the terminal has not taken, as text alone: a program, or what a
   * terminal answers to it, must not be able to send or run anything here.
   */
  paste(bytes: Uint8Array): void {
    const text = pastedText(new TextDecoder().decode(bytes)).trimEnd();
    if (text !== "") this.#onKeys?.([{ type: "paste", text }]);
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
