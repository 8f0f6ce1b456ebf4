/** Lines of stdin, in a terminal's own line mode or from a pipe. */
import { usageError } from "../../protocol/error.ts";
import { LIMITS } from "../../protocol/limits.ts";
import type { TerminalInput } from "../../protocol/terminal.ts";

/** One reader; lines without their ends, `\` at the end joins a line with the next. */
export class LineInput {
  readonly #stdin: TerminalInput;
  readonly #decoder = new TextDecoder();
  #text = "";
  #isOver = false;

  constructor(stdin: TerminalInput) {
    this.#stdin = stdin;
  }

  /** The next line as it stands; undefined at the end. Throws UserError when it has none. */
  async readLine(): Promise<string | undefined> {
    for (;;) {
      const at = this.#text.indexOf("\n");
      if (at >= 0) return this.#take(at, at + 1);
      if (this.#text.length > LIMITS.promptBytes) {
        throw usageError(
          `Cannot read the line: it is longer than ${LIMITS.promptBytes} bytes, so the input ends here`,
        );
      }
      if (this.#isOver) {
        return this.#text === ""
          ? undefined
          : this.#take(this.#text.length, this.#text.length);
      }
      const chunk = await this.#stdin.read();
      if (chunk === null) this.#isOver = true;
      this.#text += chunk === null
        ? this.#decoder.decode()
        : this.#decoder.decode(chunk, { stream: true });
    }
  }

  /** What was typed so far answers nothing that is asked from now on. */
  discard(): void {
    this.#text = "";
    this.#stdin.discard?.();
  }

  /** The next message: one or more lines joined by `\`. */
  async readMessage(): Promise<string | undefined> {
    let message = "";
    for (;;) {
      const line = await this.readLine();
      if (line === undefined) return message === "" ? undefined : message;
      if (!line.endsWith("\\")) return message + line;
      message += `${line.slice(0, -1)}\n`;
    }
  }

  #take(end: number, next: number): string {
    const line = this.#text.slice(0, end);
    this.#text = this.#text.slice(next);
    return line.endsWith("\r") ? line.slice(0, -1) : line;
  }
}
