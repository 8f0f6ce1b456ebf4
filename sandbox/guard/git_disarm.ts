/** Takes from a repository that a command made what git would run in it. */
import type { FileStat, NoFollowFiles } from "../../core/protocol/host.ts";
import { LIMITS } from "../../core/protocol/limits.ts";
import { basename, dirname, resolvePath } from "../../core/util/path.ts";
import {
  isHarmlessUnfinished,
  isUnfinished,
  UNFINISHED,
} from "../plan/unfinished.ts";
import type { Aside } from "./aside.ts";
import { filterGitConfig } from "./git_config.ts";
import { findLinksOut, linkOf } from "./git_links.ts";
import { isHarmlessIndex } from "./git_index_files.ts";

/** What may hold commands yet to run, or leads git to other folders that do. */
const UNWANTED = ["commondir", ...UNFINISHED];

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
  { path, now, homes }: {
    readonly path: string;
    readonly now: FileStat;
    readonly homes: readonly string[];
  },
): Promise<boolean> {
  const disarmer = new Disarmer(files, aside);
  switch (basename(path)) {
    case ".git":
      // A file or a link leads to a folder that may be anywhere.
      if (now.isFile) return await isCheckout(files, path, homes);
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
      return isUnfinished(path) && await isHarmlessUnfinished(files, path);
  }
}

/** What commands may change as long as it stays harmless: the index, what is half done. */
export interface Judged {
  readonly kind: "judged";
  readonly path: string;
  /** As it was found harmless, or the person's own. */
  readonly stat?: FileStat | undefined;
}

/** Moves aside what has become harmful. */
export async function disarmJudged(
  files: NoFollowFiles,
  aside: Aside,
  { path, stat }: Omit<Judged, "kind">,
): Promise<void> {
  const now = await files.lstat(path);
  if (now === undefined) return;
  const isIndex = basename(path) === "index";
  const isSame = now.ino === stat?.ino && now.size === stat.size &&
    now.ctimeMs === stat.ctimeMs;
  if (isIndex && isSame) return;
  const isHarmless = isIndex
    ? await isHarmlessIndex(files, path)
    : await isHarmlessUnfinished(files, path);
  if (!isHarmless) await aside.move(path);
}

/** A new repository that is a folder of another name. */
export async function disarmRepository(
  files: NoFollowFiles,
  aside: Aside,
  path: string,
): Promise<void> {
  await new Disarmer(files, aside).repository(path);
}

/** A folder of submodules or worktrees, or of links that lead out of it, and which there were. */
export interface Listed {
  readonly kind: "modules" | "worktrees" | "links";
  readonly path: string;
  readonly known: readonly string[];
}

/** Those that were not known. */
export async function disarmFresh(
  files: NoFollowFiles,
  aside: Aside,
  { path, kind, known }: Listed,
): Promise<void> {
  if (!(await files.lstat(path))?.isDirectory) return;
  if (kind === "links") {
    const fresh = await findLinksOut(files, path);
    const old = new Set(known);
    for (const link of fresh.filter((one) => !old.has(one)).map(linkOf)) {
      // Deeper in it a branch may have any name.
      const isInert = dirname(link) === path && aside.isMoved(link);
      if (!isInert) await aside.move(link, path);
    }
    return;
  }
  await new Disarmer(files, aside, new Set(known))[kind](path);
}

// Both name each other, and the repository is that of the folder of worktrees.
async function isCheckout(
  files: NoFollowFiles,
  path: string,
  homes: readonly string[],
): Promise<boolean> {
  const [, named] = /^gitdir: (.+)$/.exec(await readLine(files, path)) ?? [];
  if (named === undefined) return false;
  const folder = resolvePath(dirname(path), named);
  return homes.includes(dirname(folder)) && await isWorktree(files, folder) &&
    resolvePath(folder, await readLine(files, `${folder}/gitdir`)) === path;
}

/** Whether git takes settings and hooks of it from the repository it lies in. */
async function isWorktree(
  files: NoFollowFiles,
  folder: string,
): Promise<boolean> {
  return await readLine(files, `${folder}/commondir`) === "../..";
}

async function readLine(files: NoFollowFiles, path: string): Promise<string> {
  if (!(await files.lstat(path))?.isFile) return "";
  const bytes = await files.readRange(path, 0, LIMITS.gitPointerBytes);
  return new TextDecoder().decode(bytes).trimEnd();
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
    if (await this.#files.lstat(`${folder}/commondir`) !== undefined) {
      await this.#aside.move(`${folder}/commondir`);
    }
    await this.#judged(folder);
    const links = { path: folder, kind: "links", known: [] } as const;
    await disarmFresh(this.#files, this.#aside, links);
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
      const path = `${folder}/${name}`;
      if (this.#known.has(path)) continue;
      if (!await isWorktree(this.#files, path)) {
        if (!this.#aside.isMoved(path)) await this.#aside.move(path);
        continue;
      }
      await this.#judged(path);
      await this.#part(`${path}/config.worktree`, "isFile", this.config);
    }
  }

  async #judged(folder: string): Promise<void> {
    for (const name of ["index", ...UNFINISHED]) {
      const path = `${folder}/${name}`;
      await disarmJudged(this.#files, this.#aside, { path });
    }
  }
}
