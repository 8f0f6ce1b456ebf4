/** An answer in Markdown, rendered while it streams: a line that is out never changes. */
import { visibleText } from "../../util/text/visible_text.ts";
import { CodeView } from "./markdown_code.ts";
import { parseInline } from "./markdown_inline.ts";
import { isTableRule, renderTable } from "./markdown_table.ts";
import {
  paint,
  paintSpans,
  type RenderOptions,
  type Span,
  span,
} from "./style.ts";
import { cutSpans, wrapSpans, wrapText } from "./wrap.ts";

/** A longer line is cut in two at a space: it is rendered again with every piece. */
const LINE_MAX = 4_000;
/** A longer table is shown in parts. */
const TABLE_ROWS = 200;
// An escape sequence that has not ended would be half removed.
// deno-lint-ignore no-control-regex
const OPEN_SEQUENCE = /(?:\x1b[^A-Za-z~\x07]{0,64}|\r)$/;

/** How a line of text begins, and what stands before its continuation. */
interface Block {
  readonly first: readonly Span[];
  readonly rest: readonly Span[];
  /** Where its text begins in the line. */
  readonly from: number;
  readonly styles: readonly ("bold" | "dim" | "cyan")[];
}

/** Takes text as it comes, gives lines as they are finished. */
export class MarkdownStream {
  readonly #renderOptions: () => RenderOptions;
  readonly #isRaw: boolean;
  /** Fixed for a line of text: its finished part must not wrap again. */
  #present: RenderOptions;
  /** The line that is being written; raw. */
  #line = "";
  /** How many lines of it are out already. */
  #out = 0;
  #held = "";
  #isContinued = false;
  #code: CodeView | undefined;
  #fence = "";
  #table: string[] = [];
  #indent = "";

  /** With `isRaw` the text is only wrapped. */
  constructor(
    renderOptions: () => RenderOptions,
    options: { readonly isRaw?: boolean } = {},
  ) {
    this.#renderOptions = renderOptions;
    this.#present = renderOptions();
    this.#isRaw = options.isRaw ?? false;
  }

