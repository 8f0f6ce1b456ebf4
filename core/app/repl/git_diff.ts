/** The diff of a working tree, untracked files included, from git without side effects. */
import { renderDiff } from "../../../tools/patch/diff.ts";
import { errorCode } from "../../protocol/error.ts";
import type { Files, Host } from "../../protocol/host.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { type GitView, openGit } from "../git.ts";

/**
 * The unified diff against the last commit; empty without changes. What `files` hides is
 * named at the end. Throws UserError.
 */
export async function readGitDiff(
  host: Host,
  places: Parameters<typeof openGit>[1] & { readonly files: Files },
): Promise<string> {
  const git = await openGit(host, places);
  try {
    const { files } = places;
    const changed = await listPaths(git, [
      ...["diff", "--name-only", "--no-renames", "-z", ...DIFF_OPTIONS],
      git.base,
    ]);
    const { shown, hidden } = await sortPaths(git, files, changed);
    const tracked = shown.length === 0 ? "" : await git.run([
      "diff",
      ...DIFF_OPTIONS,
      git.base,
      "--",
      ".",
      ...hidden.map((path) => `:(exclude,literal)${path}`),
    ]);
    const untracked = await readUntracked(files, git);
    const all = [...hidden, ...untracked.hidden];
    const rest = all.length === 0
      ? ""
      : `[… not shown, hidden by deny_read: ${all.join(", ")}]\n`;
    return tracked + untracked.text + rest;
  } finally {
    await git.close();
  }
}

const DIFF_OPTIONS: readonly string[] = [
  "--no-ext-diff",
  "--no-textconv",
  "--no-color",
  // A submodule's own configuration would count inside of it.
  "--submodule=short",
  "--ignore-submodules=dirty",
];

async function listPaths(
  git: GitView,
  args: readonly string[],
): Promise<readonly string[]> {
  return (await git.run(args)).split("\0")
    .filter((path) => path !== "" && !path.endsWith("/"));
}

// By whether they may be read.
async function sortPaths(
  { root }: GitView,
  files: Files,
  paths: readonly string[],
): Promise<
  { readonly shown: readonly string[]; readonly hidden: readonly string[] }
> {
  const shown: string[] = [];
  const hidden: string[] = [];
  for (const path of paths) {
    const isHidden = await files.lstat(`${root}/${path}`)
      .then(() => false, (error) => errorCode(error) === "EACCES");
    (isHidden ? hidden : shown).push(path);
  }
  return { shown, hidden };
}

async function readUntracked(
  files: Files,
  git: GitView,
): Promise<{ readonly text: string; readonly hidden: readonly string[] }> {
  const args = ["ls-files", "--others", "--exclude-standard", "-z"];
  const paths = await listPaths(git, args);
  const most = paths.slice(0, LIMITS.diffUntrackedFiles);
  const { shown, hidden } = await sortPaths(git, files, most);
  let text = "";
  for (const path of shown) {
    text += await loadNewFile(files, `${git.root}/${path}`, path);
  }
  const more = paths.length - most.length;
  if (more > 0) text += `[… ${more} more untracked files]\n`;
  return { text, hidden };
}

async function loadNewFile(
  files: Files,
  full: string,
  path: string,
): Promise<string> {
  const stat = await files.lstat(full).catch(() => undefined);
  if (stat === undefined) return "";
  const mode = stat.isSymlink
    ? "120000"
    : (stat.mode & 0o111) === 0
    ? "100644"
    : "100755";
  const head = `diff --git a/${path} b/${path}\nnew file mode ${mode}\n`;
  const text = await readText(files, full, stat);
  if (text === undefined) {
    return `${head}Binary files /dev/null and b/${path} differ\n`;
  }
  const after = { name: `b/${path}`, text };
  return head + renderDiff({ after }, { bytesMax: LIMITS.patchDiffBytes });
}

async function readText(
  files: Files,
  path: string,
  stat: { readonly isFile: boolean; readonly isSymlink: boolean },
): Promise<string | undefined> {
  if (stat.isSymlink) return await files.readLink(path);
  if (!stat.isFile) return undefined;
  const bytes = await files.readRange(path, 0, LIMITS.patchDiffBytes);
  return bytes.includes(0) ? undefined : new TextDecoder().decode(bytes);
}
