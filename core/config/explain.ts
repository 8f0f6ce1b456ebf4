/** The whole configuration as a table: every value, and who set it. */
import { type Origin, originOf, renderOrigin } from "./layers.ts";
import type { LoadedConfig } from "./load.ts";
import { parentOf, resolveExtends } from "./permissions/extends.ts";
import { sandboxPolicyOf } from "./permissions/permissions.ts";
import type { SandboxPolicy } from "../protocol/policy.ts";
import { isSecretPath, withoutUrlSecrets } from "./secrets.ts";
import {
  describeKey,
  fateAt,
  type KeyFate,
  knownKeysAt,
} from "./file/schema_walk.ts";
import { isTable, renderTomlValue, type TomlValue } from "./file/toml.ts";
import { usageError, type UserError } from "../protocol/error.ts";
import { closestWord } from "../util/text/similar.ts";
import { renderKeyPath } from "./validate.ts";

type Explainable = Pick<LoadedConfig, "config" | "layers" | "permissions">;

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
  loaded: Explainable,
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
  return usageError(
    `Cannot explain ${JSON.stringify(path.join("."))}: there is no such key` +
      (close === undefined
        ? ""
        : `, did you mean ${[...path.slice(0, -1), close].join(".")}?`),
  );
}

/** Every key that has a value, in the order of the schema. */
export function explainConfig(
  loaded: Explainable,
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
      fate: isOutdone(loaded, path[0])
        ? "ignored"
        : fateAt(path, value)?.type ?? "works",
    });
  }
}

// Of a permission profile and a mode of the sandbox the stronger layer's holds.
function isOutdone({ permissions }: Explainable, key?: string): boolean {
  return permissions.active === undefined
    ? key === "default_permissions"
    : key === "sandbox_mode";
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

/** The profile in force or the mode, the entries it has with their origins, what it comes to. */
export function describePermissions(
  loaded: Explainable,
): readonly string[] {
  const { config, layers, permissions: { active } } = loaded;
  const key = active === undefined ? "sandbox_mode" : "default_permissions";
  const value = active ?? config.sandbox_mode;
  return [
    `${key} = ${JSON.stringify(value)} holds, set by ${
      renderOrigin(originOf(layers, [key]))
    }`,
    ...(active === undefined || active.startsWith(":")
      ? []
      : describeEntries(loaded, active)),
    ...describePolicy(sandboxPolicyOf(loaded)),
  ];
}

function describeEntries(
  { config: { permissions }, layers }: Pick<LoadedConfig, "config" | "layers">,
  active: string,
): readonly string[] {
  const { filesystem } = resolveExtends(active, permissions);
  const origin = (path: readonly string[]): string => {
    for (let at: string | undefined = active; at !== undefined;) {
      if (at.startsWith(":")) return at;
      const found = originOf(layers, ["permissions", at, ...path]);
      if (found.layer !== "default") return renderOrigin(found);
      at = parentOf(at, permissions);
    }
    return "default";
  };
  return Object.entries(filesystem).flatMap(([key, value]) =>
    typeof value === "object"
      ? Object.entries(value).map(([sub, access]) =>
        `entry ${key} ${sub}: ${access}, from ${
          origin(["filesystem", key, sub])
        }`
      )
      : [`entry ${key}: ${value}, from ${origin(["filesystem", key])}`]
  );
}

function describePolicy(policy: SandboxPolicy): readonly string[] {
  if (!("denyRead" in policy)) return [`comes to ${policy.mode}`];
  const { mode, denyRead, readable, readOnly = [], networkAccess } = policy;
  const roots = mode === "workspace-write" ? policy.writableRoots : [];
  const rows: (readonly [string, readonly string[]])[] = [
    ["writable besides the workspace", roots],
    ["hidden", denyRead],
    [
      "read-only",
      readOnly.map((path) => path === "." ? "the workspace" : path),
    ],
    ["readable and nothing else", readable ?? []],
  ];
  return [
    `comes to ${mode}, network ${networkAccess ? "open" : "closed"}`,
    ...rows.filter(([, paths]) => paths.length > 0)
      .map(([what, paths]) => `${what}: ${paths.join(", ")}`),
  ];
}
