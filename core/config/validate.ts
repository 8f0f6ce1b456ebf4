/** A configuration tree held against the schema: what is unknown, wrong or missing. */
import * as z from "zod/mini";
import { unreachable } from "../util/assert.ts";
import { deepFreeze } from "../util/json/json.ts";
import { closestWord } from "../util/text/similar.ts";
import { CONFIG_DEFAULTS } from "./file/defaults.ts";
import { type Config, CONFIG_KEYS } from "./file/schema.ts";
import { knownKeysAt } from "./file/schema_walk.ts";
import { isSecretPath } from "./secrets.ts";
import {
  isTable,
  renderTomlKey,
  type TomlTable,
  type TomlValue,
  valueAt,
} from "./file/toml.ts";

interface ConfigProblem {
  readonly kind: "unknown" | "invalid" | "missing";
  readonly path: readonly string[];
  /** Of an unknown key: the known one it resembles. Of others: what must be there. */
  readonly hint: string | undefined;
}

type Issue = z.core.$ZodIssue;

/** Everything the schema has to say about a tree, in the schema's order. */
export function findProblems(tree: TomlTable): readonly ConfigProblem[] {
  return Object.keys(tree).length === 0 ? [] : parseTree(tree).problems;
}

/** The configuration of a tree with its defaults, or what is wrong with the tree. */
export function parseTree(tree: TomlTable): {
  readonly config: Config | undefined;
  readonly problems: readonly ConfigProblem[];
} {
  const { data, issues } = parseKeys(tree);
  if (issues.length === 0) {
    return { config: deepFreeze(data) as Config, problems: [] };
  }
  const problems = issues.flatMap((issue) => problemsOf(issue, tree));
  return { config: undefined, problems };
}

// Key by key, as ConfigFile would: the schema of a key that is not there is not needed.
function parseKeys(tree: TomlTable): {
  readonly data: Readonly<Record<string, unknown>>;
  readonly issues: readonly Issue[];
} {
  const data: Record<string, unknown> = {};
  const issues: Issue[] = [];
  const schemas: Readonly<Record<string, z.ZodMiniType>> = CONFIG_KEYS;
  const defaults: Readonly<Record<string, unknown>> = CONFIG_DEFAULTS;
  for (const key of Object.keys(schemas)) {
    if (!Object.hasOwn(tree, key)) {
      if (Object.hasOwn(defaults, key)) data[key] = defaults[key];
      continue;
    }
    const result = z.safeParse(schemas[key] as z.ZodMiniType, tree[key]);
    if (result.success) data[key] = result.data;
    for (const issue of result.error?.issues ?? []) {
      issues.push({ ...issue, path: [key, ...issue.path] });
    }
  }
  const keys = Object.keys(tree).filter((key) => !Object.hasOwn(schemas, key));
  return keys.length === 0 ? { data, issues } : {
    data,
    issues: [...issues, {
      code: "unrecognized_keys",
      keys,
      path: [],
      message: "",
    }],
  };
}

/** The tree without the unknown keys that were found in it. */
export function withoutUnknown(
  tree: TomlTable,
  problems: readonly ConfigProblem[],
): TomlTable {
  let pruned = tree;
  for (const problem of problems) {
    if (problem.kind === "unknown") pruned = without(pruned, problem.path);
  }
  return pruned;
}

/** What is wrong with the value at a path, as a sentence without its place. */
export function renderProblem(problem: ConfigProblem, tree: TomlTable): string {
  const key = renderKeyPath(problem.path);
  const hint = problem.hint ?? "";
  const { kind } = problem;
  switch (kind) {
    case "unknown":
      return hint === ""
        ? `key "${key}" is unknown`
        : `key "${key}" is unknown, did you mean "${hint}"?`;
    case "missing":
      return `value of "${key}" is missing, must be ${hint}`;
    case "invalid":
      return `value of "${key}" is ${
        describeValue(valueAt(tree, problem.path), problem.path)
      }, must be ${hint}`;
    default:
      return unreachable(kind);
  }
}

/** A path as it is written in the file: `projects."/a.b".trust_level`, `notify[1]`. */
export function renderKeyPath(path: readonly string[]): string {
  return path.reduce(
    (text, part) =>
      /^\d+$/.test(part) && text !== ""
        ? `${text}[${part}]`
        : `${text}${text === "" ? "" : "."}${renderTomlKey([part])}`,
    "",
  );
}

