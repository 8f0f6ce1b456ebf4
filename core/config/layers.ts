/** Layers of configuration: laid over each other, and asked who set what. */
import {
  emptyTable,
  mergeTrees,
  type TomlTable,
  valueAt,
} from "./file/toml.ts";
import { findTomlLine } from "./file/positions.ts";

export type LayerKind =
  | "default"
  /** What follows from the trust in the folder. */
  | "trust"
  | "environment"
  | "system"
  | "user"
  | "profile"
  | "project"
  | "override"
  | "flag"
  | "managed";

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
