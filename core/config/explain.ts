/** The whole configuration as a table: every value, and who set it. */
import { type Origin, originOf, renderOrigin } from "./layers.ts";
import type { LoadedConfig } from "./load.ts";
import { isSecretPath, withoutUrlSecrets } from "./secrets.ts";
import { hasEffect } from "./file/schema_walk.ts";
import { isTable, renderTomlValue, type TomlValue } from "./file/toml.ts";
import { renderKeyPath } from "./validate.ts";

interface ExplainedKey {
  /** As it would be written in the file. */
  readonly key: string;
  /** As TOML, on one line; secrets as `***`. */
  readonly value: string;
  readonly origin: Origin;
  /** False: the key is accepted and changes nothing. */
  readonly hasEffect: boolean;
}

/** Every key that has a value, in the order of the schema. */
export function explainConfig(
  loaded: Pick<LoadedConfig, "config" | "layers">,
): readonly ExplainedKey[] {
  const keys: ExplainedKey[] = [];
  collect([], loaded.config as unknown as TomlValue);
  return keys;

  function collect(
    path: readonly string[],
    value: TomlValue | undefined,
  ): void {
    if (value === undefined) return;
    const isOpen = isTable(value) && Object.keys(value).length > 0;
    if (isOpen) {
      for (const [key, member] of Object.entries(value)) {
        collect([...path, key], member);
      }
      return;
    }
    keys.push({
      key: renderKeyPath(path),
      value: renderTomlValue(masked(path, value)),
      origin: originOf(loaded.layers, path),
      hasEffect: hasEffect(path, value),
    });
  }
}

/** The table as text, one `key = value` a line with its origin behind it. */
export function renderExplained(keys: readonly ExplainedKey[]): string {
  const pairs = keys.map(({ key, value, origin, hasEffect }) => ({
    pair: `${key} = ${value}`,
    origin: renderOrigin(origin) + (hasEffect ? "" : ", without effect"),
  }));
  const width = Math.min(
    60,
    Math.max(0, ...pairs.map(({ pair }) => pair.length)),
  );
  return pairs.map(({ pair, origin }) => `${pair.padEnd(width)}  # ${origin}\n`)
    .join("");
}

function masked(path: readonly string[], value: TomlValue): TomlValue {
  if (Array.isArray(value)) {
    return value.map((element, at) => masked([...path, String(at)], element));
  }
  if (isTable(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([key, member]) => [
        key,
        masked([...path, key], member),
      ]),
    );
  }
  if (isSecretPath(path)) return "***";
  return typeof value === "string" ? withoutUrlSecrets(value) : value;
}
