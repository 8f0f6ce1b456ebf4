/** The schema of config.toml, walked beside a tree: which keys there are, which do nothing. */
import { ConfigFile } from "./schema.ts";
import { FEATURES, LIVE_FEATURES, WITHOUT_EFFECT } from "./schema_ignored.ts";
import { isTable, type TomlTable, type TomlValue } from "./toml.ts";

// Zod's classes would bring all of zod into the program, so a schema is looked at by the
// words it describes itself with (`_zod.def`, zod 4).
interface SchemaView {
  readonly _zod: {
    readonly def: {
      readonly type: string;
      readonly shape?: Readonly<Record<string, SchemaView>>;
      readonly valueType?: SchemaView;
      readonly element?: SchemaView;
      readonly innerType?: SchemaView;
    };
  };
}

const ROOT = ConfigFile as unknown as SchemaView;

/** The keys a table may have; none when any key will do. */
export function knownKeysAt(path: readonly string[]): readonly string[] {
  const schema = path.reduce<SchemaView | undefined>(memberOf, ROOT);
  return Object.keys(unwrap(schema)?._zod.def.shape ?? {});
}

/** Whether this value, at this path or in a table around it, changes something. */
export function hasEffect(path: readonly string[], value: TomlValue): boolean {
  return !isIgnored(path) || isOff(value);
}

/** Whether a feature does anything here. */
export function isLiveFeature(name: string): boolean {
  return Object.hasOwn(LIVE_FEATURES, name) || !Object.hasOwn(FEATURES, name);
}

/** The paths in a tree that change nothing, each the shortest. */
export function findWithoutEffect(
  tree: TomlTable,
): readonly (readonly string[])[] {
  return below([], tree);

  function below(
    path: readonly string[],
    value: TomlValue,
  ): (readonly string[])[] {
    if (isIgnored(path)) return isOff(value) ? [] : [path];
    if (!isTable(value) && !Array.isArray(value)) return [];
    return Object.entries(value).flatMap(([key, member]) =>
      below([...path, key], member)
    );
  }
}

function isIgnored(path: readonly string[]): boolean {
  if (path[0] === "features" && path[1] !== undefined) {
    return !isLiveFeature(path[1]);
  }
  let schema: SchemaView | undefined = ROOT;
  return path.some((part) => {
    schema = memberOf(schema, part);
    return schema as unknown === WITHOUT_EFFECT;
  });
}

// What is switched off and not there does what it should.
function isOff(value: TomlValue): boolean {
  return value === false || isTable(value) && value["enabled"] === false;
}

function memberOf(
  schema: SchemaView | undefined,
  key: string,
): SchemaView | undefined {
  const def = unwrap(schema)?._zod.def;
  return def?.shape?.[key] ?? def?.valueType ?? def?.element;
}

function unwrap(schema: SchemaView | undefined): SchemaView | undefined {
  let type = schema;
  while (
    type !== undefined &&
    ["optional", "default", "prefault"].includes(type._zod.def.type)
  ) {
    type = type._zod.def.innerType;
  }
  return type;
}
