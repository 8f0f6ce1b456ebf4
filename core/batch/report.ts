/** The results of a batch for people: a table, and a page that stands alone. Pure. */
import type { BatchResult } from "../contract/batch.ts";
import { headBytes } from "../util/text/text.ts";
import { visibleLine, visibleText } from "../util/text/visible_text.ts";

const HEADS = ["task", "status", "exit", "attempts", "tokens", "patch"];

/** A row of the table. */
export function reportCells(result: BatchResult): readonly string[] {
  const { input_tokens: input, output_tokens: output } = result.usage;
  return [
    result.id,
    result.status,
    String(result.exit_code),
    String(result.attempts),
    String(input + output),
    result.patch ?? "",
  ];
}

/** Rows under their heads, in columns. */
export function renderTable(
  rows: readonly (readonly string[])[],
): readonly string[] {
  const all = [
    HEADS,
    ...rows.map((row) => row.map((cell) => visibleLine(cell))),
  ];
  const widths = HEADS.map((_, at) =>
    Math.max(...all.map((row) => (row[at] ?? "").length))
  );
  return all.map((row) =>
    row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join("  ").trimEnd()
  );
}

/** Of a message, and of a patch, on the page. */
const SHOWN_BYTES = 256 * 1024;

const STYLE = `body{font:14px/1.5 system-ui,sans-serif;margin:2em auto;` +
  `max-width:70em;padding:0 1em}table{border-collapse:collapse}` +
  `td,th{padding:.2em 1em .2em 0;text-align:left}` +
  `pre{background:#f4f4f4;padding:1em;overflow:auto}` +
  `.bad{color:#a00}ins{color:#060;text-decoration:none}` +
  `del{color:#a00;text-decoration:none}`;

/** The beginning of the page, up to the first task. */
export function renderPageHead(
  rows: readonly (readonly string[])[],
): string {
  const done = rows.filter((row) => row[2] === "0").length;
  const heads = HEADS.map((head) => `<th>${head}</th>`).join("");
  const lines = rows.map((row) => {
    const [id = "", ...rest] = row;
    const link = `<td><a href="#${escape(id)}">${escape(id)}</a></td>`;
    const cells = rest.map((cell) => `<td>${escape(cell)}</td>`).join("");
    return `<tr${row[2] === "0" ? "" : ' class="bad"'}>${link}${cells}</tr>`;
  });
  return [
    "<!doctype html>",
    '<html lang="en"><head><meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`,
    `<title>Batch</title><style>${STYLE}</style></head><body>`,
    `<h1>${done} of ${rows.length} tasks done</h1>`,
    `<table><tr>${heads}</tr>`,
    ...lines,
    "</table>",
    "",
  ].join("\n");
}

/** What one task came to. */
export function renderPageTask(
  result: BatchResult,
  patch: string | undefined,
): string {
  const { id, status, exit_code: code, message, error } = result;
  const isGood = code === 0;
  return [
    `<h2 id="${escape(id)}"${isGood ? "" : ' class="bad"'}>${escape(id)}</h2>`,
    `<p>${escape(status)}, exit ${code}</p>`,
    ...(error === null ? [] : [`<p class="bad">${shown(error.message)}</p>`]),
    ...(message === null ? [] : [`<pre>${shown(message)}</pre>`]),
    ...(patch === undefined ? [] : [
      `<details open><summary>${escape(result.patch ?? "")}</summary>`,
      `<pre>${shownPatch(patch)}</pre></details>`,
    ]),
    "",
  ].join("\n");
}

/** The end of the page. */
export const PAGE_END = "</body></html>\n";

function shown(text: string): string {
  const cut = headBytes(text, SHOWN_BYTES);
  return escape(visibleText(cut)) + (cut === text ? "" : "\n…");
}

function shownPatch(patch: string): string {
  return shown(patch).split("\n").map((line) => {
    if (/^\+(?!\+\+ )/.test(line)) return `<ins>${line}</ins>`;
    return /^-(?!-- )/.test(line) ? `<del>${line}</del>` : line;
  }).join("\n");
}

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (char) => ESCAPES[char] ?? char);
}
