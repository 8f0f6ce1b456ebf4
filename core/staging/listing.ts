/** Which files make up a tree: those git would keep, or all but what programs make again. */
import { usageError } from "../protocol/error.ts";
import { LIMITS } from "../protocol/limits.ts";
import { parseUtf8 } from "./patch/names.ts";
import { basename, isInside } from "../util/path.ts";
import { textOfBytes } from "../util/text/byte_text.ts";
import type { GitView } from "./repository.ts";
import type { TreeFiles } from "./tree_files.ts";

export interface Listing {
  /** Paths below the top, files and links. */
  readonly files: readonly string[];
  /** Folders with nothing in them. */
  readonly empty: readonly string[];
  /** Folders that are repositories of their own, submodules among them. */
  readonly inner: readonly string[];
  /** What cannot be part of a tree, in sentences. */
  readonly leftOut: readonly string[];
}

/** Folders that are made again by the programs whose they are. */
const MADE_AGAIN: ReadonlySet<string> = new Set([
  "node_modules",
  "__pycache__",
  ".venv",
  ".tox",
  ".mypy_cache",
  ".pytest_cache",
  ".ruff_cache",
  ".gradle",
]);
/** The mark of a cache, which cargo and others put into their folders (bford.info/cachedir). */
const CACHE_MARK = "CACHEDIR.TAG";

export interface GitLister {
  readonly view: GitView;
  /** Of the repository: what is in it counts, ignored or not. */
  readonly index?: string;
}

/** Of a folder; with git, what is ignored there is none of it, and `.git` never is. */
export async function listTree(
  tree: TreeFiles,
  top: string,
  git?: GitLister,
): Promise<Listing> {
  const found: Found = { files: new Set(), empty: [], inner: [], leftOut: [] };
  if (git === undefined) await walk(tree, top, "", found);
  else await listByGit(tree, { top, prefix: "", git }, found);
  const { files, ...rest } = found;
  return { files: [...files].sort(), ...rest };
}

/** The listing of `top` without what lies in these folders. */
export function dropFolders(
  listing: Listing,
  top: string,
  without: readonly string[],
): Listing {
  if (without.length === 0) return listing;
  const stays = (path: string): boolean =>
    !without.some((folder) => isInside(`${top}/${path}`, folder));
  const { files, empty, inner, leftOut } = listing;
  return {
    files: files.filter(stays),
    empty: empty.filter(stays),
    inner: inner.filter(stays),
    leftOut,
  };
}

interface Found {
  readonly files: Set<string>;
  readonly empty: string[];
  readonly inner: string[];
  readonly leftOut: string[];
}

interface GitPlace {
  readonly top: string;
  /** Of the folder that is listed; ends with a slash unless empty. */
  readonly prefix: string;
  readonly git: GitLister;
}

async function listByGit(
  tree: TreeFiles,
  { top, prefix, git: { view, index } }: GitPlace,
  found: Found,
): Promise<void> {
  const folder = prefix === "" ? top : `${top}/${prefix.slice(0, -1)}`;
  const inner: string[] = [];
  const ask = async (args: readonly string[]): Promise<readonly string[]> => {
    const out = await view.run({ tree: folder, index, args });
    return textOfBytes(out).split("\0").filter((line) => line !== "");
  };
  const add = (raw: string): void => {
    const name = parseUtf8(raw);
    if (name === undefined) {
      found.leftOut.push(`${prefix}${raw}: its name is no UTF-8`);
    } else if (name.endsWith("/")) inner.push(name);
    else addFile(found, prefix + name, top);
  };
  if (index !== undefined) {
    for (const line of await ask(["ls-files", "-z", "-s"])) {
      const [facts = "", name = ""] = line.split(/\t(.*)/s);
      add(facts.startsWith("160000") ? `${name}/` : name);
    }
  }
  (await ask(["ls-files", "-z", "-o", "--exclude-standard"])).forEach(add);
  const collapsed = [
    "ls-files",
    "-z",
    "-o",
    "--exclude-standard",
    "--directory",
  ];
  for (const raw of await ask(collapsed)) {
    const name = parseUtf8(raw);
    if (name?.endsWith("/")) {
      await findEmpty(tree, top, `${prefix}${name.slice(0, -1)}`, found.empty);
    }
  }
  // Submodules and repositories of their own, by the rules of the folder that they are.
  for (const name of inner) {
    const place = { top, prefix: `${prefix}${name}`, git: { view } };
    const stat = await tree.lstat(`${top}/${prefix}${name.slice(0, -1)}`);
    if (stat?.isDirectory !== true) continue;
    found.inner.push(`${prefix}${name.slice(0, -1)}`);
    await listByGit(tree, place, found);
  }
}

// Git knows of no empty folder; a program may.
async function findEmpty(
  tree: TreeFiles,
  top: string,
  path: string,
  empty: string[],
): Promise<void> {
  const stat = await tree.lstat(`${top}/${path}`);
  if (stat?.isDirectory !== true || MADE_AGAIN.has(basename(path))) return;
  const names = await tree.list(`${top}/${path}`).catch(() => [".git"]);
  if (names.includes(".git")) return;
  if (names.length === 0) empty.push(path);
  for (const name of names) {
    await findEmpty(tree, top, `${path}/${name}`, empty);
  }
}

async function walk(
  tree: TreeFiles,
  top: string,
  prefix: string,
  found: Found,
): Promise<void> {
  const names = await tree.list(prefix === "" ? top : `${top}/${prefix}`);
  if (prefix !== "" && names.length === 0) found.empty.push(prefix);
  if (prefix !== "" && names.includes(CACHE_MARK)) return;
  for (const name of names) {
    const path = prefix === "" ? name : `${prefix}/${name}`;
    if (name === ".git") continue;
    const stat = await tree.lstat(`${top}/${path}`);
    if (stat?.kind !== undefined) addFile(found, path, top);
    else if (stat?.isDirectory && !MADE_AGAIN.has(name)) {
      await walk(tree, top, path, found);
    } else if (stat === undefined || !stat.isDirectory) {
      const what = stat === undefined
        ? "it cannot be looked at"
        : "it is neither a file nor a link";
      found.leftOut.push(`${path}: ${what}`);
    }
  }
}

function addFile({ files }: Found, path: string, top: string): void {
  files.add(path);
  if (files.size <= LIMITS.stageFiles) return;
  throw usageError(
    `Cannot stage ${top}: it has more than ${LIMITS.stageFiles} files, must have fewer (start in a smaller folder)`,
  );
}
