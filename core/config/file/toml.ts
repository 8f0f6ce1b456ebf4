/** TOML as trees: read so that a mistake is shown where it is, looked into, laid over another. */
import { parse, stringify } from "@std/toml";
import { configError } from "../../protocol/error.ts";

export type TomlValue =
  | string
  | number
  | boolean
  | Date
  | TomlValue[]
  | TomlTable;
export type TomlTable = { [key: string]: TomlValue };

/** Parses a file's text; a mistake is a UserError with file, line, column and a caret. */
export function parseToml(text: string, file: string): TomlTable {
  try {
    return parse(text) as TomlTable;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const [, line, column, reason] =
      /line (\d+), column (\d+): (.*)/.exec(error.message) ?? [];
    const excerpt = renderExcerpt(text, Number(line ?? 1), Number(column ?? 1));
    throw configError(
      `Cannot read config: ${file}:${line}:${column}: ${reason}\n\n${excerpt}`,
    );
  }
}

/** Parses one value as it stands right of an equals sign; undefined when it cannot. */
export function parseTomlValue(text: string): TomlValue | undefined {
  try {
    const table = parse(`_x_ = ${text}`) as TomlTable;
    // A line break in the text could have smuggled in more keys.
    return Object.keys(table).length === 1 ? table["_x_"] : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** The parts of a dotted key as it is written, quotes resolved. */
export function parseTomlKey(text: string): string[] {
  const path: string[] = [];
  let value: unknown = parse(`${text} = 0`);
  while (isTable(value)) {
    const key: string = Object.keys(value)[0] ?? "";
    path.push(key);
    value = value[key];
  }
  return path;
}

/** A value on one line, as it stands right of an equals sign. */
export function renderTomlValue(value: TomlValue): string {
  if (Array.isArray(value)) {
    return `[${value.map(renderTomlValue).join(", ")}]`;
  }
  if (isTable(value)) {
    const members = Object.entries(value).map(([key, member]) =>
      `${renderTomlKey([key])} = ${renderTomlValue(member)}`
    );
    return members.length === 0 ? "{}" : `{ ${members.join(", ")} }`;
  }
  return stringify({ x: value }).trimEnd().slice("x = ".length);
}

/** A dotted key, with quotes where a part needs them. */
export function renderTomlKey(path: readonly string[]): string {
  return path.map((part) =>
    /^[A-Za-z0-9_-]+$/.test(part) ? part : renderTomlValue(part)
  ).join(".");
}

/** Whether a value is a table; dates and lists are not. */
export function isTable(value: unknown): value is TomlTable {
  return typeof value === "object" && value !== null &&
    !Array.isArray(value) && !(value instanceof Date);
}

/** A table without a prototype, so that no key has a meaning of its own. */
export function emptyTable(): TomlTable {
  return Object.create(null) as TomlTable;
}

function renderExcerpt(text: string, line: number, column: number): string {
  const lines = text.split(/\r?\n/);
  const width = String(line).length;
  const shown: string[] = [];
  for (let at = Math.max(1, line - 2); at <= line; at++) {
    const number = String(at).padStart(width);
    shown.push(`${number} | ${hideSecrets(lines[at - 1] ?? "")}`);
  }
  // Tabs are kept, so that the caret stands below the place in any terminal.
  const before = (lines[line - 1] ?? "").slice(0, column - 1);
  const indent = before.replace(/[^\t]/g, " ");
  shown.push(`${" ".repeat(width)} | ${indent}^`);
  return shown.join("\n");
}

// A mistake may well be in the line that holds a key, and excerpts end up in logs.
function hideSecrets(line: string): string {
  if (!/token|key|secret|password|authorization/i.test(line)) return line;
  return line.replace(
    /(=\s*)(.*)$/,
    (_, equals: string, value: string) =>
      equals + value.replace(/[A-Za-z0-9]/g, "*"),
  );
}

/** The second tree laid over the first; neither is changed. */
export function mergeTrees(below: TomlTable, above: TomlTable): TomlTable {
  const merged = Object.assign(emptyTable(), below);
  for (const [key, value] of Object.entries(above)) {
    const old = merged[key];
    if (!isTable(value)) merged[key] = value;
    else merged[key] = mergeTrees(isTable(old) ? old : emptyTable(), value);
  }
  return merged;
}

/** The value at a path; elements of lists count by their index. */
export function valueAt(
  tree: TomlTable,
  path: readonly string[],
): TomlValue | undefined {
  let value: TomlValue | undefined = tree;
  for (const part of path) {
    if (Array.isArray(value)) value = value[Number(part)];
    else if (isTable(value)) value = value[part];
    else return undefined;
  }
  return value;
}

/** The tree with one value set; tables on the way are made, anything else gives way. */
export function withValue(
  tree: TomlTable,
  path: readonly string[],
  value: TomlValue,
): TomlTable {
  const [key, ...rest] = path;
  if (key === undefined) return tree;
  const copy = Object.assign(emptyTable(), tree);
  const old = copy[key];
  copy[key] = rest.length === 0
    ? value
    : withValue(isTable(old) ? old : emptyTable(), rest, value);
  return copy;
}
