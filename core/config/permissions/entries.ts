/** The entries of a permission profile: which path may be read, written or neither. Pure. */
import { configError, type UserError } from "../../protocol/error.ts";
import { expandHome, isAbsolute, resolvePath } from "../../util/path.ts";
import { type Profile, WORKSPACE } from "./extends.ts";

type Access = "read" | "write" | "deny";

/** What profiles are meant from. */
export interface ProfilePlace {
  /** Absolute. */
  readonly cwd: string;
  readonly home: string | undefined;
  /** Value of $TMPDIR, when set. */
  readonly tmpDir: string | undefined;
  readonly os: "linux" | "darwin" | "windows";
  /** `--add-dir`, absolute: workspace roots beside the cwd. */
  readonly addDirs: readonly string[];
}

export interface Entry {
  /** Absolute, or below the workspace; "" is the workspace itself. */
  readonly path: string;
  readonly access: Access;
}

interface Entries {
  /** Of `:root`, `:minimal`, `:tmpdir` and `:slash_tmp`. */
  readonly special: Readonly<Record<string, Access>>;
  readonly paths: readonly Entry[];
  /** Whether something but the built-in parts says that `.git` can be written. */
  readonly opensGit: boolean;
}

const SPECIAL = [":root", ":minimal", ":tmpdir", ":slash_tmp"];
const DEPTH = "glob_scan_max_depth";
// What the sandbox protects in every writable folder, without being asked.
const PROTECTED = [".git", ".codex", ".agents"];

/** Throws UserError "config" where an entry is wrong. */
export function parseEntries(
  name: string,
  profile: Profile,
  place: ProfilePlace,
): Entries {
  const special: Record<string, Access> = {};
  const paths: Entry[] = [];
  const extra = Object.entries(profile.workspace_roots)
    .filter(([, isOn]) => isOn)
    .map(([path]) => resolvePath(place.cwd, expand(path, place)));
  const roots = ["", ...extra, ...place.addDirs];
  let opensGit = false;
  const add = (path: string, value: Access | "none"): void => {
    const access = value === "none" ? "deny" : value;
    paths.push({ path: subtreeOf(name, path, access), access });
  };
  for (const [key, value] of Object.entries(profile.filesystem)) {
    if (key === DEPTH) continue;
    if (typeof value === "number") {
      throw wrong(name, key, 'a number, must be "read", "write" or "deny"');
    }
    if (SPECIAL.includes(key) || key === "/") {
      const access = typeof value === "object" ? value["."] : value;
      if (access === undefined || Object.keys(value).some((at) => at === "")) {
        throw wrong(name, key, "with paths below it, must be one word");
      }
      special[key === "/" ? ":root" : key] = access === "none"
        ? "deny"
        : access;
      continue;
    }
    if (key.startsWith(":") && key !== WORKSPACE && key !== ":project_roots") {
      throw wrong(name, key, "unknown, must be one of the places of Codex");
    }
    const bases = key.startsWith(":") ? roots : [pathOf(name, key, place)];
    const below = typeof value === "object" ? value : { ".": value };
    for (const [sub, access] of Object.entries(below)) {
      checkSub(name, key, sub);
      if (bases === roots && PROTECTED.includes(sub)) {
        opensGit ||= sub === ".git" && access === "write";
        if (access !== "deny" && access !== "none") continue;
      }
      for (const base of bases) add(join(base, sub), access);
    }
  }
  return { special, paths, opensGit };
}

const WILD = /[*?[\]]|\{.*,.*\}/;

// A path that ends in `/**` is the folder with all below it.
function subtreeOf(name: string, path: string, access: Access): string {
  if (access === "deny" || !WILD.test(path)) return path;
  const folder = path.replace(/(^|\/)\*\*$/, "");
  if (WILD.test(folder)) {
    throw wrong(
      name,
      path,
      `a pattern with "${access}", must be a path or end in "/**"; patterns can only deny`,
    );
  }
  return folder;
}

function pathOf(name: string, key: string, place: ProfilePlace): string {
  const path = expand(key, place);
  if (isAbsolute(path)) return resolvePath("/", path);
  throw wrong(name, key, 'relative, must be absolute, or begin with "~/"');
}

function expand(path: string, { home }: ProfilePlace): string {
  return home === undefined ? path : expandHome(path, home);
}

function checkSub(name: string, key: string, sub: string): void {
  const parts = sub.split("/");
  if (sub === "." || !parts.some((part) => ["", ".", ".."].includes(part))) {
    return;
  }
  throw wrong(
    name,
    `${key}.${sub}`,
    'not below its folder, must be a path without "." and ".."',
  );
}

function join(base: string, sub: string): string {
  if (sub === ".") return base;
  return base === "" ? sub : `${base === "/" ? "" : base}/${sub}`;
}

function wrong(name: string, key: string, state: string): UserError {
  return configError(
    `Cannot use permission profile "${name}": ${
      JSON.stringify(key)
    } is ${state}`,
  );
}
