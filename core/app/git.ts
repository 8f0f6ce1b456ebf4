/** Git for questions of rondo's own. Nothing that a repository names is run, fetched or written. */
import { usageError } from "../protocol/error.ts";
import type { Host } from "../protocol/host.ts";
import { LIMITS } from "../protocol/limits.ts";
import { runProgram } from "../session/hooks/run_program.ts";
import {
  buildGitEnvironment,
  type GitSetting,
  parseGitSettings,
} from "../staging/git_environment.ts";
import { findProgram } from "../util/find_program.ts";
import { dirname } from "../util/path.ts";

type GitHost = Pick<
  Host,
  "env" | "files" | "homeDir" | "newId" | "sleep" | "spawn"
>;

interface GitPlaces {
  readonly cwd: string;
  /** For the view of the repository; commands cannot write there. */
  readonly codexHome: string;
  /** Folders that commands may write to: no program is taken from them. */
  readonly writable: readonly string[];
}

/** A repository seen through a Git folder of rondo's own. */
export interface GitView {
  readonly root: string;
  /** Commit or empty tree to compare with. */
  readonly base: string;
  /** Throws UserError when git fails. */
  readonly run: (args: readonly string[]) => Promise<string>;
  readonly close: () => Promise<void>;
}

// What decides how a file of the work tree compares with its blob; git-config(1).
const KEPT_SETTINGS =
  "^core\\.(autocrlf|eol|excludesfile|filemode|ignorecase|precomposeunicode|symlinks)$";

interface Call {
  readonly cwd: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly settings?: readonly GitSetting[];
}

/**
 * Opens the repository around `cwd`. Its configuration, hooks and attributes may be the
 * model's work, so its objects and its index are joined with a configuration of rondo's
 * own. Throws UserError.
 */
export async function openGit(
  host: GitHost,
  places: GitPlaces,
): Promise<GitView> {
  const program = await findGit(host, places.writable);
  const found = await findRepository(host, program, places.cwd);
  const { root } = found;
  const folder = `${places.codexHome}/git/${host.newId()}`;
  const close = (): Promise<void> =>
    host.files.remove(folder, { recursive: true });
  try {
    await makeFolder(host, folder, found);
    const settings = parseGitSettings(
      (await runGit(host, program, {
        cwd: root,
        args: ["config", "-z", "--get-regexp", KEPT_SETTINGS],
      })).stdout,
    );
    const env = {
      GIT_DIR: folder,
      GIT_WORK_TREE: root,
      GIT_OBJECT_DIRECTORY: `${found.common}/objects`,
      // Not a copy: git looks again at files that changed as late as the index did.
      GIT_INDEX_FILE: (await host.files.lstat(found.index))?.isFile
        ? found.index
        : `${folder}/index`,
      GIT_CONFIG_GLOBAL: "/dev/null",
    };
    const run = async (args: readonly string[]): Promise<string> =>
      need(await runGit(host, program, { cwd: root, args, env, settings }));
    const head = await runGit(host, program, {
      cwd: root,
      args: ["rev-parse", "-q", "--verify", "HEAD"],
    });
    // Before the first commit everything is compared with the empty tree.
    const base = head.exitCode === 0
      ? head.stdout
      : await run(["hash-object", "-t", "tree", "/dev/null"]);
    return { root, base: base.trim(), run, close };
  } catch (error) {
    await close().catch(() => {});
    throw error;
  }
}

/** Throws UserError unless the repository around the cwd has this commit. */
export async function needCommit(
  host: GitHost,
  { cwd, addDirs }: {
    readonly cwd: string;
    readonly addDirs: readonly string[];
  },
  { flag, name }: { readonly flag: string; readonly name: string },
): Promise<void> {
  const program = await findGit(host, [cwd, ...addDirs]);
  await findRepository(host, program, cwd);
  const { exitCode } = await runGit(host, program, {
    cwd,
    args: [
      "rev-parse",
      "-q",
      "--verify",
      "--end-of-options",
      `${name}^{commit}`,
    ],
  });
  if (exitCode === 0) return;
  throw usageError(
    `Cannot review ${flag} ${
      JSON.stringify(name)
    }: there is no such commit in ${cwd}`,
  );
}

interface Repository {
  readonly format: string;
  readonly root: string;
  /** The Git folder that worktrees share. */
  readonly common: string;
  readonly index: string;
}

async function findRepository(
  host: GitHost,
  program: string,
  cwd: string,
): Promise<Repository> {
  const { exitCode, stdout } = await runGit(host, program, {
    cwd,
    args: [
      "rev-parse",
      "--path-format=absolute",
      "--show-object-format",
      "--show-toplevel",
      "--git-common-dir",
      "--git-path",
      "index",
    ],
  });
  const lines = stdout.trimEnd().split("\n");
  const [format = "", root = "", common = "", index = ""] = lines;
  if (exitCode === 0 && lines.length === 4) {
    return { format, root, common, index };
  }
  throw usageError(`Cannot look at changes: ${cwd} is in no git repository`);
}

async function findGit(
  { files, env }: Pick<GitHost, "files" | "env">,
  writable: readonly string[],
): Promise<string> {
  const git = await findProgram("git", { files, path: env("PATH"), writable });
  if (git !== undefined) return git;
  throw usageError(
    "Cannot show changes: there is no git outside the folders that commands may write to, must be installed",
  );
}

// gitrepository-layout(5).
async function makeFolder(
  { files }: GitHost,
  folder: string,
  from: Repository,
): Promise<void> {
  const isPlain = from.format === "sha1" || !/^sha\d+$/.test(from.format);
  const extension = isPlain
    ? ""
    : `[extensions]\n\tobjectFormat = ${from.format}\n`;
  await files.mkdir(folder, { mode: 0o700 });
  for (const name of ["refs", "info"]) await files.mkdir(`${folder}/${name}`);
  await files.write(`${folder}/HEAD`, "ref: refs/heads/none\n");
  await files.write(
    `${folder}/config`,
    `[core]\n\trepositoryFormatVersion = ${isPlain ? 0 : 1}\n${extension}`,
  );
  const source = dirname(from.index);
  const names = (await files.list(source)).map(({ name }) => name)
    .filter((name) => /^sharedindex\.[0-9a-f]+$/.test(name));
  const copies = [
    ...names.map((name) => [`${source}/${name}`, name] as const),
    [`${from.common}/info/exclude`, "info/exclude"] as const,
  ];
  for (const [path, name] of copies) {
    if (!(await files.lstat(path))?.isFile) continue;
    await files.write(`${folder}/${name}`, await files.readBytes(path));
  }
}

function need(result: Awaited<ReturnType<typeof runGit>>): string {
  if (result.exitCode === 0) return result.stdout;
  const why = result.stderr.trim().split("\n")[0] ||
    `git ended with ${result.exitCode}`;
  throw usageError(`Cannot show changes: ${why}`);
}

function runGit(
  host: GitHost,
  program: string,
  call: Call,
): ReturnType<typeof runProgram> {
  return runProgram(host, {
    argv: [program, "--no-pager", ...call.args],
    cwd: call.cwd,
    env: {
      ...buildGitEnvironment(host, program, call.settings),
      ...call.env,
    },
    timeoutMs: LIMITS.gitMs,
    outputBytesMax: LIMITS.diffBytes,
  });
}
