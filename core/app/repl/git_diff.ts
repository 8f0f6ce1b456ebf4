/** The diff of a working tree, untracked files included, from git without side effects. */
import { renderDiff } from "../../../tools/patch/diff.ts";
import type { Host } from "../../protocol/host.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { type GitView, openGit } from "./git.ts";

/** The unified diff against the last commit; empty without changes. Throws UserError. */
export async function readGitDiff(
  host: Host,
  places: Parameters<typeof openGit>[1],
): Promise<string> {
  const git = await openGit(host, places);
  try {
    const tracked = await git.run([
      "diff",
      "--no-ext-diff",
      "--no-textconv",
      "--no-color",
      // A submodule's own configuration would count inside of it.
      "--submodule=short",
      "--ignore-submodules=dirty",
      git.base,
      "--",
    ]);
    return tracked + await readUntracked(host, git);
  } finally {
    await git.close();
  }
}

async function readUntracked(host: Host, git: GitView): Promise<string> {
  const listed = await git.run([
    "ls-files",
    "--others",
    "--exclude-standard",
    "-z",
  ]);
  const paths = listed.split("\0")
    .filter((path) => path !== "" && !path.endsWith("/"));
  const shown = paths.slice(0, LIMITS.diffUntrackedFiles);
  let text = "";
  for (const path of shown) {
    text += await loadNewFile(host, `${git.root}/${path}`, path);
  }
  const more = paths.length - shown.length;
  return more === 0 ? text : `${text}[… ${more} more untracked files]\n`;
}

async function loadNewFile(
  host: Host,
  full: string,
  path: string,
): Promise<string> {
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
  { files }: Host,
  path: string,
  stat: { readonly isFile: boolean; readonly isSymlink: boolean },
): Promise<string | undefined> {
  if (stat.isSymlink) return await files.readLink(path);
  if (!stat.isFile) return undefined;
  const bytes = await files.readRange(path, 0, LIMITS.patchDiffBytes);
  return bytes.includes(0) ? undefined : new TextDecoder().decode(bytes);
}
