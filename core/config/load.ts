/** Loads the configuration: layer over layer, every value knowing who set it. */
import { UserError } from "../protocol/error.ts";
import type { Host } from "../protocol/host.ts";
import { ancestors, dirname, isInside, resolvePath } from "../util/path.ts";
import { findProjectRoot } from "../util/project_root.ts";
import {
  buildConfig,
  type CheckedLayer,
  checkLayer,
  rootProblem,
  throwErrors,
  withoutMachineKeys,
} from "./check.ts";
import { adviseOn, adviseOnEffect } from "./advice.ts";
import { type Layer, mergeLayers, type Origin, originOf } from "./layers.ts";
import { valueAt } from "./file/tree.ts";
import {
  loadProfile,
  readLayer,
  selectProfile,
  withoutProfiles,
} from "./load_layer.ts";
import { loadCatalog, type ModelCatalog } from "./provider/models.ts";
import { buildFlags, buildOverrides, type ConfigFlags } from "./overrides.ts";
import { withAbsolutePaths } from "./paths.ts";
import type { Config } from "./file/schema.ts";
import { emptyTable, type TomlTable } from "./file/toml.ts";
import { readTrust, type Trust } from "./trust.ts";

export interface LoadOptions {
  readonly flags?: ConfigFlags;
  /** Absolute; the host's when absent. */
  readonly cwd?: string;
  /** Whether a user can be asked; decides the default approval policy. */
  readonly canAsk: boolean;
  /** Instead of /etc/codex/config.toml. */
  readonly systemConfigPath?: string;
}

export interface LoadedConfig {
  /** Every default filled in; frozen. */
  readonly config: Config;
  readonly warnings: readonly string[];
  /** Who set a key: dotted, or as a list where a part holds a dot. */
  readonly origin: (key: string | readonly string[]) => Origin;
  /** Weakest first. */
  readonly layers: readonly Layer[];
  /** Undefined on a machine without a home folder. */
  readonly codexHome: string | undefined;
  readonly cwd: string;
  /** Nearest folder upwards with a root marker; the cwd when there is none. */
  readonly projectRoot: string;
  readonly trust: Trust;
  readonly catalog: ModelCatalog;
  /** `--add-dir`, absolute. */
  readonly addDirs: readonly string[];
}

/** Reads and checks everything. Throws UserError "config" or "usage". */
export async function loadConfig(
  host: Host,
  options: LoadOptions,
): Promise<LoadedConfig> {
  const flags = options.flags ?? {};
  const cwd = resolvePath(host.cwd, options.cwd ?? host.cwd);
  const codexHome = await findCodexHome(host);
  const personal = await loadPersonal(
    host,
    { ...options, flags, cwd },
    codexHome,
  );
  const base = mergeLayers([...personal.below, ...personal.above]);
  const markers = valueAt(base, ["project_root_markers"]);
  const projectRoot = await findProjectRoot(
    (path) => host.files.stat(path),
    cwd,
    Array.isArray(markers) ? markers.map(String) : [".git"],
  ) ?? cwd;
  const found = await readTrust(host, cwd, base);
  const trust: Trust = flags.trust ? { ...found, level: "trusted" } : found;
  const project = await loadProject(host, {
    cwd,
    projectRoot,
    codexHome,
    trust,
  });

  const strictness = {
    home: host.homeDir(),
    isStrict: flags.strictConfig ?? false,
  };
  const checked = [...personal.below, ...project.layers, ...personal.above]
    .map((layer) => prepareLayer(layer, strictness));
  throwErrors(checked.flatMap((one) => one.errors));
  const layers = [
    defaultLayer(cwd, trust, options.canAsk),
    ...checked.map((one) => one.layer),
  ];
  const config = buildConfig(mergeLayers(layers), layers, host.homeDir());
  return {
    config,
    warnings: [
      ...checked.flatMap((one) => one.warnings),
      ...project.warnings,
      ...adviseOnEffect(checked.map((one) => one.layer)),
      ...adviseOn(config, flags),
    ],
    origin: (key) =>
      originOf(layers, typeof key === "string" ? key.split(".") : key),
    layers,
    codexHome,
    cwd,
    projectRoot,
    trust,
    catalog: await loadCatalog(host, config.model_catalog_json),
    addDirs: resolveAddDirs(flags.addDir ?? [], cwd, host.homeDir()),
  };
}

// In a project's layer some keys do not count; in every layer paths become absolute.
function prepareLayer(
  layer: Layer,
  options: { readonly home: string | undefined; readonly isStrict: boolean },
): CheckedLayer {
  const allowed = layer.kind === "project"
    ? withoutMachineKeys(layer)
    : { layer, warnings: [], errors: [] };
  const tree = withAbsolutePaths(allowed.layer.tree, {
    base: layer.base,
    home: options.home,
  });
  const checked = checkLayer({ ...layer, tree }, options.isStrict);
  return { ...checked, warnings: [...allowed.warnings, ...checked.warnings] };
}

