/** One file as a layer, and the two forms a profile can have. */
import { configError } from "../protocol/error.ts";
import type { Host } from "../protocol/host.ts";
import { dirname } from "../util/path.ts";
import { closestWord } from "../util/text/similar.ts";
import { readOptional } from "./file/files.ts";
import { type Layer, type LayerKind } from "./layers.ts";
import {
  emptyTable,
  isTable,
  parseToml,
  type TomlTable,
  valueAt,
} from "./file/toml.ts";
import type { FolderTrust } from "./trust/folder.ts";

/** A file's layer; undefined when there is no such file. */
export async function readLayer(
  host: Host,
  kind: LayerKind,
  file: string,
): Promise<Layer | undefined> {
  const text = await readOptional(host, file);
  if (text === undefined) return undefined;
  return {
    kind,
    tree: parseToml(text, file),
    file,
    text,
    prefix: [],
    base: dirname(file),
  };
}

/** The profile asked for: by the flag, else by `profile` in the strongest layer. */
export function selectProfile(
  flag: string | undefined,
  layers: readonly Layer[],
): string | undefined {
  if (flag !== undefined) return flag;
  for (const layer of layers.toReversed()) {
    const name = valueAt(layer.tree, ["profile"]);
    if (typeof name === "string") return name;
  }
  return undefined;
}

/** Its layers: `[profiles.<name>]` of each file, then `$CODEX_HOME/<name>.config.toml`. */
export async function loadProfile(
  host: Host,
  options: {
    readonly name: string;
    readonly files: readonly Layer[];
    readonly codexHome: string | undefined;
  },
): Promise<Layer[]> {
  const { name, files, codexHome } = options;
  // The name becomes part of a path.
  if (!/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(name)) {
    throw configError(
      `Cannot use profile ${JSON.stringify(name)}: ` +
        'its name must be made of letters, digits, "_", "-" and "."',
    );
  }
  const layers: Layer[] = [];
  for (const file of files) {
    const tree = valueAt(file.tree, ["profiles", name]);
    if (!isTable(tree)) continue;
    layers.push({ ...file, kind: "profile", tree, prefix: ["profiles", name] });
  }
  const own = codexHome === undefined
    ? undefined
    : await readLayer(host, "profile", `${codexHome}/${name}.config.toml`);
  if (own !== undefined) layers.push(own);
  if (layers.length > 0) return layers;
  throw configError(unknownProfile(options));
}

/** The layer without its profiles: they were taken out, and the others do not count. */
export function withoutProfiles(layer: Layer): Layer {
  const { profiles: _taken, ...tree } = layer.tree;
  return { ...layer, tree: Object.assign(Object.create(null), tree) };
}

function unknownProfile(options: {
  readonly name: string;
  readonly files: readonly Layer[];
  readonly codexHome: string | undefined;
}): string {
  const { name, files, codexHome } = options;
  const known = files.flatMap((file) => {
    const profiles = valueAt(file.tree, ["profiles"]);
    return isTable(profiles) ? Object.keys(profiles) : [];
  });
  const close = closestWord(name, known);
  return `Cannot use profile "${name}": there is neither a table ` +
    `[profiles.${name}] nor a file ${
      codexHome ?? "~/.codex"
    }/${name}.config.toml` +
    (close === undefined ? "" : `, did you mean "${close}"?`);
}

/**
 * A folder that nobody decided about is only looked at; so is one that is not trusted,
 * where nobody can be asked about each command.
 */
export function defaultLayer(
  cwd: string,
  trust: FolderTrust,
  canAsk: boolean,
): Layer {
  const tree = emptyTable();
  const isWritten = trust.level === "trusted" ||
    (trust.level === "untrusted" && canAsk);
  tree["sandbox_mode"] = isWritten ? "workspace-write" : "read-only";
  const asked = trust.level === "untrusted" ? "untrusted" : "on-request";
  tree["approval_policy"] = canAsk ? asked : "never";
  const kind = trust.level === undefined ? "default" : "trust";
  return memoryLayer(kind, tree, cwd);
}

/** What variables of the environment set. */
export function environmentTree(host: Host): TomlTable {
  const tree = emptyTable();
  const url = host.env("OPENAI_BASE_URL")?.trim() ?? "";
  if (url !== "") tree["openai_base_url"] = url;
  return tree;
}

/** A layer that no file holds. */
export function memoryLayer(
  kind: Layer["kind"],
  tree: TomlTable,
  base: string,
): Layer {
  return { kind, tree, prefix: [], base };
}
