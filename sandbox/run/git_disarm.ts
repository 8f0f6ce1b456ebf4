/** Takes from a repository that a command made what git would run in it. */
import type { FileStat, NoFollowFiles } from "../../core/protocol/host.ts";
import { LIMITS } from "../../core/protocol/limits.ts";
import { basename } from "../../core/util/path.ts";
import type { Aside } from "./aside.ts";
import { filterGitConfig } from "./git_config.ts";

/** Parts that hold commands, or lead git to other folders that do. */
const UNWANTED = ["commondir", "rebase-apply", "rebase-merge", "sequencer"];

/** What disarming looks at in a repository. */
export const OBEYED: readonly string[] = [
  ...UNWANTED,
  "hooks",
  "info",
  "config",
  "config.worktree",
  "modules",
  "worktrees",
];

/**
 * A new `.git`, or a new part of an old one: it stays without what can execute. False for
 * anything else.
 */
export async function disarmGit(
  files: NoFollowFiles,
  aside: Aside,
  { path, now }: { readonly path: string; readonly now: FileStat },
): Promise<boolean> {
  const disarmer = new Disarmer(files, aside);
  switch (basename(path)) {
    case ".git":
      // A file or a link leads to a folder that may be anywhere.
      if (!now.isDirectory) return false;
      await disarmer.repository(path);
      return true;
    case "hooks":
      return now.isDirectory && !(await disarmer.hasHooks(path));
    case "info":
      if (!now.isDirectory) return false;
      await disarmer.info(path);
      return true;
    case "config":
    case "config.worktree":
      if (!now.isFile) return false;
      await disarmer.config(path);
      return true;
    case "modules":
    case "worktrees":
      if (!now.isDirectory) return false;
      await disarmer[basename(path) === "modules" ? "modules" : "worktrees"](
        path,
      );
      return true;
    default:
      return false;
  }
}

/** A new repository that is a folder of another name. */
export async function disarmRepository(
  files: NoFollowFiles,
  aside: Aside,
  path: string,
): Promise<void> {
  await new Disarmer(files, aside).repository(path);
}

/** Submodules in a folder for them that were not known. */
export async function disarmModules(
  files: NoFollowFiles,
  aside: Aside,
  { path, known }: {
    readonly path: string;
    readonly known: readonly string[];
  },
): Promise<void> {
  if (!(await files.lstat(path))?.isDirectory) return;
  await new Disarmer(files, aside, new Set(known)).modules(path);
}

/** The submodules in a folder for them, those in others too. */
export async function listModules(
  files: NoFollowFiles,
  folder: string,
): Promise<readonly string[]> {
  const found: string[] = [];
  const open = [folder];
  for (
    let looked = 0;
    open.length > 0 && looked < LIMITS.gitModules;
    looked++
  ) {
    const at = open.pop() ?? folder;
    if (!(await files.lstat(at))?.isDirectory) continue;
    const isModule = at !== folder && !at.endsWith("/modules") &&
      await files.lstat(`${at}/HEAD`) !== undefined;
    if (isModule) found.push(at);
    const names = isModule ? ["modules"] : await files.list(at);
    open.push(...names.map((name) => `${at}/${name}`));
  }
  return found;
}

class Disarmer {
  readonly #files: NoFollowFiles;
  readonly #aside: Aside;
  readonly #known: ReadonlySet<string>;
  #looked = 0;

  constructor(
    files: NoFollowFiles,
    aside: Aside,
    known: ReadonlySet<string> = new Set(),
  ) {
    this.#files = files;
    this.#aside = aside;
    this.#known = known;
  }

  async repository(folder: string): Promise<void> {
    for (const name of UNWANTED) {
      if (await this.#files.lstat(`${folder}/${name}`) !== undefined) {
        await this.#aside.move(`${folder}/${name}`);
      }
    }
    await this.#part(`${folder}/hooks`, "isDirectory", this.#hooks);
    await this.#part(`${folder}/info`, "isDirectory", this.info);
    await this.#part(`${folder}/config`, "isFile", this.config);
    await this.#part(`${folder}/config.worktree`, "isFile", this.config);
    await this.#part(`${folder}/modules`, "isDirectory", this.modules);
    await this.#part(`${folder}/worktrees`, "isDirectory", this.worktrees);
  }

  /** Whether there is anything that git would run. */
  async hasHooks(folder: string): Promise<boolean> {
    return (await this.#listHooks(folder)).length > 0;
  }

  /** Attributes choose the filters that content is sent through. */
  async info(folder: string): Promise<void> {
    const path = `${folder}/attributes`;
    if (await this.#files.lstat(path) !== undefined) {
      await this.#aside.move(path);
    }
  }

  async config(path: string): Promise<void> {
    const max = LIMITS.guardFileBytes;
    const bytes = await this.#files.readRange(path, 0, max + 1);
    if (bytes.length > max) return await this.#aside.move(path);
    const text = new TextDecoder().decode(bytes);
    const harmless = filterGitConfig(text);
    if (harmless === text) return;
    await this.#aside.move(path);
    if (harmless.trim() === "") return;
    const kept = new TextEncoder().encode(harmless);
    await this.#files.create(path, kept, 0o644);
  }

  async #hooks(folder: string): Promise<void> {
    for (const path of await this.#listHooks(folder)) {
      await this.#aside.move(path);
    }
  }

  // git runs what has the name of a hook; its templates end in `.sample`.
  async #listHooks(folder: string): Promise<string[]> {
    const names = await this.#files.list(folder);
    return names.map((name) => `${folder}/${name}`).filter((path) =>
      !path.endsWith(".sample") && !this.#aside.isMoved(path)
    );
  }

  // What is no such part is in its place for no good.
  async #part(
    path: string,
    kind: "isDirectory" | "isFile",
    disarm: (path: string) => Promise<void>,
  ): Promise<void> {
    const now = await this.#files.lstat(path);
    if (now === undefined) return;
    if (now[kind]) await disarm.call(this, path);
    else await this.#aside.move(path);
  }

  // Names of submodules may contain slashes, so a module is known by its HEAD.
  async modules(folder: string): Promise<void> {
    for (const name of await this.#files.list(folder)) {
      const path = `${folder}/${name}`;
      if (!(await this.#files.lstat(path))?.isDirectory) continue;
      if (++this.#looked > LIMITS.gitModules) {
        return await this.#aside.move(path);
      }
      const isModule = await this.#files.lstat(`${path}/HEAD`) !== undefined;
      if (this.#known.has(path)) {
        await this.#part(`${path}/modules`, "isDirectory", this.modules);
      } else await (isModule ? this.repository(path) : this.modules(path));
    }
  }

  async worktrees(folder: string): Promise<void> {
    for (const name of await this.#files.list(folder)) {
      const path = `${folder}/${name}/config.worktree`;
      await this.#part(path, "isFile", this.config);
    }
  }
}
