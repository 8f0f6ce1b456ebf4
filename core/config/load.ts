/** Loads the configuration: layer over layer, every value knowing who set it. */
import { configError, usageError } from "../protocol/error.ts";
import type { FileStat, Host } from "../protocol/host.ts";
import { resolvePath } from "../util/path.ts";
import { findProjectRoot } from "../util/project_root.ts";
import {
  type CheckedLayer,
  checkLayer,
  rootProblem,
  throwErrors,
} from "./check.ts";
import { adviseOn, adviseOnEffect } from "./advice.ts";
import { type Layer, mergeLayers, type Origin, originOf } from "./layers.ts";
import {
  defaultLayer,
  environmentTree,
  loadProfile,
  memoryLayer,
  readLayer,
  selectProfile,
  withoutProfiles,
} from "./load_layer.ts";
import { loadCatalog } from "./provider/catalog.ts";
import type { ModelCatalog } from "./provider/models.ts";
import { buildFlags, buildOverrides, type ConfigFlags } from "./overrides.ts";
import { withAbsolutePaths } from "./paths.ts";
import { mergeTrees, type TomlTable, valueAt } from "./file/toml.ts";
import { activeProfile } from "./permissions/permissions.ts";
import { type Managed, readManaged, refuseLost } from "./managed/managed.ts";
import { settle, type Settled } from "./settle.ts";
import { loadProject } from "./project.ts";
import type { PersonSettings } from "./project_layer.ts";
import { secretNames } from "./secrets.ts";
import { type FolderTrust, readFolderTrust } from "./trust/folder.ts";
import type { Checks } from "./trust/check.ts";
import type { ProjectSource } from "./trust/source.ts";
import { parseTree } from "./validate.ts";

export interface LoadOptions {
  readonly flags?: ConfigFlags;
  /** Absolute; the host's when absent. */
  readonly cwd?: string;
  /** Whether a user can be asked; decides the default approval policy. */
  readonly canAsk: boolean;
  /** Instead of /etc/codex/config.toml. */
  readonly systemConfigPath?: string;
  /** Instead of /etc/codex: `requirements.toml` and `managed_config.toml`. */
  readonly managedFolder?: string;
}

export interface LoadedConfig extends Checks, Settled {
  /** Who set a key: dotted, or as a list where a part holds a dot. */
  readonly origin: (key: string | readonly string[]) => Origin;
  /** Undefined on a machine without a home folder. */
  readonly codexHome: string | undefined;
  readonly cwd: string;
  /** Nearest folder upwards with a root marker; the cwd when there is none. */
  readonly projectRoot: string;
  readonly trust: FolderTrust & {
    /** What the project asks for, approved or not. */
    readonly sources: readonly ProjectSource[];
  };
  /** Hooks are started as they are: `--dangerously-bypass-hook-trust`. */
  readonly bypassesHookTrust: boolean;
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
  const found = await readFolderTrust(host, cwd, base);
  const trust: FolderTrust = flags.trust
    ? { ...found, level: "trusted" }
    : found;
  const defaults = defaultLayer(cwd, trust, options.canAsk);
  const addDirs = await readAddDirs(host, flags.addDir ?? [], cwd);
  const project = await loadProject(host, {
    cwd,
    projectRoot,
    codexHome,
    trust,
    base,
    person: () =>
      personOf(defaults.tree, [...personal.below, ...personal.above]),
    bypassHooks: flags.bypassHookTrust ?? false,
    addDirs,
  });

  const strictness = {
    home: host.homeDir(),
    isStrict: flags.strictConfig ?? false,
  };
  const checked = [...personal.below, ...project.layers, ...personal.above]
    .map((layer) => prepareLayer(layer, strictness));
  throwErrors(checked.flatMap((one) => one.errors));
  const layers = [defaults, ...checked.map((one) => one.layer)];
  const { managed } = personal;
  const settled = settle(host, layers, { cwd, addDirs, managed });
  const { config } = settled;
  return {
    ...settled,
    warnings: [
      ...settled.warnings,
      ...checked.flatMap((one) => one.warnings),
      ...project.warnings,
      ...adviseOnEffect(checked.map((one) => one.layer)),
      ...adviseOn(settled, flags),
    ],
    origin: (key) =>
      originOf(settled.layers, typeof key === "string" ? key.split(".") : key),
    codexHome,
    cwd,
    projectRoot,
    trust: { ...trust, sources: project.sources },
    checkPrograms: project.checkPrograms,
    pinPrograms: project.pinPrograms,
    bypassesHookTrust: flags.bypassHookTrust ?? false,
    catalog: await loadCatalog(host, config.model_catalog_json),
    addDirs,
  };
}

function prepareLayer(
  layer: Layer,
  options: { readonly home: string | undefined; readonly isStrict: boolean },
): CheckedLayer {
  const tree = withAbsolutePaths(layer.tree, {
    base: layer.base,
    home: options.home,
  });
  // A policy that is not understood is not obeyed.
  const isStrict = options.isStrict || layer.kind === "managed";
  return checkLayer({ ...layer, tree }, isStrict);
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
  throw configError(
    `Cannot use CODEX_HOME: ${path} ${state}, must be an existing folder`,
  );
}

interface Personal {
  readonly below: readonly Layer[];
  readonly above: readonly Layer[];
  readonly managed: Managed | undefined;
}

// Everything but the project's own files, in two parts: they go between.
async function loadPersonal(
  host: Host,
  options: LoadOptions & { readonly cwd: string; readonly flags: ConfigFlags },
  codexHome: string | undefined,
): Promise<Personal> {
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
  const folder = options.managedFolder ?? "/etc/codex";
  const old = `${folder}/managed_config.toml`;
  await refuseLost(host, old);
  const legacy = await readLayer(host, "managed", old);
  return {
    below,
    above: [
      overrides,
      memoryLayer("flag", flagTree, cwd),
      ...(legacy === undefined ? [] : [legacy]),
    ],
    managed: await readManaged(host, folder, legacy?.tree),
  };
}

// What the project's settings are held against.
function personOf(
  defaults: TomlTable,
  layers: readonly Layer[],
): PersonSettings {
  const tree = mergeTrees(defaults, mergeLayers(layers));
  const profile = activeProfile(layers.map((layer) => layer.tree));
  // Settings that do not parse end the start anyway: the strictest stands for them here.
  const config = parseTree(tree).config ?? parseTree(defaults).config;
  return {
    tree,
    // A profile is not among the modes: a project may only choose the strictest of them.
    sandboxMode: profile === undefined
      ? config?.sandbox_mode ?? "read-only"
      : "read-only",
    approvalPolicy: config?.approval_policy ?? "untrusted",
    secretNames: config === undefined ? [] : secretNames(config),
  };
}

async function readAddDirs(
  host: Host,
  paths: readonly string[],
  cwd: string,
): Promise<string[]> {
  const dirs: string[] = [];
  for (const path of paths) {
    const full = resolvePath(cwd, path);
    const problem = path === ""
      ? "without a name, must be an existing folder"
      : rootProblem(full, host.homeDir()) ??
        folderProblem(await host.files.stat(full));
    if (problem !== undefined) {
      throw usageError(`Cannot add folder ${path && full}: it is ${problem}`);
    }
    dirs.push(full);
  }
  return dirs;
}

function folderProblem(stat: FileStat | undefined): string | undefined {
  if (stat?.isDirectory) return undefined;
  return stat === undefined
    ? "not there, must be an existing folder"
    : "a file, must be a folder";
}
