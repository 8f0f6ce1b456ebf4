/** The terminal: finished lines scroll up, a few live ones stay below them. */
import { displayWidth } from "../../util/text/width.ts";
import type { TerminalOutput } from "../../protocol/terminal.ts";

/** What stands below everything that is finished. Lines are narrower than the window. */
export interface LiveArea {
  readonly lines: readonly string[];
  /** Where the cursor belongs; from 0. */
  readonly row: number;
  readonly column: number;
}

const EMPTY: LiveArea = { lines: [""], row: 0, column: 0 };

/** Moves only inside the live lines: nothing that scrolled by is written again. */
export class Screen {
  readonly #output: TerminalOutput;
  #live: LiveArea = EMPTY;

  constructor(output: TerminalOutput) {
    this.#output = output;
  }

  /** Finished lines, then the live ones, in one write; false when the terminal is gone. */
  paint(printed: readonly string[], live: LiveArea): boolean {
    const next = live.lines.length === 0 ? EMPTY : live;
    const isSame = printed.length === 0 &&
      next.lines.length === this.#live.lines.length;
    const text = isSame ? this.#update(next) : this.#replace(printed, next);
    this.#live = next;
    return this.#output.write(text);
  }

  /** Takes the live lines away; the cursor stands where they began. */
  clear(): void {
    const text = `${this.#toTop()}\x1b[J`;
    this.#live = EMPTY;
    this.#output.write(text);
  }

  /** Takes everything away that can be seen; the scrollback stays. */
  wipe(): void {
    this.#live = EMPTY;
    this.#output.write("\x1b[H\x1b[2J");
  }

  /** The window has other columns: terminals have wrapped the live lines again. */
  resized(columns: number): void {
    const above = this.#live.lines.slice(0, this.#live.row)
      .reduce((rows, line) => rows + rowsOf(displayWidth(line), columns), 0);
    const row = above + Math.floor(this.#live.column / Math.max(1, columns));
    // No line is what it was.
    this.#live = { lines: [], row, column: 0 };
  }

  #update(next: LiveArea): string {
    let text = "";
    let row = this.#live.row;
    next.lines.forEach((line, at) => {
      if (line === this.#live.lines[at]) return;
      text += `${moveRows(row, at)}\r${line}\x1b[K`;
      row = at;
    });
    const isStill = text === "" && row === next.row &&
      this.#live.column === next.column;
    return isStill
      ? ""
      : text + moveRows(row, next.row) + toColumn(next.column);
  }

  #replace(printed: readonly string[], next: LiveArea): string {
    const above = printed.map((line) => `${line}\r\n`).join("");
    return `${this.#toTop()}\x1b[J${above}${next.lines.join("\r\n")}${
      moveRows(next.lines.length - 1, next.row)
    }${toColumn(next.column)}`;
  }

  #toTop(): string {
    return `${moveRows(this.#live.row, 0)}\r`;
  }
}

function rowsOf(width: number, columns: number): number {
  return Math.max(1, Math.ceil(width / Math.max(1, columns)));
}

// CUU and CUD (ECMA-48 8.3.22, 8.3.19).
function moveRows(from: number, to: number): string {
  if (from === to) return "";
  return from > to ? `\x1b[${from - to}A` : `\x1b[${to - from}B`;
}

function toColumn(column: number): string {
  return column === 0 ? "\r" : `\r\x1b[${column}C`;
}