function problemsOf(issue: Issue, tree: TomlTable): ConfigProblem[] {
  const path = issue.path.map(String);
  if (issue.code === "unrecognized_keys") {
    const known = knownKeysAt(path);
    return issue.keys.map((key) => ({
      kind: "unknown",
      path: [...path, key],
      hint: closestWord(key, known),
    }));
  }
  if (issue.code === "invalid_union") {
    return [unionProblem(issue.errors, path, tree)];
  }
  const kind = valueAt(tree, path) === undefined ? "missing" : "invalid";
  return [{ kind, path, hint: hintOf([issue], valueAt(tree, path)) }];
}

// The alternative that fits the value's kind says best what is wrong inside it.
function unionProblem(
  alternatives: readonly (readonly Issue[])[],
  path: readonly string[],
  tree: TomlTable,
): ConfigProblem {
  const inner = alternatives.find((issues) =>
    issues.length > 0 && issues.every((issue) => issue.path.length > 0)
  )?.[0];
  if (inner !== undefined) {
    const full = [...path, ...inner.path.map(String)];
    if (inner.code === "unrecognized_keys") {
      const key = inner.keys[0] ?? "";
      return {
        kind: "invalid",
        path: [...full, key],
        hint: "absent: unknown key",
      };
    }
    const value = valueAt(tree, full);
    const kind = value === undefined ? "missing" : "invalid";
    return { kind, path: full, hint: hintOf([inner], value) };
  }
  const value = valueAt(tree, path);
  const first = alternatives.flatMap((issues) => issues.slice(0, 1));
  return { kind: "invalid", path, hint: hintOf(first, value) };
}

// What would do instead, and which of the allowed words was probably meant.
function hintOf(
  issues: readonly Issue[],
  value: TomlValue | undefined,
): string {
  const hints = [...new Set(issues.map(wanted))].join(", or ");
  const words = issues.flatMap((issue) =>
    issue.code === "invalid_value" ? issue.values.map(String) : []
  );
  const close = typeof value === "string"
    ? closestWord(value, words)
    : undefined;
  return close === undefined ? hints : `${hints}; did you mean "${close}"?`;
}

function wanted(issue: Issue): string {
  switch (issue.code) {
    case "invalid_value": {
      const words = issue.values.map((word) => JSON.stringify(word));
      return `${words.length > 1 ? "one of " : ""}${words.join(", ")}`;
    }
    case "invalid_type":
      return KINDS[issue.expected] ?? issue.expected;
    case "too_small":
      return issue.origin === "number" || issue.origin === "int"
        ? `${issue.inclusive ? "at least" : "greater than"} ${issue.minimum}`
        : "not empty";
    case "too_big":
      return `at most ${issue.maximum}`;
    case "invalid_key":
      return 'named with letters, digits, "_" and "-" only';
    case "invalid_format":
      return `a duration such as 90, "90s", "10m", "1h30m"${
        issue.pattern?.includes("forever") ? ', or "forever"' : ""
      }`;
    default:
      return "something else";
  }
}

const KINDS: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a table",
  record: "a table",
};

/** A value in a message: short, and nothing secret. */
export function describeValue(
  value: TomlValue | undefined,
  path: readonly string[],
): string {
  if (Array.isArray(value)) return "a list";
  if (isTable(value)) return "a table";
  if (isSecretPath(path)) return "hidden";
  const text = typeof value === "string"
    ? JSON.stringify(value)
    : String(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

function without(tree: TomlTable, path: readonly string[]): TomlTable {
  const copy = structuredCopy(tree);
  const parent = valueAt(copy, path.slice(0, -1));
  if (isTable(parent)) delete parent[path.at(-1) ?? ""];
  return copy;
}

function structuredCopy<T extends TomlValue>(value: T): T {
  if (Array.isArray(value)) return value.map(structuredCopy) as T;
  if (!isTable(value)) return value;
  const copy = Object.create(null) as TomlTable;
  for (const [key, member] of Object.entries(value)) {
    copy[key] = structuredCopy(member);
  }
  return copy as T;
}
