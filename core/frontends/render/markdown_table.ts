/** Markdown tables, fitted to the width. Pure. */
import { parseInline } from "./markdown_inline.ts";
import { paint, paintSpans, type RenderOptions, type Span } from "./style.ts";
import { widthOf, wrapSpans } from "./wrap.ts";

type Align = "left" | "right" | "center";

/** Narrower columns are not worth reading: the table becomes a list. */
const COLUMN_MIN = 6;
const GAP = 2;

/** Whether a line is the rule below the head of a table. */
export function isTableRule(line: string): boolean {
  return /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/.test(line) &&
    line.includes("|");
}

/** The cells of a row; `\|` and bars in code are no borders. */
function splitRow(line: string): readonly string[] {
  const inner = line.trim().replace(/^\|/, "").replace(/(^|[^\\])\|$/, "$1");
  const cells: string[] = [];
  let cell = "";
  let isCode = false;
  for (let at = 0; at < inner.length; at++) {
    const char = inner[at] ?? "";
    if (char === "\\" && inner[at + 1] === "|") {
      cell += "|";
      at++;
    } else if (char === "|" && !isCode) {
      cells.push(cell.trim());
      cell = "";
    } else {
      if (char === "`") isCode = !isCode;
      cell += char;
    }
  }
  return [...cells, cell.trim()];
}

/** The table as lines that fit the width; head, rule, rows as they are in the text. */
export function renderTable(
  lines: readonly string[],
  options: RenderOptions,
): readonly string[] {
  const [head = "", rule = "", ...body] = lines;
  const columns = splitRow(head).length;
  const rows = [head, ...body].map((line) => toCells(line, columns));
  const aligns = splitRow(rule).map(alignOf);
  const widths = fitWidths(rows, options.width - GAP * (columns - 1));
  if (widths === undefined) return renderList(rows, options);
  const line = widths.map((width) => "─".repeat(width)).join("  ");
  const [first = [], ...rest] = rows.map((row) =>
    renderRow(row, widths, aligns, options)
  );
  return [
    ...first.map((text) => paint(text, options, "bold")),
    paint(line, options, "dim"),
    ...rest.flat(),
  ];
}

type Cells = readonly (readonly Span[])[];

function toCells(line: string, columns: number): Cells {
  const cells = splitRow(line).slice(0, columns);
  while (cells.length < columns) (cells as string[]).push("");
  return cells.map((cell) => parseInline(cell, true).spans);
}

function alignOf(cell: string): Align {
  if (!cell.endsWith(":")) return "left";
  return cell.startsWith(":") ? "center" : "right";
}

// Each column gets what it wants; where that is too much the widest ones give way.
function fitWidths(
  rows: readonly Cells[],
  room: number,
): readonly number[] | undefined {
  const count = rows[0]?.length ?? 0;
  const widths = Array.from(
    { length: count },
    (_, at) => Math.max(1, ...rows.map((row) => widthOf(row[at] ?? []))),
  );
  if (room < count * COLUMN_MIN && sum(widths) > room) return undefined;
  for (let over = sum(widths) - room; over > 0;) {
    const widest = Math.max(...widths);
    const wide = widths.filter((one) => one === widest).length;
    const next = Math.max(0, ...widths.filter((one) => one < widest));
    const step = Math.min(widest - next, Math.ceil(over / wide));
    for (let at = 0; at < count && over > 0; at++) {
      if (widths[at] !== widest) continue;
      const cut = Math.min(step, over);
      widths[at] = widest - cut;
      over -= cut;
    }
  }
  return widths;
}

function renderRow(
  row: Cells,
  widths: readonly number[],
  aligns: readonly Align[],
  options: RenderOptions,
): readonly string[] {
  const cells = row.map((cell, at) =>
    wrapSpans(cell, { width: widths[at] ?? 1 })
  );
  const height = Math.max(1, ...cells.map((lines) => lines.length));
  return Array.from({ length: height }, (_, line) =>
    cells.map((lines, at) => {
      const spans = lines[line] ?? [];
      const space = (widths[at] ?? 0) - widthOf(spans);
      return pad(paintSpans(spans, options), space, aligns[at] ?? "left");
    }).join(" ".repeat(GAP)).trimEnd());
}

function pad(text: string, space: number, align: Align): string {
  const room = Math.max(0, space);
  const before = align === "left"
    ? 0
    : align === "right"
    ? room
    : Math.floor(room / 2);
  return " ".repeat(before) + text + " ".repeat(room - before);
}

function renderList(
  rows: readonly Cells[],
  options: RenderOptions,
): readonly string[] {
  const [head = [], ...body] = rows;
  return body.flatMap((row, number) => [
    ...(number === 0 ? [] : [""]),
    ...row.flatMap((cell, at) => {
      const name = (head[at] ?? []).map((one): Span => ({
        text: one.text,
        styles: ["bold"],
      }));
      const spans = [...name, { text: ": ", styles: [] }, ...cell];
      return wrapSpans(spans, {
        width: options.width,
        rest: [{ text: "  ", styles: [] }],
      }).map((line) => paintSpans(line, options));
    }),
  ]);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
