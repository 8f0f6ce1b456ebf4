/** Edits of a TOML text that leave everything else in it as it is: order, comments, spaces. */
import { assert } from "../../util/assert.ts";
import { canonicalJson, type Json } from "../../util/json/json.ts";
import {
  emptyTable,
  isTable,
  parseToml,
  renderTomlValue,
  type TomlTable,
  type TomlValue,
  valueAt,
  withValue,
} from "./toml.ts";
import { appendTable, insertPair } from "./edit_insert.ts";
import {
  isPrefix,
  isSamePath,
  parseTomlEntries,
  type TomlEntry,
} from "./positions.ts";

export type TomlEdit =
  /** A table replaces the whole of what was there; anything else is one `key = value`. */
  | {
    readonly type: "set";
    readonly path: readonly string[];
    readonly value: TomlValue;
  }
  | { readonly type: "remove"; readonly path: readonly string[] };

/** The text after the edits. `file` is for the message when the text is not TOML. */
export function renderTomlEdits(
  text: string,
  edits: readonly TomlEdit[],
  file: string,
): string {
  let tree = parseToml(text, file);
  let edited = text.replaceAll("\r\n", "\n");
  for (const edit of edits) {
    edited = edit.type === "set"
      ? setValue(edited, edit.path, edit.value)
      : removeValue(edited, edit.path);
    tree = edit.type === "set"
      ? withValue(tree, edit.path, edit.value)
      : withoutValue(tree, edit.path);
  }
  if (text.includes("\r\n")) edited = edited.replaceAll("\n", "\r\n");
  // The edit is made on text; what it means is checked against the same edit on data.
  assert(
    comparable(parseToml(edited, file)) === comparable(tree),
    `an edit of ${file} means what was asked`,
  );
  return edited;
}

function setValue(
  original: string,
  path: readonly string[],
  value: TomlValue,
): string {
  const text = withoutObstacle(original, path);
  const inline = inlineAncestor(text, path);
  if (inline !== undefined) {
    const tree = withValue(emptyTable(), inline.path, inline.value);
    const changed = valueAt(withValue(tree, path, value), inline.path);
    return replaceValue(text, inline.entry, changed ?? emptyTable());
  }
  if (isTable(value)) return appendTable(removeValue(text, path), path, value);
  const entries = parseTomlEntries(text);
  const own = entries.find((entry) =>
    entry.kind === "pair" && isSamePath(entry.path, path)
  );
  if (own !== undefined) return replaceValue(text, own, value);
  return insertPair(removeValue(text, path), path, value);
}

function replaceValue(
  text: string,
  entry: TomlEntry,
  value: TomlValue,
): string {
  return text.slice(0, entry.valueStart) + renderTomlValue(value) +
    text.slice(entry.valueEnd);
}

function removeValue(text: string, path: readonly string[]): string {
  const inline = inlineAncestor(text, path);
  if (inline !== undefined) {
    const tree = withValue(emptyTable(), inline.path, inline.value);
    const changed = valueAt(withoutValue(tree, path), inline.path);
    return replaceValue(text, inline.entry, changed ?? emptyTable());
  }
  let result = text;
  for (const [start, end] of rangesOf(text, path).toReversed()) {
    result = result.slice(0, start) + result.slice(end);
  }
  return result;
}

// What goes with a path, in order: pairs by themselves, and headers with their pairs,
// what stands between those, and the blank lines behind.
function rangesOf(
  text: string,
  path: readonly string[],
): (readonly [number, number])[] {
  const entries = parseTomlEntries(text);
  const ranges: (readonly [number, number])[] = [];
  let done = 0;
  for (const [at, entry] of entries.entries()) {
    if (entry.start < done || !isPrefix(path, entry.path)) continue;
    done = entry.end;
    if (entry.kind !== "pair") {
      const next = entries.findIndex((other, index) =>
        index > at && other.kind !== "pair"
      );
      const last = entries[(next < 0 ? entries.length : next) - 1] ?? entry;
      const blank = /^\s*/.exec(text.slice(last.end))?.[0] ?? "";
      done = last.end + blank.lastIndexOf("\n") + 1;
    }
    ranges.push([entry.start, done]);
  }
  return ranges;
}

// A plain value where a table is needed gives way.
function withoutObstacle(text: string, path: readonly string[]): string {
  const tree = parseToml(text, "");
  for (let length = 1; length < path.length; length++) {
    const part = path.slice(0, length);
    const value = valueAt(tree, part);
    if (value !== undefined && !isTable(value)) return removeValue(text, part);
  }
  return text;
}

// The pair whose inline table holds the path, if one does.
function inlineAncestor(
  text: string,
  path: readonly string[],
):
  | {
    readonly entry: TomlEntry;
    readonly path: readonly string[];
    readonly value: TomlValue;
  }
  | undefined {
  const entry = parseTomlEntries(text).find((entry) =>
    entry.kind === "pair" && entry.path.length < path.length &&
    isPrefix(entry.path, path)
  );
  if (entry === undefined) return undefined;
  const value = valueAt(parseToml(text, ""), entry.path);
  return isTable(value) ? { entry, path: entry.path, value } : undefined;
}

function withoutValue(tree: TomlTable, path: readonly string[]): TomlTable {
  const parentPath = path.slice(0, -1);
  const parent = parentPath.length === 0 ? tree : valueAt(tree, parentPath);
  if (!isTable(parent)) return tree;
  const copy = Object.assign(emptyTable(), parent);
  delete copy[path.at(-1) ?? ""];
  return parentPath.length === 0 ? copy : withValue(tree, parentPath, copy);
}

// A table that lost its last key may vanish with its header, so empty ones do not count.
function comparable(tree: TomlTable): string {
  return canonicalJson(withoutEmpty(tree) as Json);
}

function withoutEmpty(value: TomlValue): unknown {
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(withoutEmpty);
  if (!isTable(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key, withoutEmpty(member)])
      .filter(([, member]) =>
        !(typeof member === "object" && member !== null &&
          !Array.isArray(member) && Object.keys(member).length === 0)
      ),
  );
}
