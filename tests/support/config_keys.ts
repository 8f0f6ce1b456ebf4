/** The keys that config.toml may hold, taken from its schema. */
import * as z from "zod/mini";
import { CONFIG_KEYS } from "../../core/config/file/schema.ts";
import { fateOf } from "../../core/config/file/fates.ts";

interface Schema {
  readonly _zod: {
    readonly def: {
      readonly shape?: Readonly<Record<string, Schema>>;
      readonly innerType?: Schema;
      /** Of a schema that is made when it is needed. */
      readonly getter?: () => Schema;
      readonly valueType?: Schema;
      readonly element?: Schema;
      readonly options?: readonly Schema[];
    };
  };
}

/** Paths of all keys that work; `*` stands for any name. */
export function configKeys(): string[][] {
  return keysOf(z.strictObject(CONFIG_KEYS) as unknown as Schema);
}

/** Those that hold no other key, once each; the events of hooks are one, `EVENT`. */
export function leafKeys(): readonly string[] {
  const all = [
    ...new Set(
      configKeys().map((path) =>
        path.join(".").replace(/^hooks\.[A-Z]\w*/, "hooks.EVENT")
      ),
    ),
  ];
  return all.filter((key) => !all.some((other) => other.startsWith(`${key}.`)));
}

// Paths of all keys below a schema; `*` stands for any name.
function keysOf(schema: Schema, path: readonly string[] = []): string[][] {
  if (fateOf(schema) !== undefined) return [];
  const { shape, innerType, getter, valueType, element, options } =
    schema._zod.def;
  const self = path.length === 0 || path.at(-1) === "*" ? [] : [[...path]];
  return [
    ...self,
    ...Object.entries(shape ?? {}).flatMap(([key, member]) =>
      keysOf(member, [...path, key])
    ),
    ...innerType === undefined ? [] : keysOf(innerType, path),
    ...getter === undefined ? [] : keysOf(getter(), path),
    ...valueType === undefined ? [] : keysOf(valueType, [...path, "*"]),
    ...element === undefined ? [] : keysOf(element, [...path, "*"]),
    ...(options ?? []).flatMap((option) => keysOf(option, path)),
  ];
}
