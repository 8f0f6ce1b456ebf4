/** What a program has switched in the terminal and not switched back, by what it wrote. No I/O. */

// Private modes that are on where nobody has touched them (DECAWM, DECTCEM); all others are
// off (xterm control sequences, DECSET).
const ON: ReadonlySet<number> = new Set([7, 25]);

/** A sequence that is not whole yet is no longer than this. */
const SEQUENCE_CHARS = 64;

// Modes, keypad, reset of everything, keyboard protocols (kitty, modifyOtherKeys), scrolling
// region, shape of the cursor, insert mode, another set of characters.
const SEQUENCE =
  // deno-lint-ignore no-control-regex
  /\x1b(?:\[\?([\d;]+)([hl])|([=>c])|\[([<>])\d*(?:;\d+)*u|\[>4(?:;(\d+))?m|\[([\d;]*)r|\[\d* q|\[4([hl])|\(([0B]))/g;

/** Follows the output of one program. */
export class TerminalModes {
  readonly #private = new Set<number>();
  /** What undoes the rest, by what it undoes. */
  readonly #undo = new Map<string, string>();
  #keyboards = 0;
  #rest = "";
  #isLineOpen = false;

  take(text: string): void {
    if (text === "") return;
    this.#isLineOpen = !text.endsWith("\n");
    const whole = this.#rest + text;
    const at = whole.lastIndexOf("\x1b");
    this.#rest = at >= 0 && whole.length - at < SEQUENCE_CHARS
      ? whole.slice(at)
      : "";
    for (const match of whole.matchAll(SEQUENCE)) this.#follow(match);
  }

  /** Brings the terminal back to where everything is as usual, on a new line. */
  takeUndo(): string {
    const modes = [...this.#private].map((mode) =>
      `\x1b[?${mode}${ON.has(mode) ? "h" : "l"}`
    );
    const pops = this.#keyboards > 0 ? `\x1b[<${this.#keyboards}u` : "";
    const rest = [...this.#undo.values()].join("");
    const isLineOpen = this.#isLineOpen;
    this.#forget();
    this.#isLineOpen = false;
    return `${pops}${rest}${modes.join("")}\x1b[0m${isLineOpen ? "\r\n" : ""}`;
  }

  #follow(match: RegExpMatchArray): void {
    const [, modes, set, single, keyboard, otherKeys, region, insert, charset] =
      match;
    if (modes !== undefined) {
      for (const mode of modes.split(";").map(Number)) {
        if ((set === "h") === ON.has(mode)) this.#private.delete(mode);
        else this.#private.add(mode);
      }
    } else if (single === "c") this.#forget();
    else if (single !== undefined) {
      this.#keep("keypad", single === "=" ? "\x1b>" : "");
    } else if (keyboard !== undefined) {
      this.#keyboards = Math.max(
        0,
        this.#keyboards + (keyboard === ">" ? 1 : -1),
      );
    } else if (match[0].startsWith("\x1b[>4")) {
      this.#keep("keys", Number(otherKeys ?? 0) > 0 ? "\x1b[>4;0m" : "");
    } else if (region !== undefined) {
      // It moves the cursor, which belongs where it is (DECSC, DECRC).
      this.#keep("region", region === "" ? "" : "\x1b7\x1b[r\x1b8");
    } else if (insert !== undefined) {
      this.#keep("insert", insert === "h" ? "\x1b[4l" : "");
    } else if (charset !== undefined) {
      this.#keep("charset", charset === "0" ? "\x1b(B" : "");
    } else this.#keep("cursor", "\x1b[0 q");
  }

  #keep(name: string, undo: string): void {
    if (undo === "") this.#undo.delete(name);
    else this.#undo.set(name, undo);
  }

  #forget(): void {
    this.#private.clear();
    this.#undo.clear();
    this.#keyboards = 0;
  }
}