  /** Finished lines, painted. */
  push(text: string): readonly string[] {
    const source = this.#held + text;
    const open = OPEN_SEQUENCE.exec(source)?.index ?? source.length;
    this.#held = source.slice(open);
    const lines: string[] = [];
    const parts = visibleText(source.slice(0, open)).split("\n");
    parts.forEach((part, at) => {
      this.#line += part;
      if (at < parts.length - 1) this.#endLine(lines);
    });
    while (this.#line.length > LINE_MAX) this.#cutLine(lines);
    this.#advance(lines);
    return lines;
  }

  /** All that is left, painted. */
  end(): readonly string[] {
    const lines: string[] = [];
    this.#held = "";
    if (this.#line !== "") this.#endLine(lines);
    this.#flushTable(lines);
    this.#code = undefined;
    return lines;
  }

  /** What is not finished yet, as at most two lines to show meanwhile. */
  preview(): readonly string[] {
    const renderOptions = this.#present;
    const rows = this.#table.length;
    if (rows > 0) {
      const note = `(table, ${rows} ${rows === 1 ? "row" : "rows"})`;
      return [paint(note, renderOptions, "dim")];
    }
    if (this.#line === "") return [];
    if (this.#code !== undefined || this.#mayBeSpecial()) {
      const plain = span(this.#line.replaceAll("\t", "    "), "dim");
      const cut = cutSpans([plain], renderOptions.width);
      return [paintSpans(cut, renderOptions)];
    }
    return this.#wrapLine(true).slice(this.#out).slice(-2);
  }

  // Lines of the unfinished text that more text cannot change.
  #advance(lines: string[]): void {
    if (this.#code !== undefined || this.#line === "") return;
    if (this.#mayBeSpecial()) return;
    this.#flushTable(lines);
    const wrapped = this.#wrapLine(false);
    const done = wrapped.length - 1;
    if (done > this.#out) {
      lines.push(...wrapped.slice(this.#out, done));
      this.#out = done;
    }
  }

  #endLine(lines: string[]): void {
    if (this.#code !== undefined) this.#endCodeLine(lines);
    else if (this.#out === 0 && !this.#isContinued && this.#isSpecial(lines)) {
      // It has been dealt with.
    } else {
      this.#flushTable(lines);
      lines.push(...this.#wrapLine(true).slice(this.#out));
    }
    this.#line = "";
    this.#out = 0;
    this.#isContinued = false;
    this.#present = this.#renderOptions();
  }

  #cutLine(lines: string[]): void {
    const space = this.#line.lastIndexOf(" ", LINE_MAX);
    const at = space > LINE_MAX / 2 ? space : LINE_MAX;
    const rest = this.#line.slice(at).replace(/^ /, "");
    this.#line = this.#line.slice(0, at);
    this.#endLine(lines);
    this.#line = rest;
    this.#isContinued = true;
  }

  // Fences, rules, tables, blank lines: known by the whole line alone.
  #isSpecial(lines: string[]): boolean {
    const renderOptions = this.#present;
    const line = this.#line;
    if (this.#isRaw || line === "") return false;
    const fence = /^(\s*)(`{3,}|~{3,})\s*([^`]*)$/.exec(line);
    if (fence !== null) {
      this.#flushTable(lines);
      this.#indent = fence[1] ?? "";
      this.#fence = fence[2] ?? "";
      this.#code = new CodeView(
        (fence[3] ?? "").trim().split(/[\s{]/)[0] ?? "",
      );
      lines.push(paint(line.trim(), renderOptions, "dim"));
      return true;
    }
    if (isTableRule(line) && this.#table.length === 1) {
      this.#table.push(line);
      return true;
    }
    if (
      /^\s*\|.*\|\s*$/.test(line) ||
      this.#table.length > 1 && line.includes("|")
    ) {
      if (this.#table.length === 1) this.#flushTable(lines);
      this.#table.push(line);
      if (this.#table.length > TABLE_ROWS) this.#splitTable(lines);
      return true;
    }
    if (/^\s{0,3}([-*_])(\s*\1){2,}\s*$/.test(line)) {
      this.#flushTable(lines);
      const rule = "─".repeat(Math.min(renderOptions.width, 40));
      lines.push(paint(rule, renderOptions, "dim"));
      return true;
    }
    return false;
  }

  // The start of a line that may become one of the above.
  #mayBeSpecial(): boolean {
    if (this.#isRaw || this.#isContinued || this.#out > 0) return false;
    // Whether a line continues a table shows at its end.
    if (this.#table.length > 0) return true;
    return /^\s*([`~]{1,2}$|[`~]{3}|\||[-*_\s]*$|[-+*#>\d.)]{1,9}\s*$)/.test(
      this.#line,
    );
  }

  #endCodeLine(lines: string[]): void {
    const renderOptions = this.#present;
    const close = /^\s*(`{3,}|~{3,})\s*$/.exec(this.#line)?.[1];
    if (close?.startsWith(this.#fence)) {
      this.#code = undefined;
      lines.push(paint(close, renderOptions, "dim"));
      return;
    }
    // Code in a list item is indented with it.
    const line = this.#line.startsWith(this.#indent)
      ? this.#line.slice(this.#indent.length)
      : this.#line;
    lines.push(this.#code?.render(line, renderOptions) ?? line);
  }

  #splitTable(lines: string[]): void {
    const [head = "", rule = ""] = this.#table;
    this.#flushTable(lines);
    this.#table = [head, rule];
  }

  #flushTable(lines: string[]): void {
    const table = this.#table;
    this.#table = [];
    if (table.length >= 2 && isTableRule(table[1] ?? "")) {
      lines.push(...renderTable(table, this.#present));
      return;
    }
    for (const line of table) {
      lines.push(...wrapBlock(line, this.#present, true));
    }
  }

  #wrapLine(isWhole: boolean): readonly string[] {
    if (this.#isRaw) {
      const text = this.#line.replaceAll("\t", "    ");
      return wrapText(text, this.#present.width);
    }
    return wrapBlock(this.#line, this.#present, isWhole, this.#isContinued);
  }
}

/** A whole text at once. */
export function renderMarkdown(
  text: string,
  renderOptions: RenderOptions,
): readonly string[] {
  const stream = new MarkdownStream(() => renderOptions);
  return [...stream.push(text), ...stream.end()];
}

function wrapBlock(
  line: string,
  renderOptions: RenderOptions,
  isWhole: boolean,
  isContinued: boolean = false,
): readonly string[] {
  if (line === "") return [""];
  // An indent as wide as the window would leave no room for words.
  const indentMax = Math.floor(renderOptions.width / 2);
  const text = line.replaceAll("\t", "    ")
    .replace(/^ +/, (indent) => indent.slice(0, indentMax));
  const block = isContinued ? PLAIN_BLOCK : blockOf(text);
  const inline = parseInline(text.slice(block.from), isWhole, block.styles);
  const held = isWhole || inline.held === "" ? [] : [span("\u00a0")];
  const wrapped = wrapSpans([...inline.spans, ...held], {
    width: renderOptions.width,
    first: block.first,
    rest: block.rest,
  });
  return wrapped.map((spans) => paintSpans(spans, renderOptions));
}

const PLAIN_BLOCK: Block = { first: [], rest: [], from: 0, styles: [] };

function blockOf(text: string): Block {
  const heading = /^ {0,3}(#{1,6})\s+/.exec(text);
  if (heading !== null) {
    return {
      first: [],
      rest: [],
      from: heading[0].length,
      styles: (heading[1] ?? "").length <= 2 ? ["bold", "cyan"] : ["bold"],
    };
  }
  const quote = /^ {0,3}((?:> ?)+)/.exec(text);
  if (quote !== null) {
    const bars = [
      span("│ ".repeat((quote[1] ?? "").replace(/\s/g, "").length), "dim"),
    ];
    return { first: bars, rest: bars, from: quote[0].length, styles: [] };
  }
  const item = /^(\s*)([-*+]|\d{1,9}[.)])\s+(\[[ xX]\]\s)?/.exec(text);
  if (item === null) {
    const indent = /^ */.exec(text)?.[0] ?? "";
    const spaces = indent === "" ? [] : [span(indent)];
    return { first: spaces, rest: spaces, from: indent.length, styles: [] };
  }
  const [whole, indent = "", marker = "", box = ""] = item;
  const shown = `${indent}${/\d/.test(marker) ? marker : "•"} ${box}`;
  return {
    first: [span(shown)],
    rest: [span(" ".repeat(shown.length))],
    from: whole.length,
    styles: [],
  };
}
