/** Folders that a command has turned into repositories: git would obey their configuration. */
import type { Files, NoFollowFiles } from "../../core/protocol/host.ts";
import { BARE_PARTS } from "../plan/protected.ts";
import type { SandboxPlan } from "../plan/plan.ts";

export class BareRepositories {
  readonly #files: Files;
  readonly #clean: readonly string[];

  constructor(files: Files, clean: readonly string[]) {
    this.#files = files;
    this.#clean = clean;
  }

  /** Looks at the writable folders and the working folder before a command. */
  static async watch(
    files: Files,
    plan: SandboxPlan | undefined,
  ): Promise<BareRepositories> {
    const roots = (plan?.mounts ?? []).filter(({ kind }) => kind === "writable")
      .map(({ path }) => path);
    const folders = roots.length === 0 ? [] : [...roots, plan?.cwd ?? ""];
    const clean = await keep(
      [...new Set(folders)],
      async (path) => !await isBare(files, path),
    );
    return new BareRepositories(files, clean);
  }

  /** A line about folders that have become repositories, if any has. */
  async describeNew(): Promise<readonly string[]> {
    const made = await keep(this.#clean, (path) => isBare(this.#files, path));
    return made.length === 0 ? [] : [
      `git takes these folders for repositories now, and obeys their config: ${
        made.join(", ")
      }`,
    ];
  }
}

/** Whether git takes the folder itself for a repository. */
export async function isBare(
  files: Pick<NoFollowFiles, "lstat">,
  folder: string,
): Promise<boolean> {
  for (const name of BARE_PARTS) {
    if (await files.lstat(`${folder}/${name}`) === undefined) return false;
  }
  // An own `.git` comes first, unless it is an empty folder.
  if ((await files.lstat(`${folder}/.git`))?.isFile) return false;
  return await files.lstat(`${folder}/.git/HEAD`) === undefined;
}

async function keep(
  paths: readonly string[],
  test: (path: string) => Promise<boolean>,
): Promise<readonly string[]> {
  const kept = await Promise.all(
    paths.map((path) => test(path).catch(() => false)),
  );
  return paths.filter((_, at) => kept[at]);
}
