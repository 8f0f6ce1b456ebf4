/** The diff of a working tree, untracked files included, from git without side effects. */
import { renderDiff } from "../../../tools/patch/diff.ts";
import { UserError } from "../../protocol/error.ts";
import type { Host } from "../../protocol/host.ts";
import { LIMITS } from "../../protocol/limits.ts";
import {
  type ProgramResult,
  runProgram,
} from "../../session/hooks/run_program.ts";

type GitHost = Pick<Host, "env" | "files" | "homeDir" | "sleep" | "spawn">;

type Setting = readonly [name: string, value: string];

/** A repository that git can be asked about. */
interface Repository {
  readonly host: GitHost;
  readonly cwd: string;
  /** Settings that keep the repository's own programs from running. */
  readonly guards: readonly Setting[];
}

/** The unified diff against the last commit; empty without changes. Throws UserError. */
export async function readGitDiff(
  host: GitHost,
  cwd: string,
): Promise<string> {
  const outside: Repository = { host, cwd, guards: [] };
  const top = await runGit(outside, "rev-parse --show-toplevel");
  if (top.exitCode === 127) throw new UserError("usage", cannot(top));
  if (top.exitCode !== 0) {
    throw new UserError(
      "usage",
      `Cannot show changes: ${cwd} is not in a git repository`,
    );
  }
  const root = top.stdout.replace(/\n$/, "");
  const guards = await readGuards({ ...outside, cwd: root });
  const repository = { host, cwd: root, guards };
  const base = await baseOf(repository);
  // A submodule's own configuration would count inside of it.
  const tracked = await need(
    repository,
    `diff --no-ext-diff --no-textconv --no-color --ignore-submodules=dirty ${base} --`,
  );
  return tracked + await readUntracked(repository);
}

// A repository names programs in its configuration (git-config(1), gitattributes(5)): they
// are set to nothing, by name where they have one.
async function readGuards(
  repository: Repository,
): Promise<readonly Setting[]> {
  const { stdout } = await runGit(
    repository,
    "config --name-only -z --get-regexp ^filter\\..*\\.(clean|smudge|process|required)$",
  );
  const filters = stdout.split("\0").filter((name) => name !== "")
    .map((name): Setting => [name, name.endsWith(".required") ? "false" : ""]);
  return [
    ["core.fsmonitor", "false"],
    ["core.hooksPath", "/dev/null"],
    ...filters,
  ];
}

// Before the first commit everything is compared with the empty tree.
async function baseOf(repository: Repository): Promise<string> {
  const head = await runGit(repository, "rev-parse -q --verify HEAD");
  if (head.exitCode === 0) return "HEAD";
  return (await need(repository, "hash-object -t tree /dev/null")).trim();
}

async function readUntracked(repository: Repository): Promise<string> {
  const listed = await need(
    repository,
    "ls-files --others --exclude-standard -z",
  );
  const paths = listed.split("\0")
    .filter((path) => path !== "" && !path.endsWith("/"));
  const shown = paths.slice(0, LIMITS.diffUntrackedFiles);
  let text = "";
  for (const path of shown) text += await loadNewFile(repository, path);
  const more = paths.length - shown.length;
  return more === 0 ? text : `${text}[… ${more} more untracked files]\n`;
}

async function loadNewFile(
  { host, cwd }: Repository,
  path: string,
): Promise<string> {
  const full = `${cwd}/${path}`;
  const stat = await host.files.lstat(full).catch(() => undefined);
  if (stat === undefined) return "";
  const mode = stat.isSymlink
    ? "120000"
    : (stat.mode & 0o111) === 0
    ? "100644"
    : "100755";
  const head = `diff --git a/${path} b/${path}\nnew file mode ${mode}\n`;
  const text = await readText(host, full, stat);
  if (text === undefined) {
    return `${head}Binary files /dev/null and b/${path} differ\n`;
  }
  const after = { name: `b/${path}`, text };
  return head + renderDiff({ after }, { bytesMax: LIMITS.patchDiffBytes });
}

async function readText(
  { files }: GitHost,
  path: string,
  stat: { readonly isFile: boolean; readonly isSymlink: boolean },
): Promise<string | undefined> {
  if (stat.isSymlink) return await files.readLink(path);
  if (!stat.isFile) return undefined;
  const bytes = await files.readRange(path, 0, LIMITS.patchDiffBytes);
  return bytes.includes(0) ? undefined : new TextDecoder().decode(bytes);
}

async function need(
  repository: Repository,
  command: string,
): Promise<string> {
  const result = await runGit(repository, command);
  if (result.exitCode === 0) return result.stdout;
  throw new UserError("usage", cannot(result));
}

function cannot({ stderr, exitCode }: ProgramResult): string {
  const why = stderr.trim().split("\n")[0] || `git ended with ${exitCode}`;
  return `Cannot show changes: ${why}`;
}

// No word of a command holds a space.
function runGit(
  { host, cwd, guards }: Repository,
  command: string,
): Promise<ProgramResult> {
  const home = host.homeDir();
  return runProgram(host, {
    argv: ["git", "--no-pager", ...command.split(" ")],
    cwd,
    env: {
      PATH: host.env("PATH") ?? "/usr/bin:/bin",
      ...(home !== undefined && { HOME: home }),
      LC_ALL: "C.UTF-8",
      // No refreshed index, no question, nothing fetched (git(1)).
      GIT_OPTIONAL_LOCKS: "0",
      GIT_TERMINAL_PROMPT: "0",
      GIT_NO_LAZY_FETCH: "1",
      ...renderSettings(guards),
    },
    timeoutMs: LIMITS.gitMs,
    outputBytesMax: LIMITS.diffBytes,
  });
}

// Not as `-c NAME=VALUE`: a name may hold an equals sign itself (git-config(1)).
function renderSettings(
  settings: readonly Setting[],
): Readonly<Record<string, string>> {
  const pairs = settings.flatMap(([name, value], at) => [
    [`GIT_CONFIG_KEY_${at}`, name],
    [`GIT_CONFIG_VALUE_${at}`, value],
  ]);
  return Object.fromEntries([
    ["GIT_CONFIG_COUNT", String(settings.length)],
    ...pairs,
  ]);
}
