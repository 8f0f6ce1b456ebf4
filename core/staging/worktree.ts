/** A worktree of a repository as the place of a stage, and branches made of what was done there. */
import { usageError } from "../protocol/error.ts";
import type { Host } from "../protocol/host.ts";
import { LIMITS } from "../protocol/limits.ts";
import { textOfBytes } from "../util/text/byte_text.ts";
import { resolvePath } from "../util/path.ts";
import type { Git, GitCall } from "./git.ts";
import type { GitView } from "./repository.ts";

/** Registers an empty worktree; what the repository knows of it lies in the resolved folder. */
export async function addWorktree(
  host: Pick<Host, "files" | "random" | "sleep">,
  git: Git,
  { cwd, tree, commit }: {
    /** In the repository. */
    readonly cwd: string;
    readonly tree: string;
    readonly commit: string;
  },
): Promise<string> {
  const args = [
    "worktree",
    "add",
    "--quiet",
    "--detach",
    "--no-checkout",
    "--end-of-options",
    tree,
    commit,
  ];
  await runBesideOthers(host, git, { cwd, args });
  const { files } = host;
  const pointer = await files.readText(`${tree}/.git`);
  const named = /^gitdir: (.+?)\n?$/s.exec(pointer)?.[1] ?? "";
  return await files.realPath(resolvePath(tree, named));
}

/** What git says where another process has just begun, or taken away, a worktree of its own. */
const RACED = /\/worktrees\/|\.lock\b/;

// Git looks at all worktrees of a repository when it adds one, also at one that is half there.
async function runBesideOthers(
  host: Pick<Host, "random" | "sleep">,
  git: Git,
  call: GitCall,
): Promise<void> {
  for (let tries = 1; tries < LIMITS.stageAddTries; tries++) {
    const { code, stderr } = await git.ask(call);
    if (code === 0) return;
    if (!RACED.test(stderr)) break;
    await host.sleep(LIMITS.stageAddMs * (0.5 + host.random()));
  }
  await git.run(call);
}

/** The files of a commit, checked out without a filter. */
export async function checkOut(
  view: GitView,
  tree: string,
  { commit, index }: { readonly commit: string; readonly index: string },
): Promise<void> {
  await view.run({ tree, index, args: ["read-tree", "-m", "-u", commit] });
}

/** Files that the index has and the work tree has not, but for those that need not be there. */
export async function listDeleted(
  view: GitView,
  tree: string,
  index: string,
): Promise<readonly string[]> {
  const args = ["ls-files", "-z", "-d"];
  return splitNames(await view.run({ tree, index, args }));
}

/**
 * A branch whose commit follows `parent` with these files as they are in the tree; the id of
 * the commit. No hook runs, nothing is signed. Throws UserError when there is such a branch.
 */
export async function commitBranch(
  git: Git,
  view: GitView,
  options: {
    /** In the repository. */
    readonly cwd: string;
    readonly tree: string;
    readonly parent: string;
    readonly paths: readonly string[];
    /** Folders that were repositories of their own: their files belong to no commit of this one. */
    readonly inner: readonly string[];
    /** An index of its own. */
    readonly index: string;
    readonly name: string;
    readonly message: string;
  },
): Promise<string> {
  const { cwd, tree, parent, index, name, message } = options;
  const checked = await git.ask({
    cwd,
    args: ["check-ref-format", "--branch", name],
  });
  if (checked.code !== 0) {
    throw usageError(
      `Cannot make the branch ${JSON.stringify(name)}: git takes no such name`,
    );
  }
  await view.run({ tree, index, args: ["read-tree", parent] });
  const inside = [...options.inner, ...await listLinks(view, tree, index)];
  const paths = options.paths.filter((path) =>
    !inside.some((link) => path === link || path.startsWith(`${link}/`))
  );
  await view.run({
    tree,
    index,
    args: ["update-index", "-z", "--add", "--remove", "--replace", "--stdin"],
    stdin: new TextEncoder().encode(paths.map((path) => `${path}\0`).join("")),
  });
  const root = await view.run({ tree, index, args: ["write-tree"] });
  const commit = await view.run({
    tree,
    index,
    args: ["commit-tree", "-p", parent, textOfBytes(root).trim()],
    stdin: new TextEncoder().encode(message),
    env: await readAuthor(git, cwd),
  });
  const id = textOfBytes(commit).trim();
  const args = ["update-ref", `refs/heads/${name}`, id, "0".repeat(id.length)];
  const made = await git.ask({ cwd, args });
  if (made.code === 0) return id;
  throw usageError(
    `Cannot make the branch ${name}: ${
      made.stderr.trim().split("\n")[0]
    }; it must be new`,
  );
}

/** Takes a branch away when the message of its commit has this line; any other stays. */
export async function dropBranch(
  git: Git,
  { cwd, name, own }: {
    readonly cwd: string;
    readonly name: string;
    readonly own: string;
  },
): Promise<void> {
  const ref = `refs/heads/${name}`;
  const found = await git.ask({ cwd, args: ["rev-parse", "--verify", ref] });
  if (found.code !== 0) return;
  const id = textOfBytes(found.stdout).trim();
  const commit = await git.run({ cwd, args: ["cat-file", "commit", id] });
  const lines = textOfBytes(commit).split("\n");
  if (!lines.includes(own)) return;
  await git.run({ cwd, args: ["update-ref", "-d", ref, id] });
}

async function readAuthor(
  git: Git,
  cwd: string,
): Promise<Readonly<Record<string, string>>> {
  const ask = async (key: string): Promise<string> => {
    const args = ["config", "--get", key];
    const { stdout } = await git.ask({ cwd, args });
    return new TextDecoder().decode(stdout).trim();
  };
  const name = await ask("user.name") || "rondo";
  const email = await ask("user.email") || "rondo@localhost";
  return {
    GIT_AUTHOR_NAME: name,
    GIT_AUTHOR_EMAIL: email,
    GIT_COMMITTER_NAME: name,
    GIT_COMMITTER_EMAIL: email,
  };
}

async function listLinks(
  view: GitView,
  tree: string,
  index: string,
): Promise<readonly string[]> {
  const args = ["ls-files", "-z", "-s"];
  return splitNames(await view.run({ tree, index, args }))
    .filter((line) => line.startsWith("160000 "))
    .map((line) => line.slice(line.indexOf("\t") + 1));
}

function splitNames(bytes: Uint8Array): readonly string[] {
  return new TextDecoder().decode(bytes).split("\0")
    .filter((name) => name !== "");
}
