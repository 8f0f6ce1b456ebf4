/** Layers held against the schema and against what the schema cannot say; in sentences. */
import { configError, UserError } from "../protocol/error.ts";
import { assert } from "../util/assert.ts";
import { isAbsolute } from "../util/path.ts";
import { closestWord } from "../util/text/similar.ts";
import { listedOf } from "./provider/prices.ts";
import { type Layer, layerOrigin, originOf, renderOrigin } from "./layers.ts";
import { findFated } from "./file/schema_walk.ts";
import { isReservedProvider, providerIds } from "./provider/providers.ts";
import type { Config } from "./file/schema.ts";
import { type TomlTable, valueAt } from "./file/toml.ts";
import {
  describeValue,
  findProblems,
  parseTree,
  renderKeyPath,
  renderProblem,
  withoutUnknown,
} from "./validate.ts";

/** A layer without its unknown keys, and the messages about them. */
export interface CheckedLayer {
  readonly layer: Layer;
  readonly warnings: readonly string[];
  readonly errors: readonly string[];
}

/** Checks one layer by itself; what is missing may still come from another one. */
export function checkLayer(layer: Layer, isStrict: boolean): CheckedLayer {
  const problems = findProblems(layer.tree);
  const warnings: string[] = [];
  const errors: string[] = [];
  for (const problem of problems) {
    if (problem.kind === "missing") continue;
    const sentence = renderProblem(problem, layer.tree);
    const place = renderOrigin(layerOrigin(layer, problem.path));
    const isError = problem.kind === "invalid" || isStrict ||
      takesAway(problem.path);
    (isError ? errors : warnings).push(`${sentence} (${place})`);
  }
  for (const { path, fate } of isStrict ? findFated(layer.tree) : []) {
    if (fate.type !== "ignored") continue;
    const place = renderOrigin(layerOrigin(layer, path));
    errors.push(
      `key "${renderKeyPath(path)}" has no effect: ${fate.why} (${place})`,
    );
  }
  const tree = withoutUnknown(layer.tree, problems);
  return {
    layer: { ...layer, tree },
    warnings: warnings.map((warning) => `Ignoring config: ${warning}`),
    errors,
  };
}

// A feature may be switched off, a profile made, and a server called disabled, as others
// call it, to take something away: no word of that must be lost.
function takesAway([table, , member]: readonly (string | number)[]): boolean {
  return table === "features" || table === "permissions" ||
    (table === "mcp_servers" && member === "disabled");
}

/** The configuration of the merged tree; throws UserError with all that is wrong in it. */
export function buildConfig(
  tree: TomlTable,
  layers: readonly Layer[],
  home: string | undefined,
): Config {
  const { config, problems } = parseTree(tree);
  throwErrors(
    problems.map((problem) =>
      at(layers, problem.path, renderProblem(problem, tree))
    ),
  );
  assert(config !== undefined, "a tree without problems is a configuration");
  throwErrors([
    ...checkProviders(config, layers),
    ...checkServers(config, layers),
    ...checkCost(config, layers),
    ...checkRefused(tree, layers),
    ...checkList(
      config,
      layers,
      "writable_roots",
      (path) => rootProblem(path, home),
    ),
    ...checkList(config, layers, "deny_read", globProblem),
  ]);
  return config;
}

/** Throws one UserError for all sentences, if there are any. */
export function throwErrors(errors: readonly string[]): void {
  if (errors.length === 0) return;
  const lines = errors.map((error) => `Cannot read config: ${error}`);
  throw configError(lines.join("\n"));
}

/** Why a folder cannot be a writable root; undefined when it can. */
export function rootProblem(
  path: string,
  home: string | undefined,
): string | undefined {
  if (!isAbsolute(path)) return "relative, must be an absolute path";
  const plain = path.replace(/\/+$/, "");
  if (plain === "") return "the root of the disk, must be a folder below it";
  if (home !== undefined && plain === home.replace(/\/+$/, "")) {
    return "your home folder, must be a folder below it";
  }
  return undefined;
}

