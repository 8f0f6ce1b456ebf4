/** The repository around a folder, and a view of it whose configuration is rondo's own. */
import { usageError } from "../protocol/error.ts";
import type { Host } from "../protocol/host.ts";
import { dirname } from "../util/path.ts";
import type { Git, GitCall } from "./git.ts";
import { type GitSetting, parseGitSettings } from "./git_environment.ts";

/** A repository as git finds it. Absolute paths. */
export interface Repository {
  /** The top of the work tree; absent where it is bare. */
  readonly root?: string;
  /** The Git folder that worktrees share. */
  readonly common: string;
  readonly index: string;
  readonly format: "sha1" | "sha256";
  /** Undefined before the first commit. */
  readonly head?: string;
}

// What decides how a file of the work tree compares with its blob, and which of them are
// there at all; git-config(1).
const KEPT_SETTINGS =
  "^core\\.(autocrlf|eol|excludesfile|filemode|ignorecase|precomposeunicode|symlinks|sparsecheckout|sparsecheckoutcone)$";

/** Undefined where the folder lies in none. Throws UserError when git refuses the one there is. */
export async function findRepository(
  git: Git,
  cwd: string,
): Promise<Repository | undefined> {
  const asked = await git.ask({
    cwd,
    args: [
      "rev-parse",
      "--show-object-format",
      "--is-bare-repository",
      "--is-inside-work-tree",
    ],
  });
  if (asked.code !== 0) {
    if (/not a git repository/.test(asked.stderr)) return undefined;
    const why = asked.stderr.trim().split("\n")[0];
    throw usageError(`Cannot stage ${cwd}: git says ${why}`);
  }
  const lines = new TextDecoder().decode(asked.stdout).trimEnd().split("\n");
  const [format = "", isBare, isInside] = lines;
  const plain = format === "sha256" ? format : "sha1";
  const [common, index, head] = await Promise.all([
    readGitPath(git, cwd, ["--git-common-dir"]),
    readGitPath(git, cwd, ["--git-path", "index"]),
    findCommit(git, cwd, "HEAD"),
  ]);
  const found = {
    common,
    index,
    format: plain,
    ...(head !== undefined && { head }),
  } as const;
  if (isBare === "true" || isInside !== "true") return found;
  return { ...found, root: await readGitPath(git, cwd, ["--show-toplevel"]) };
}

// Alone, since a path may have line ends and blanks of its own.
async function readGitPath(
  git: Git,
  cwd: string,
  asked: readonly string[],
): Promise<string> {
  const args = ["rev-parse", "--path-format=absolute", ...asked];
  return (await git.text({ cwd, args })).replace(/\n$/, "");
}

/** The commit of that name; undefined when there is none. */
export async function findCommit(
  git: Git,
  cwd: string,
  name: string,
): Promise<string | undefined> {
  const args = [
    "rev-parse",
    "-q",
    "--verify",
    "--end-of-options",
    `${name}^{commit}`,
  ];
  const { code, stdout } = await git.ask({ cwd, args });
  return code === 0 ? new TextDecoder().decode(stdout).trim() : undefined;
}

/** Joins its objects with settings of rondo's own: no filter, hook or driver has a name there. */
export class GitView {
  readonly #git: Git;
  readonly #folder: string;
  readonly #objects: string;
  readonly #settings: readonly GitSetting[];

  constructor(git: Git, options: {
    readonly folder: string;
    readonly objects: string;
    readonly settings: readonly GitSetting[];
  }) {
    this.#git = git;
    this.#folder = options.folder;
    this.#objects = options.objects;
    this.#settings = options.settings;
  }

  /** Of `tree`, by that index; an empty one when absent. Throws UserError. */
  run(
    call: Omit<GitCall, "cwd" | "settings"> & {
      readonly tree: string;
      readonly index?: string | undefined;
    },
  ): Promise<Uint8Array<ArrayBuffer>> {
    const { tree, index, ...rest } = call;
    return this.#git.run({
      ...rest,
      cwd: tree,
      settings: this.#settings,
      env: {
        GIT_DIR: this.#folder,
        GIT_WORK_TREE: tree,
        GIT_OBJECT_DIRECTORY: this.#objects,
        GIT_INDEX_FILE: index ?? `${this.#folder}/no-index`,
        GIT_CONFIG_GLOBAL: "/dev/null",
        ...call.env,
      },
    });
  }
}

/** Makes the view in a folder that is not there yet. */
export async function openGitView(
  host: Pick<Host, "files">,
  git: Git,
  { repository, cwd, folder }: {
    readonly repository: Repository;
    readonly cwd: string;
    readonly folder: string;
  },
): Promise<GitView> {
  const { files } = host;
  const { common, format } = repository;
  const asked = await git.ask({
    cwd,
    args: ["config", "-z", "--get-regexp", KEPT_SETTINGS],
  });
  const settings = parseGitSettings(new TextDecoder().decode(asked.stdout));
  for (const name of ["refs", "info"]) {
    await files.mkdir(`${folder}/${name}`, { mode: 0o700 });
  }
  const isPlain = format === "sha1";
  await files.write(`${folder}/HEAD`, "ref: refs/heads/none\n");
  await files.write(
    `${folder}/config`,
    `[core]\n\trepositoryFormatVersion = ${isPlain ? 0 : 1}\n` +
      (isPlain ? "" : `[extensions]\n\tobjectFormat = ${format}\n`),
  );
  const sparse = await readGitPath(git, cwd, [
    "--git-path",
    "info/sparse-checkout",
  ]);
  for (
    const [from, name] of [
      [`${common}/info/exclude`, "exclude"],
      [sparse, "sparse-checkout"],
    ] as const
  ) {
    if (!(await files.lstat(from))?.isFile) continue;
    await files.write(`${folder}/info/${name}`, await files.readBytes(from));
  }
  return new GitView(git, { folder, objects: `${common}/objects`, settings });
}

/** Puts a copy of the index, with the parts of it that lie beside it, into a folder. */
export async function copyIndex(
  { files }: Pick<Host, "files">,
  index: string,
  folder: string,
): Promise<void> {
  if (!(await files.lstat(index))?.isFile) return;
  const source = dirname(index);
  const shared = (await files.list(source)).map(({ name }) => name)
    .filter((name) => /^sharedindex\.[0-9a-f]+$/.test(name));
  for (const name of shared) {
    await files.write(
      `${folder}/${name}`,
      await files.readBytes(`${source}/${name}`),
    );
  }
  await files.write(`${folder}/index`, await files.readBytes(index));
}
