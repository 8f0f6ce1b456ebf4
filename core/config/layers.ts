/** Layers of configuration: laid over each other, and asked who set what. */
import { emptyTable, isTable, type TomlTable, type TomlValue } from "./toml.ts";
import { findTomlLine } from "./toml_scan.ts";

export type LayerKind =
  | "default"
  | "environment"
  | "system"
  | "user"
  | "profile"
  | "project"
  | "override"
  | "flag";

export interface Layer {
  readonly kind: LayerKind;
  readonly tree: TomlTable;
  readonly file?: string;
  /** The file's text, for line numbers. */
  readonly text?: string;
  /** Where in the file the tree lies; not empty for `[profiles.<name>]`. */
  readonly prefix: readonly string[];
  /** Folder that relative paths in it are meant from. */
  readonly base: string;
}

/** Who set a value. */
export interface Origin {
  readonly layer: LayerKind;
  readonly file?: string;
  /** Counts from 1. */
  readonly line?: number;
}

/** One tree of all layers, the last one strongest: tables by key, all else whole. */
export function mergeLayers(layers: readonly Layer[]): TomlTable {
  return layers.reduce(
    (tree, layer) => mergeTrees(tree, layer.tree),
    emptyTable(),
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

/** The strongest layer that has something at the path; the defaults when none has. */
export function originOf(
  layers: readonly Layer[],
  path: readonly string[],
): Origin {
  for (const layer of layers.toReversed()) {
    if (valueAt(layer.tree, path) === undefined) continue;
    return layerOrigin(layer, path);
  }
  return { layer: "default" };
}

/** Where a path stands in one layer. */
export function layerOrigin(layer: Layer, path: readonly string[]): Origin {
  const line = layer.text === undefined
    ? undefined
    : findTomlLine(layer.text, [...layer.prefix, ...path]);
  return {
    layer: layer.kind,
    ...(layer.file === undefined ? {} : { file: layer.file }),
    ...(line === undefined ? {} : { line }),
  };
}

/** An origin in words: a place in a file, or what else it was. */
export function renderOrigin(origin: Origin): string {
  if (origin.file !== undefined) {
    return origin.line === undefined
      ? origin.file
      : `${origin.file}:${origin.line}`;
  }
  switch (origin.layer) {
    case "override":
      return "-c";
    case "flag":
      return "command line";
    default:
      return origin.layer;
  }
}
