/** What of a repository can execute code, and where it really lies. */
import type { Files } from "../../core/protocol/host.ts";
import { LIMITS } from "../../core/protocol/limits.ts";
import { basename, dirname, resolvePath } from "../../core/util/path.ts";
import {
  isHarmlessUnfinished,
  isUnfinished,
  UNFINISHED,
} from "./unfinished.ts";

/** One repository as seen from its `.git`. */
export interface GitFact {
  /** The `.git` folder, or the pointer file of a worktree or submodule. */
  readonly entry: string;
  /** The folder the entry is or names, and the one it shares with other worktrees. */
  readonly folders: readonly string[];
  /**
   * Whether the folders are a repository and say themselves that they belong to this
   * entry. A pointer file alone proves nothing, nor does what commands could have written:
   * either may name any folder of the disk.
   */
  readonly isOwner: boolean;
  /** The folder is a repository without being a `.git`: only the parts are held. */
  readonly isBare?: boolean;
  /** Existing files and folders through which git runs programs. */
  readonly parts: readonly string[];
  /** The folder of its submodules: new ones are looked for afterwards. */
  readonly modules?: string;
  /** The folder of its worktrees, likewise; absent where none may be made. */
  readonly worktrees?: string;
  /** What is half done and starts no program, so that it may be gone on with. */
  readonly unfinished?: readonly string[];
  /** Where git keeps what is checked out, whether or not it is there. */
  readonly indexes?: readonly string[];
  /** Such files and folders that do not exist. */
  readonly absent: readonly string[];
}

// gitrepository-layout(5). `commondir` moves configuration and hooks elsewhere; what a
// rebase or a sequence of commits has yet to do may be any command (git-rebase(1)).
const FOLDERS = ["hooks", "info", ...UNFINISHED];
const FILES = ["config", "config.worktree", "commondir"];
const WORKTREE_FILES = ["commondir", "gitdir", "config.worktree"];
const WORKTREE_PARTS = [...WORKTREE_FILES, ...UNFINISHED];
/** A submodule's own word for where it is checked out (git-submodule(1)). */
const CHECKED_OUT = /^\[core\]\n(?:[ \t].*\n)*?[ \t]+worktree = (.+)$/m;

interface GitLook {
  /** Also at submodules below the folders. */
  readonly withModules: boolean;
  /** Whether commands can have written there. */
  readonly isWritable: (path: string) => boolean;
  /** Whether commands may make worktrees, and go on with what is half done. */
  readonly opensMore?: boolean;
}

/** Follows the entry to its folders. */
export async function readGitFact(
  files: Files,
  entry: string,
  look: GitLook,
): Promise<GitFact> {
  const { isWritable } = look;
  const stat = await files.lstat(entry);
  if (stat?.isDirectory) {
    const isOwner = !isWritable(entry);
    return await describe(files, { entry, main: entry, isOwner }, look);
  }
  const folder = await readPointer(files, entry, "gitdir: ");
  if (folder === undefined) return closedGitFact(entry);
  const shared = await readPointer(files, `${folder}/commondir`, "");
  const back = await readLine(files, `${folder}/gitdir`);
  if (shared === undefined) {
    const isOwner = !isWritable(folder) && await isRepository(files, folder) &&
      await readCheckedOut(files, folder) === dirname(entry);
    return await describe(files, { entry, main: folder, isOwner }, look);
  }
  const isOwner = back !== undefined && resolvePath(folder, back) === entry &&
    dirname(folder) === `${shared}/worktrees` &&
    !isWritable(folder) && !isWritable(shared) &&
    await isRepository(files, shared);
  const found = { entry, main: shared, isOwner, linked: folder };
  return await describe(files, found, look);
}

// As a pointer back, of a submodule: the folder that it says it is checked out in.
async function readCheckedOut(
  files: Files,
  folder: string,
): Promise<string | undefined> {
  const path = `${folder}/config`;
  const stat = await files.lstat(path);
  if (!stat?.isFile || stat.size > LIMITS.guardFileBytes) return undefined;
  const text = await files.readText(path).catch(() => "");
  const named = CHECKED_OUT.exec(text)?.[1]?.trim();
  return named === undefined ? undefined : resolvePath(folder, named);
}

async function isRepository(files: Files, path: string): Promise<boolean> {
  const [head, objects, refs] = await Promise.all(
    ["HEAD", "objects", "refs"].map((name) => files.lstat(`${path}/${name}`)),
  );
  return head?.isFile === true && objects?.isDirectory === true &&
    refs?.isDirectory === true;
}

