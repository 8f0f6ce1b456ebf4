/** A small terminal: what stands on it after what was written. */
import { displayWidth } from "../../../../core/util/text/width.ts";
import { graphemes } from "../../../../core/util/text/graphemes.ts";

/**
 * Knows what the program writes and throws on anything else, and on moving to where it
 * has scrolled off. Keeps all that ever stood on it.
 */
export class ScreenEmulator {
  readonly rows: string[][] = [[]];
  /** How each cell is drawn: the parameters of SGR that hold for it, `1;32`. */
  readonly styles: string[][] = [[]];
  row = 0;
  column = 0;
  #style: readonly string[] = [];

  constructor(public columns: number, readonly height: number = 24) {}

  write(text: string): void {
    let rest = text;
    while (rest !== "") {
      // deno-lint-ignore no-control-regex
      const sequence = /^\x1b\[(\??[\d;]*)([A-Za-z])/.exec(rest);
      if (sequence !== null) {
        this.#control(sequence[1] ?? "", sequence[2] ?? "");
        rest = rest.slice(sequence[0].length);
        continue;
      }
      const [first = ""] = graphemes(rest.slice(0, 64));
      if (first === "\r\n") {
        this.column = 0;
        this.#down();
      } else if (first === "\r") this.column = 0;
      else if (first === "\n") this.#down();
      else if (first < " ") {
        throw new Error(`unknown ${JSON.stringify(rest.slice(0, 9))}`);
      } else this.#put(first);
      rest = rest.slice(first.length);
    }
  }

  /** All lines, without what is blank at their ends and at the end of all. */
  text(): string {
    return this.rows.map((row) => row.join("").trimEnd()).join("\n").trimEnd();
  }

  #put(grapheme: string): void {
    const width = displayWidth(grapheme);
    if (this.column + width > this.columns) {
      this.column = 0;
      this.#down();
    }
    const row = this.rows[this.row] ?? [];
    while (row.length < this.column) row.push(" ");
    row[this.column] = grapheme;
    (this.styles[this.row] ??= [])[this.column] = this.#style.join(";");
    if (width === 2) row[this.column + 1] = "";
    this.column += width;
  }

  #down(): void {
    this.row++;
    if (this.rows[this.row] === undefined) this.rows[this.row] = [];
  }

  #control(parameters: string, final: string): void {
    const count = Number(parameters) || 1;
    const row = this.rows[this.row] ?? [];
    switch (final) {
      case "A":
        if (this.row - count < Math.max(0, this.rows.length - this.height)) {
          throw new Error("above the top");
        }
        this.row -= count;
        return;
      case "B":
        if (this.row + count >= this.rows.length) {
          throw new Error("below the end");
        }
        this.row += count;
        return;
      case "C":
        this.column += count;
        return;
      case "K":
        row.length = Math.min(row.length, this.column);
        return;
      case "J":
        row.length = Math.min(row.length, this.column);
        this.rows.length = this.row + 1;
        return;
      case "m":
        this.#draw(parameters.split(";"));
        return;
      case "h":
      case "l":
        return;
      default:
        throw new Error(`unknown CSI ${parameters}${final}`);
    }
  }

  #draw(parameters: readonly string[]): void {
    const isReset = /^0?$/.test(parameters[0] ?? "");
    this.#style = isReset ? [] : [...this.#style, ...parameters];
  }
}
