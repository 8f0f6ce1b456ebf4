/** Whether the person trusts a folder: a line of `[projects]` in their config.toml. */
import { configError } from "../../protocol/error.ts";
import type { Host } from "../../protocol/host.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { dirname, isAbsolute, resolvePath } from "../../util/path.ts";
import { findProjectRoot } from "../../util/project_root.ts";
import { editConfigFile } from "../file/files.ts";
import { type TomlTable, valueAt } from "../file/toml.ts";

type TrustLevel = "trusted" | "untrusted";

export interface FolderTrust {
  /** Undefined when nobody has decided yet. */
  readonly level: TrustLevel | undefined;
  /** The folder a decision is about: the root of the main worktree, else the cwd. */
  readonly folder: string;
  /** The root of this worktree; `folder` in the main one. */
  readonly root: string;
}

/** What `[projects]` says about the folder, its repository, or that one's main worktree. */
export async function readFolderTrust(
  host: Host,
  cwd: string,
  tree: TomlTable,
): Promise<FolderTrust> {
  const root =
    await findProjectRoot((path) => host.files.stat(path), cwd, [".git"]) ??
      cwd;
  const main = await mainWorktree(host, root);
  const folder = main ?? root;
  for (const candidate of [cwd, root, main]) {
    if (candidate === undefined) continue;
    for (const path of new Set([candidate, await realPath(host, candidate)])) {
      const level = valueAt(tree, ["projects", path, "trust_level"]);
      if (level === "trusted" || level === "untrusted") {
        return { level, folder, root };
      }
    }
  }
  return { level: undefined, folder, root };
}

/** Writes the decision into the person's config.toml, or takes it out; says where. */
export async function saveFolderTrust(
  host: Host,
  codexHome: string | undefined,
  trust: { readonly folder: string; readonly level: TrustLevel | undefined },
): Promise<string> {
  if (codexHome === undefined) {
    throw configError(
      "Cannot save trust: there is no home folder, set HOME or CODEX_HOME",
    );
  }
  const { folder, level } = trust;
  const path = ["projects", folder, "trust_level"];
  const file = `${codexHome}/config.toml`;
  await editConfigFile(host, file, [
    level === undefined
      ? { type: "remove", path: path.slice(0, 2) }
      : { type: "set", path, value: level },
  ]);
  return file;
}

// gitrepository-layout(5): a linked worktree's `.git` is a file that names its entry in
// the main one's `.git/worktrees`, and `gitdir` in there names the file in turn. Without
// that second half any folder could claim to belong to a trusted repository.
async function mainWorktree(
  host: Host,
  root: string,
): Promise<string | undefined> {
  const pointer = resolvePath(root, ".git");
  const stat = await host.files.lstat(pointer);
  if (
    stat === undefined || !stat.isFile || stat.size > LIMITS.gitPointerBytes
  ) return undefined;
  const entry = /^gitdir: (.+)$/m.exec(await host.files.readText(pointer))?.[1];
  if (entry === undefined) return undefined;
  const entryFolder = resolvePath(root, entry.trim());
  const git = /^(.+)\/worktrees\/[^/]+$/.exec(entryFolder)?.[1];
  if (git === undefined || !git.endsWith("/.git")) return undefined;
  const back = await readSmall(host, `${entryFolder}/gitdir`);
  if (back === undefined) return undefined;
  const claimed = resolvePath(entryFolder, back.trim());
  const isMutual =
    await realPath(host, claimed) === await realPath(host, pointer);
  return isMutual ? dirname(git) : undefined;
}

async function readSmall(
  host: Host,
  path: string,
): Promise<string | undefined> {
  const stat = await host.files.stat(path);
  if (
    stat === undefined || !stat.isFile || stat.size > LIMITS.gitPointerBytes
  ) return undefined;
  return await host.files.readText(path);
}

async function realPath(host: Host, path: string): Promise<string> {
  if (!isAbsolute(path) || !await host.files.stat(path)) return path;
  return await host.files.realPath(path);
}