async function describe(
  files: Files,
  found: {
    readonly entry: string;
    readonly main: string;
    readonly linked?: string;
    readonly isOwner: boolean;
  },
  { withModules, opensMore }: GitLook,
): Promise<GitFact> {
  const { entry, main, linked } = found;
  const top = `${main}/modules`;
  const trees = `${main}/worktrees`;
  const isOpen = opensMore === true && found.isOwner;
  const known = isOpen ? await listWorktrees(files, trees) : undefined;
  const modules = withModules ? await findModules(files, top) : [];
  const worktrees = [
    ...new Set([...linked === undefined ? [] : [linked], ...known ?? []]),
  ];
  const folders = [
    ...[main, ...modules ?? []].flatMap((path) =>
      FOLDERS.map((name) => `${path}/${name}`)
    ),
  ];
  const plain = [
    ...[main, ...modules ?? []].flatMap((path) =>
      FILES.map((name) => `${path}/${name}`)
    ),
    ...worktrees.flatMap((path) =>
      WORKTREE_PARTS.map((name) => `${path}/${name}`)
    ),
  ];
  // A submodule or worktree made in there would bring a configuration of its own.
  const inner = [top, trees];
  const there = await exists(files, [...folders, ...plain, ...inner]);
  // What is known in there is held part by part, so that it can be committed to.
  const hasModules = modules !== undefined && there.delete(top);
  const hasWorktrees = known !== undefined && there.delete(trees);
  const unfinished = isOpen ? await findHarmless(files, there) : [];
  unfinished.forEach((path) => there.delete(path));
  return {
    entry,
    folders: linked === undefined ? [main] : [main, linked],
    isOwner: found.isOwner,
    parts: [...there],
    indexes: [main, ...modules ?? [], ...worktrees].map((at) => `${at}/index`),
    absent: [...folders, ...plain, ...inner].filter((path) =>
      !there.has(path) && !unfinished.includes(path) &&
      !(hasModules && path === top) &&
      !(hasWorktrees && path === trees)
    ),
    ...(hasModules && { modules: top }),
    ...(hasWorktrees && { worktrees: trees }),
    ...(unfinished.length > 0 && { unfinished }),
  };
}

async function findHarmless(
  files: Files,
  there: ReadonlySet<string>,
): Promise<readonly string[]> {
  const reader = {
    lstat: (path: string) => files.lstat(path),
    readRange: files.readRange,
    list: async (folder: string) =>
      (await files.list(folder)).map(({ name }) => name),
  };
  const found = [...there].filter(isUnfinished);
  // What has gone or is not ours to read in this moment is none of them.
  const harmless = await Promise.all(
    found.map((path) => isHarmlessUnfinished(reader, path).catch(() => false)),
  );
  return found.filter((_, at) => harmless[at]);
}

/** One of which only the folders are held, as a whole. */
export function closedGitFact(
  entry: string,
  folders: readonly string[] = [],
): GitFact {
  return {
    entry,
    folders,
    isOwner: false,
    parts: [],
    absent: [],
  };
}

/** The real folder a pointer file names, if it names one that exists. */
async function readPointer(
  files: Files,
  path: string,
  prefix: string,
): Promise<string | undefined> {
  const line = await readLine(files, path);
  if (line === undefined || !line.startsWith(prefix)) return undefined;
  const folder = path.slice(0, path.lastIndexOf("/"));
  const named = resolvePath(folder, line.slice(prefix.length).trim());
  if (!(await files.stat(named))?.isDirectory) return undefined;
  return await files.realPath(named).catch(() => undefined);
}

async function readLine(
  files: Files,
  path: string,
): Promise<string | undefined> {
  const stat = await files.lstat(path);
  // Never a pipe or a device: reading one could wait for ever.
  if (!stat?.isFile || stat.size > 4096) return undefined;
  // Commands run beside this one: what has gone in this moment is not there.
  const text = await files.readText(path).catch(() => undefined);
  return text?.split("\n")[0]?.trim();
}

// Names of submodules may contain slashes, so a module is known by its HEAD. Undefined
// when there are too many folders to look at.
async function findModules(
  files: Files,
  top: string,
): Promise<string[] | undefined> {
  const modules: string[] = [];
  const open = [top];
  let looked = 0;
  for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
    if (++looked > LIMITS.gitModules) return undefined;
    if (!(await files.lstat(folder))?.isDirectory) continue;
    const entries = await files.list(folder).catch(() => []);
    const names = entries.filter(({ isDirectory }) => isDirectory)
      .map(({ name }) => name);
    const isModule = basename(folder) !== "modules" &&
      await files.lstat(`${folder}/HEAD`) !== undefined;
    if (isModule) modules.push(folder);
    const below = isModule ? names.filter((name) => name === "modules") : names;
    open.push(...below.map((name) => `${folder}/${name}`));
  }
  return modules;
}

// Undefined when there are too many to be held part by part.
async function listWorktrees(
  files: Files,
  folder: string,
): Promise<string[] | undefined> {
  if (!(await files.lstat(folder))?.isDirectory) return [];
  const entries = await files.list(folder).catch(() => []);
  if (entries.length > LIMITS.gitWorktrees) return undefined;
  return entries.map(({ name }) => `${folder}/${name}`);
}

async function exists(
  files: Files,
  paths: readonly string[],
): Promise<Set<string>> {
  const found = await Promise.all(
    paths.map(async (path) => await files.lstat(path) !== undefined),
  );
  return new Set(paths.filter((_, index) => found[index]));
}
