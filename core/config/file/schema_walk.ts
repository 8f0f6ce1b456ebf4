/** The schema of config.toml, walked beside a tree: which keys there are, which do nothing. */
import * as z from "zod/mini";
import { type Fate, fateOf } from "./fates.ts";
import { wordsOfKey } from "./key_words.ts";
import { CONFIG_KEYS } from "./schema.ts";
import { isTable, type TomlTable, type TomlValue } from "./toml.ts";

// Zod's classes would bring all of zod into the program, so a schema is looked at by the
// words it describes itself with (`_zod.def`, zod 4).
interface SchemaView {
  readonly _zod: {
    /** Of one that is made when it is first needed. */
    readonly innerType?: SchemaView;
    readonly def: {
      readonly type: string;
      readonly shape?: Readonly<Record<string, SchemaView>>;
      readonly valueType?: SchemaView;
      readonly element?: SchemaView;
      readonly options?: readonly SchemaView[];
      readonly innerType?: SchemaView;
    };
  };
}

interface FatedKey {
  readonly path: readonly string[];
  readonly value: TomlValue;
  readonly fate: Fate;
}

export type KeyFate = Fate["type"] | "works";

// The members are made as they are looked at, where ConfigFile would make all of them.
const ROOT = {
  _zod: { def: { type: "object", shape: CONFIG_KEYS } },
} as unknown as SchemaView;

/** The keys a table may have; none when any key will do. */
export function knownKeysAt(path: readonly string[]): readonly string[] {
  const schema = path.reduce<SchemaView | undefined>(memberOf, ROOT);
  return Object.keys(unwrap(schema)?._zod.def.shape ?? {});
}

/** What is known of the key at a path; undefined when there is no such key. */
export function describeKey(
  path: readonly string[],
): { readonly fate: KeyFate; readonly description?: string } | undefined {
  const schema = path.reduce<SchemaView | undefined>(memberOf, ROOT);
  if (schema === undefined) return undefined;
  const description = z.globalRegistry.get(schema as never)?.description ??
    wordsOfKey(path);
  return {
    fate: fateAt(path)?.type ?? "works",
    ...(description !== undefined && { description }),
  };
}

/** The fate of this value, at this path or in a table around it; undefined when it works. */
export function fateAt(
  path: readonly string[],
  value?: TomlValue,
): Fate | undefined {
  let schema: SchemaView | undefined = ROOT;
  for (const part of path) {
    schema = memberOf(schema, part);
    const fate = fateOf(schema);
    if (fate !== undefined) return holds(fate, value) ? undefined : fate;
  }
  return undefined;
}

/** The paths in a tree that do not work, each the shortest. */
export function findFated(tree: TomlTable): readonly FatedKey[] {
  return below([], tree);

  function below(path: readonly string[], value: TomlValue): FatedKey[] {
    const fate = fateAt(path, value);
    if (fate !== undefined) return [{ path, value, fate }];
    if (fateAt(path) !== undefined) return [];
    if (!isTable(value) && !Array.isArray(value)) return [];
    return Object.entries(value).flatMap(([key, member]) =>
      below([...path, key], member)
    );
  }
}

// What is switched off and not there does what it should.
function holds(fate: Fate, value: TomlValue | undefined): boolean {
  const plain = isTable(value) && value["enabled"] === false ? false : value;
  return fate.type === "refused"
    ? fate.allowed.includes(plain)
    : plain === false;
}

function memberOf(
  schema: SchemaView | undefined,
  key: string,
): SchemaView | undefined {
  const def = unwrap(schema)?._zod.def;
  const { shape = {} } = def ?? {};
  if (Object.hasOwn(shape, key)) return shape[key];
  return def?.valueType ?? def?.element ??
    def?.options?.map((option) => memberOf(option, key))
      .find((member) => member !== undefined);
}

function unwrap(schema: SchemaView | undefined): SchemaView | undefined {
  let type = schema;
  while (
    type !== undefined &&
    ["lazy", "optional", "default", "prefault"].includes(type._zod.def.type)
  ) {
    type = type._zod.def.innerType ?? type._zod.innerType;
  }
  return type;
}
