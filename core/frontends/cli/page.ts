/** A page of reference: for terminals as columns, for readers of files as Markdown. Pure. */
import { columns, wrapParagraphs } from "./columns.ts";

export interface PageRow {
  /** What is explained, as it is typed. */
  readonly name: string;
  /** What it takes or is, in a few words. */
  readonly type?: string;
  readonly text: string;
}

export interface PageSection {
  readonly title: string;
  readonly about?: string;
  readonly rows: readonly PageRow[];
}

export interface Page {
  readonly title: string;
  /** Paragraphs, with an empty line between them. */
  readonly about: string;
  readonly sections: readonly PageSection[];
}

/** The page in 80 columns. */
export function renderPageText(page: Page): string {
  const parts = page.sections.map(({ title, about, rows }) =>
    columns(
      about === undefined ? title : `${title} - ${about}`,
      rows.map((row): [string, string] => [row.name, sayRow(row)]),
    )
  );
  return [page.title, wrapParagraphs(page.about), ...parts].join("\n\n") + "\n";
}

/** The page as Markdown; `deno fmt` gives it its lines. */
export function renderPageMarkdown(page: Page): string {
  const parts = page.sections.flatMap(({ title, about, rows }) => [
    `## ${escape(title)}`,
    ...(about === undefined ? [] : [escape(about)]),
    rows.map(markdownRow).join("\n"),
  ]);
  return [
    `# ${page.title}`,
    escape(page.about),
    ...parts,
  ].join("\n\n") + "\n";
}

function sayRow({ type, text }: PageRow): string {
  return [type, text].filter((one) => one !== undefined && one !== "")
    .join(": ");
}

function markdownRow({ name, type, text }: PageRow): string {
  const head = type === undefined || type === ""
    ? `- \`${name}\``
    : `- \`${name}\` (${escape(type)})`;
  return text === "" ? head : `${head}: ${escape(text)}`;
}

// Signs that Markdown would take for its own, outside of code.
function escape(text: string): string {
  return text.split(/(`[^`]*`)/).map((part, at) =>
    at % 2 === 1 ? part : part.replaceAll(/[\\*_<>|[\]]/g, "\\$&")
  ).join("");
}
