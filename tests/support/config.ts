/** A configuration from a tree or from the text of a file, with every default. */
import assert from "node:assert/strict";
import type { Config } from "../../core/config/file/schema.ts";
import { parseToml, type TomlTable } from "../../core/config/file/toml.ts";
import { parseTree } from "../../core/config/validate.ts";

export function configOf(source: string | object = {}): Config {
  const tree = typeof source === "string"
    ? parseToml(source, "config.toml")
    : source as TomlTable;
  const { config, problems } = parseTree(tree);
  assert(config !== undefined, JSON.stringify(problems));
  return config;
}
