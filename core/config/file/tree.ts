/** TOML trees as data: a value at a path, one value set, one tree laid over another. */
import { emptyTable, isTable, type TomlTable, type TomlValue } from "./toml.ts";

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
