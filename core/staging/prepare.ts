/** Brings the files of a folder, or of a commit, into a new stage. */
import { usageError } from "../protocol/error.ts";
import type { Files, Host } from "../protocol/host.ts";
import { LIMITS } from "../protocol/limits.ts";
import { relativeTo, resolvePath } from "../util/path.ts";
import type { ProcessIdentity } from "../util/program/process_identity.ts";
import { fillTree, type FirstState } from "./fill.ts";
import type { Git } from "./git.ts";
import { dropFolders, type GitLister, listTree } from "./listing.ts";
import { type StageFolders, writeNote } from "./places.ts";
import {
  copyIndex,
  findCommit,
  type GitView,
  openGitView,
  type Repository,
} from "./repository.ts";
import type { StageSource } from "./stage_types.ts";
import { TreeFiles } from "./tree_files.ts";
import { addWorktree, checkOut, listDeleted } from "./worktree.ts";

interface StageParts {
  readonly folders: StageFolders;
  readonly owner: ProcessIdentity;
  readonly source: StageSource;
  /** The folder that was asked for. */
  readonly root: string;
  readonly ref: string | undefined;
  readonly readable: Files;
  /** Folders that are left out. */
  readonly without: readonly string[];
  readonly signal: AbortSignal | undefined;
  /** Absent where there is no repository. */
  readonly from?: { readonly git: Git; readonly repository: Repository };
}

/** A stage with its files in it. */
export interface FilledStage {
  readonly folders: StageFolders;
  readonly source: StageSource;
  readonly first: FirstState;
  /** The folder that was asked for, in the stage. */
  readonly cwd: string;
  readonly repository?: {
    readonly git: Git;
    readonly view: GitView;
    /** What was asked for, in the repository. */
    readonly root: string;
    readonly common: string;
    readonly format: Repository["format"];
    readonly commit?: string;
    /** Paths that may differ from the commit beside what is done in the stage. */
    readonly more: readonly string[];
  };
}

/** Throws UserError. */
export async function fillStage(
  host: Host,
  parts: StageParts,
): Promise<FilledStage> {
  const { folders, source, root, from } = parts;
  const { files } = host;
  const cwd = resolvePath(folders.tree, relativeTo(root, source.folder));
  await files.mkdir(`${folders.own}/base`, { mode: 0o700 });
  if (from === undefined) {
    await files.mkdir(folders.tree);
    const first = await fillFrom(host, parts, source.folder);
    return { folders, source, first, cwd };
  }
  const { git, repository } = from;
  const view = await openGitView(host, git, {
    repository,
    cwd: root,
    folder: `${folders.own}/git`,
  });
  const commit = await findStart(parts, from);
  const index = await openTree(host, parts, { ...from, commit });
  const isChecked = parts.ref !== undefined && commit !== undefined;
  if (isChecked) await checkOut(view, folders.tree, { commit, index });
  const first = isChecked
    ? await fillFrom(host, parts, folders.tree, { view, index })
    : await fillFrom(host, parts, source.folder, {
      view,
      index: repository.index,
    });
  const more = isChecked || commit === undefined ? [] : [
    ...first.stamps.keys(),
    ...await listDeleted(view, source.folder, repository.index),
  ];
  await files.mkdir(cwd);
  const { common, format } = repository;
  return {
    folders,
    source,
    first,
    cwd,
    repository: {
      git,
      view,
      root,
      common,
      format,
      more,
      ...(commit !== undefined && { commit }),
    },
  };
}

async function findStart(
  { root, ref }: StageParts,
  { git, repository }: Required<StageParts>["from"],
): Promise<string | undefined> {
  if (ref === undefined) return repository.head;
  const commit = await findCommit(git, root, ref);
  if (commit !== undefined) return commit;
  throw usageError(
    `Cannot stage ${root}: there is no commit ${JSON.stringify(ref)}`,
  );
}

/** Makes the folder of the tree; the index that git goes by there. */
async function openTree(
  host: Host,
  { folders, owner, source, root, ref }: StageParts,
  { git, repository, commit }: Required<StageParts>["from"] & {
    readonly commit: string | undefined;
  },
): Promise<string> {
  const { tree, own, above } = folders;
  if (commit === undefined || source.kind === "copy") {
    await host.files.mkdir(tree);
    return `${own}/git/index`;
  }
  const { common } = repository;
  const known = { pointer: `${tree}/.git`, common };
  await writeNote(host, folders, { above, owner, worktree: known });
  const worktree = await whileAlone(
    host,
    `${common}/HEAD`,
    () => addWorktree(host, git, { cwd: root, tree, commit }),
  );
  if (ref === undefined) await copyIndex(host, repository.index, worktree);
  return `${worktree}/index`;
}

// Git reads what it knows of all worktrees, and fails at one that is half made
// ("failed to read worktrees/…/commondir").
async function whileAlone<T>(
  host: Host,
  path: string,
  run: () => Promise<T>,
): Promise<T> {
  let lock = await host.files.tryLock(path);
  while (lock === undefined) {
    await host.sleep(LIMITS.lockRetryMs * (1 + host.random()));
    lock = await host.files.tryLock(path);
  }
  try {
    return await run();
  } finally {
    lock[Symbol.dispose]();
  }
}

async function fillFrom(
  host: Host,
  { folders: { tree, own }, readable, without, signal }: StageParts,
  from: string,
  git?: GitLister,
): Promise<FirstState> {
  const files = new TreeFiles(host);
  const listing = await listTree(files, from, git);
  return await fillTree(host, files, {
    listing: dropFolders(listing, from, without),
    signal,
    from,
    base: `${own}/base`,
    ...(from !== tree && { to: tree }),
    keepsTimes: from !== tree && git === undefined,
    readable,
  });
}
