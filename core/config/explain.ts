/** The whole configuration as a table: every value, and who set it. */
import { type Origin, originOf, renderOrigin } from "./layers.ts";
import type { LoadedConfig } from "./load.ts";
import { isSecretPath, withoutUrlSecrets } from "./secrets.ts";
import {
  describeKey,
  fateAt,
  type KeyFate,
  knownKeysAt,
} from "./file/schema_walk.ts";
import { isTable, renderTomlValue, type TomlValue } from "./file/toml.ts";
import { UserError } from "../protocol/error.ts";
import { closestWord } from "../util/text/similar.ts";
import { renderKeyPath } from "./validate.ts";

interface ExplainedKey {
  /** As it would be written in the file. */
  readonly key: string;
  /** As TOML, on one line; secrets as `***`; null: it has none. */
  readonly value: string | null;
  readonly origin: Origin;
  readonly fate: KeyFate;
  /** What the schema says of it. */
  readonly description?: string;
}

/** One key, and all below it; without a value it is said to have none. Throws UserError. */
export function explainKey(
  loaded: Pick<LoadedConfig, "config" | "layers">,
  key: string,
): readonly ExplainedKey[] {
  const path = key.split(".");
  const facts = describeKey(path);
  const found = explainConfig(loaded).filter((one) =>
    one.key === key || /^[.[]/.test(one.key.slice(key.length)) &&
      one.key.startsWith(key)
  );
  const [first, ...others] = found;
  const described = facts?.description === undefined
    ? {}
    : { description: facts.description };
  if (first !== undefined) return [{ ...first, ...described }, ...others];
  if (facts === undefined) throw unknownKey(path);
  return [{
    key,
    value: null,
    origin: { layer: "default" },
    fate: facts.fate,
    ...described,
  }];
}

function unknownKey(path: readonly string[]): UserError {
  const known = knownKeysAt(path.slice(0, -1));
  const close = closestWord(path.at(-1) ?? "", known);
  return new UserError(
    "usage",
    `Cannot explain ${JSON.stringify(path.join("."))}: there is no such key` +
      (close === undefined
        ? ""
        : `, did you mean ${[...path.slice(0, -1), close].join(".")}?`),
  );
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
      fate: fateAt(path, value)?.type ?? "works",
    });
  }
}

const FATE_WORDS: Readonly<Record<KeyFate, string>> = {
  works: "",
  ignored: ", without effect",
  refused: ", ends the run",
};

/** The table as text, one `key = value` a line with its origin behind it. */
export function renderExplained(keys: readonly ExplainedKey[]): string {
  const pairs = keys.map(({ key, value, origin, fate, description }) => ({
    pair: value === null ? key : `${key} = ${value}`,
    origin: (value === null ? "not set" : renderOrigin(origin)) +
      FATE_WORDS[fate] +
      (description === undefined ? "" : `\n# ${description}`),
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
