/** Where new keys and tables go in a TOML text: into their table, else at its end. */
import {
  isTable,
  renderTomlKey,
  renderTomlValue,
  type TomlTable,
  type TomlValue,
} from "./toml.ts";
import {
  isPrefix,
  isSamePath,
  parseTomlEntries,
  type TomlEntry,
} from "./positions.ts";

/** The text with one more pair, in its table. Nothing may be at the path yet. */
export function insertPair(
  text: string,
  path: readonly string[],
  value: TomlValue,
): string {
  const parent = path.slice(0, -1);
  const entries = parseTomlEntries(text);
  const line = `${renderTomlKey(path.slice(-1))} = ${renderTomlValue(value)}\n`;
  const header = entries.findIndex((entry) =>
    entry.kind !== "pair" && isSamePath(entry.path, parent)
  );
  if (parent.length > 0 && header < 0) {
    const dotted = entries.findLast((entry) =>
      entry.kind === "pair" && isPrefix(parent, entry.path)
    );
    if (dotted !== undefined && !isUnderHeader(entries, parent)) {
      return insertBesideDotted(text, { entries, dotted, path, value });
    }
    return appendSection(text, `[${renderTomlKey(parent)}]\n${line}`);
  }
  const next = entries.findIndex((entry, at) =>
    at > header && entry.kind !== "pair"
  );
  const last = entries[(next < 0 ? entries.length : next) - 1];
  if (last === undefined || parent.length === 0 && next === 0) {
    return insertAtTop(text, line, entries[0]?.start);
  }
  return insertAfter(text, last.end, line);
}

/** The text with one more table at its end. Nothing may be at the path yet. */
export function appendTable(
  text: string,
  path: readonly string[],
  table: TomlTable,
): string {
  return appendSection(text, renderSections(path, table));
}

// `a.b = 1` defines table `a` by a dotted key; another header for it would be an error.
function insertBesideDotted(
  text: string,
  place: {
    readonly entries: readonly TomlEntry[];
    readonly dotted: TomlEntry;
    readonly path: readonly string[];
    readonly value: TomlValue;
  },
): string {
  const at = place.entries.indexOf(place.dotted);
  const header = place.entries.slice(0, at).findLast((entry) =>
    entry.kind !== "pair"
  );
  const key = renderTomlKey(place.path.slice(header?.path.length ?? 0));
  const line = `${key} = ${renderTomlValue(place.value)}\n`;
  return insertAfter(text, place.dotted.end, line);
}

// Whether a header at or below the path makes it a table that may be opened again.
function isUnderHeader(
  entries: readonly TomlEntry[],
  path: readonly string[],
): boolean {
  return entries.some((entry) =>
    entry.kind !== "pair" && isPrefix(path, entry.path)
  );
}

function insertAtTop(
  text: string,
  line: string,
  firstStart: number | undefined,
): string {
  if (firstStart === undefined) return insertAfter(text, text.length, line);
  const gap = text.slice(0, firstStart).trim() === "" ? "\n" : "";
  const before = startOfComment(text, firstStart);
  return `${text.slice(0, before)}${line}${gap || "\n"}${text.slice(before)}`;
}

// Comment lines right above a header belong to it.
function startOfComment(text: string, start: number): number {
  let at = start;
  while (at > 0) {
    const previous = text.lastIndexOf("\n", at - 2) + 1;
    if (!/^\s*#/.test(text.slice(previous, at))) break;
    at = previous;
  }
  return at;
}

function insertAfter(text: string, at: number, line: string): string {
  const before = text.slice(0, at);
  const newline = before === "" || before.endsWith("\n") ? "" : "\n";
  return `${before}${newline}${line}${text.slice(at)}`;
}

function appendSection(text: string, section: string): string {
  const before = text.trimEnd();
  return before === "" ? section : `${before}\n\n${section}`;
}

// Plain values first: what follows a `[header]` belongs to it.
function renderSections(path: readonly string[], table: TomlTable): string {
  const members = Object.entries(table);
  const plain = members.filter(([, value]) => !isTable(value));
  const tables = members.filter(([, value]) => isTable(value));
  const lines = plain.map(([key, value]) =>
    `${renderTomlKey([key])} = ${renderTomlValue(value)}\n`
  );
  const needsHeader = lines.length > 0 || tables.length === 0;
  const own = needsHeader
    ? [`[${renderTomlKey(path)}]\n${lines.join("")}`]
    : [];
  const inner = tables.map(([key, value]) =>
    renderSections([...path, key], value as TomlTable)
  );
  return [...own, ...inner].join("\n");
}