/** `$CODEX_HOME`, which must be there if it is set; else `~/.codex`, which need not. */
export async function findCodexHome(host: Host): Promise<string | undefined> {
  const named = host.env("CODEX_HOME")?.trim() ?? "";
  if (named === "") {
    const home = host.homeDir();
    return home === undefined || home === ""
      ? undefined
      : resolvePath(host.cwd, `${home}/.codex`);
  }
  const path = resolvePath(host.cwd, named);
  const stat = await host.files.stat(path);
  if (stat?.isDirectory) return await host.files.realPath(path);
  const state = stat === undefined ? "does not exist" : "is not a folder";
  throw new UserError(
    "config",
    `Cannot use CODEX_HOME: ${path} ${state}, must be an existing folder`,
  );
}

// Everything but the project's own files, in two parts: they go between.
async function loadPersonal(
  host: Host,
  options: LoadOptions & { readonly cwd: string; readonly flags: ConfigFlags },
  codexHome: string | undefined,
): Promise<
  { readonly below: readonly Layer[]; readonly above: readonly Layer[] }
> {
  const { cwd, flags } = options;
  const overrides = memoryLayer(
    "override",
    buildOverrides(flags.config ?? []),
    cwd,
  );
  const system = await readLayer(
    host,
    "system",
    options.systemConfigPath ?? "/etc/codex/config.toml",
  );
  const user = codexHome === undefined || flags.ignoreUserConfig
    ? undefined
    : await readLayer(host, "user", `${codexHome}/config.toml`);
  const files = [system, user].filter((layer) => layer !== undefined);
  const name = selectProfile(flags.profile, [...files, overrides]);
  const profile = name === undefined
    ? []
    : await loadProfile(host, { name, files, codexHome });
  const below = [
    memoryLayer("environment", environmentTree(host), cwd),
    ...files.map(withoutProfiles),
    ...profile,
  ];
  const oss = valueAt(mergeLayers([...below, overrides]), ["oss_provider"]);
  const flagTree = buildFlags(flags, typeof oss === "string" ? oss : undefined);
  return { below, above: [overrides, memoryLayer("flag", flagTree, cwd)] };
}

// A folder's own file counts only once the user trusts the project.
async function loadProject(
  host: Host,
  place: {
    readonly cwd: string;
    readonly projectRoot: string;
    readonly codexHome: string | undefined;
    readonly trust: Trust;
  },
): Promise<
  { readonly layers: readonly Layer[]; readonly warnings: readonly string[] }
> {
  const layers: Layer[] = [];
  const warnings: string[] = [];
  const folders = ancestors(place.cwd).filter((folder) =>
    isInside(folder, place.projectRoot)
  );
  for (const folder of folders.toReversed()) {
    const file = resolvePath(folder, ".codex/config.toml");
    if (dirname(file) === place.codexHome) continue;
    if (!await host.files.stat(file)) continue;
    if (place.trust.level === "trusted") {
      const layer = await readLayer(host, "project", file);
      if (layer !== undefined) layers.push(layer);
    } else {
      warnings.push(
        `Ignoring ${file}: the project ${place.trust.folder} is not trusted`,
      );
    }
  }
  return { layers, warnings };
}

// A folder that the user has not decided about is read-only.
function defaultLayer(cwd: string, trust: Trust, canAsk: boolean): Layer {
  const tree = emptyTable();
  tree["sandbox_mode"] = trust.level === undefined
    ? "read-only"
    : "workspace-write";
  const asked = trust.level === "untrusted" ? "untrusted" : "on-request";
  tree["approval_policy"] = canAsk ? asked : "never";
  return memoryLayer("default", tree, cwd);
}

function environmentTree(host: Host): TomlTable {
  const tree = emptyTable();
  const url = host.env("OPENAI_BASE_URL")?.trim() ?? "";
  if (url !== "") tree["openai_base_url"] = url;
  return tree;
}

function memoryLayer(
  kind: Layer["kind"],
  tree: TomlTable,
  base: string,
): Layer {
  return { kind, tree, prefix: [], base };
}

function resolveAddDirs(
  paths: readonly string[],
  cwd: string,
  home: string | undefined,
): string[] {
  return paths.map((path) => {
    const full = resolvePath(cwd, path);
    const problem = rootProblem(full, home);
    if (problem === undefined) return full;
    throw new UserError("usage", `Cannot add folder ${full}: it is ${problem}`);
  });
}
