/** Which keys hold paths, and what relative ones are meant from. */
import { expandHome, isAbsolute, resolvePath } from "../util/path.ts";
import {
  emptyTable,
  isTable,
  type TomlTable,
  type TomlValue,
} from "./file/toml.ts";

// `*` stands for any key or list element.
const PATH_KEYS: readonly (readonly string[])[] = [
  ["model_instructions_file"],
  ["experimental_instructions_file"],
  ["experimental_compact_prompt_file"],
  ["model_catalog_json"],
  ["skills", "config", "*", "path"],
  ["model_providers", "*", "ca_bundle"],
  ["model_providers", "*", "client_cert"],
  ["model_providers", "*", "client_key"],
  ["model_providers", "*", "auth", "cwd"],
  ["mcp_servers", "*", "cwd"],
];

// A relative root or glob would mean another place in each layer, so it is refused
// later; only the home folder is filled in here.
const HOME_KEYS: readonly (readonly string[])[] = [
  ["sandbox_workspace_write", "writable_roots", "*"],
  ["sandbox_workspace_write", "deny_read", "*"],
];

/** The tree with its relative paths made absolute, and `~/` filled in. */
export function withAbsolutePaths(
  tree: TomlTable,
  folders: { readonly base: string; readonly home: string | undefined },
): TomlTable {
  const expand = (path: string): string =>
    folders.home === undefined ? path : expandHome(path, folders.home);
  let result = tree;
  for (const pattern of PATH_KEYS) {
    result = mapStrings(
      result,
      pattern,
      (path) => path === "" ? path : resolvePath(folders.base, expand(path)),
    );
  }
  for (const pattern of HOME_KEYS) {
    result = mapStrings(result, pattern, (path) => {
      const full = expand(path);
      return isAbsolute(full) ? resolvePath("/", full) : full;
    });
  }
  return result;
}

function mapStrings<T extends TomlValue>(
  value: T,
  pattern: readonly string[],
  map: (text: string) => string,
): T {
  const [key, ...rest] = pattern;
  if (key === undefined) {
    return (typeof value === "string" ? map(value) : value) as T;
  }
  if (Array.isArray(value)) {
    if (key !== "*") return value;
    return value.map((element) => mapStrings(element, rest, map)) as T;
  }
  if (!isTable(value)) return value;
  const copy = Object.assign(emptyTable(), value);
  for (const [name, member] of Object.entries(value)) {
    if (key === "*" || key === name) copy[name] = mapStrings(member, rest, map);
  }
  return copy as T;
}