function globProblem(glob: string): string | undefined {
  if (!isAbsolute(glob) && !glob.startsWith("**/")) {
    return 'relative, must be an absolute path or begin with "**/"';
  }
  // What is left of a glob that names nothing: it would hide the whole disk.
  return glob.replaceAll(/[*?/]/g, "") === ""
    ? "matching everything, must name something"
    : undefined;
}

function checkList(
  config: Config,
  layers: readonly Layer[],
  key: "writable_roots" | "deny_read",
  problemOf: (path: string) => string | undefined,
): string[] {
  return config.sandbox_workspace_write[key].flatMap((path, index) => {
    const problem = problemOf(path);
    if (problem === undefined) return [];
    const place = ["sandbox_workspace_write", key, String(index)];
    return [
      at(
        layers,
        place,
        `value of "sandbox_workspace_write.${key}[${index}]" is ${
          JSON.stringify(path)
        }: ${problem}`,
      ),
    ];
  });
}

function checkProviders(config: Config, layers: readonly Layer[]): string[] {
  const errors: string[] = [];
  for (const id of Object.keys(config.model_providers)) {
    if (!isReservedProvider(id)) continue;
    const how = id === "openai"
      ? 'set "openai_base_url", or choose another name'
      : "choose another name";
    errors.push(at(
      layers,
      ["model_providers", id],
      `provider "${id}" is built in and cannot be defined, ${how}`,
    ));
  }
  const known = providerIds(config);
  if (!known.includes(config.model_provider)) {
    const close = closestWord(config.model_provider, known);
    const hint = close === undefined
      ? `must be one of ${known.map((id) => `"${id}"`).join(", ")}`
      : `did you mean "${close}"?`;
    errors.push(at(
      layers,
      ["model_provider"],
      `value of "model_provider" is "${config.model_provider}", which is not defined, ${hint}`,
    ));
  }
  return errors;
}

function checkServers(config: Config, layers: readonly Layer[]): string[] {
  return Object.entries(config.mcp_servers).flatMap(([name, server]) => {
    const given = [server.command, server.url].filter((one) =>
      one !== undefined && one !== ""
    );
    if (given.length === 1) return [];
    const state = given.length === 0
      ? 'neither "command" nor "url"'
      : 'both "command" and "url"';
    return [at(
      layers,
      ["mcp_servers", name],
      `MCP server "${name}" has ${state}, must have one of them`,
    )];
  });
}

// These narrow what may be done, in ways that are not built: better no run than a wider one.
function checkRefused(tree: TomlTable, layers: readonly Layer[]): string[] {
  return findFated(tree).flatMap(({ path, fate }) =>
    fate.type === "refused"
      ? [
        at(
          layers,
          path,
          `value of "${renderKeyPath(path)}" is ${
            describeValue(valueAt(tree, path), path)
          }, ${fate.instead}`,
        ),
      ]
      : []
  );
}

function checkCost(config: Config, layers: readonly Layer[]): string[] {
  if (config.limits.max_cost === undefined) return [];
  const models = [config.model, config.review_model ?? config.model];
  return models.filter((model) =>
    !Object.hasOwn(config.prices, model) && listedOf(model) === undefined
  )
    .slice(0, 1).map((model) =>
      at(
        layers,
        ["limits", "max_cost"],
        `value of "limits.max_cost" cannot be kept, because [prices."${model}"] is missing`,
      )
    );
}

// The place of a missing value is that of the table it is missing from.
function at(
  layers: readonly Layer[],
  path: readonly string[],
  sentence: string,
): string {
  for (let length = path.length; length > 0; length--) {
    const part = path.slice(0, length);
    if (layers.every((layer) => valueAt(layer.tree, part) === undefined)) {
      continue;
    }
    return `${sentence} (${renderOrigin(originOf(layers, part))})`;
  }
  return sentence;
}

/** What `open` gives; what it throws about the configuration with the place of a key. */
export function placed<T>(
  layers: readonly Layer[],
  path: readonly string[],
  open: () => T,
): T {
  try {
    return open();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(error.kind, at(layers, path, error.message));
  }
}
