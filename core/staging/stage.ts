/** An isolated copy of a work tree: opened, worked in by others, read as a patch, removed. */
import {
  configError,
  errorCode,
  errorText,
  usageError,
} from "../protocol/error.ts";
import type { Host } from "../protocol/host.ts";
import { findGit, type Git } from "./git.ts";
import { fillStage } from "./prepare.ts";
import { OpenStage } from "./open_stage.ts";
import { makeFolders, removeFolders } from "./places.ts";
import { findRepository, type Repository } from "./repository.ts";
import type { Stage, StageRequest, StageSource } from "./stage_types.ts";

/** Makes it. Throws UserError, and leaves nothing then. */
export async function openStage(
  host: Host,
  request: StageRequest,
): Promise<Stage> {
  const { root, place, signal, without = [] } = request;
  signal?.throwIfAborted();
  const git = await findGitFor(host, request);
  const repository = git && await findRepository(git, root);
  const source = decideSource(request, repository);
  let made: Awaited<ReturnType<typeof makeFolders>> | undefined;
  try {
    made = await makeFolders(host, place, source.folder);
    const filled = await fillStage(host, {
      ...made,
      source,
      root,
      ref: request.ref,
      without,
      signal,
      readable: request.readable ?? host.files,
      ...(git !== undefined && repository !== undefined &&
        { from: { git, repository } }),
    });
    return new OpenStage(host, filled);
  } catch (error) {
    if (made !== undefined) {
      await removeFolders(host, made.folders).catch(() => {});
    }
    if (errorCode(error) === undefined) throw error;
    throw configError(`Cannot stage ${root}: ${errorText(error)}`);
  }
}

async function findGitFor(
  host: Host,
  { kind, ref, root, writable = [] }: StageRequest,
): Promise<Git | undefined> {
  const git = await findGit(host, [root, ...writable]);
  if (git !== undefined || (kind !== "worktree" && ref === undefined)) {
    return git;
  }
  throw usageError(
    `Cannot stage ${root}: there is no git outside the folders that commands may write to, must be installed`,
  );
}

function decideSource(
  { root, kind, ref }: StageRequest,
  repository: Repository | undefined,
): StageSource {
  const refuse = (state: string, wanted: string): never => {
    throw usageError(`Cannot stage ${root}: ${state}, must be ${wanted}`);
  };
  if (repository === undefined) {
    if (kind === "worktree" || ref !== undefined) {
      refuse("it is in no git repository", "in one");
    }
    return { folder: root, kind: "copy" };
  }
  const folder = repository.root ?? root;
  if (repository.root === undefined && ref === undefined) {
    refuse("it is a bare repository", "a work tree, or a commit be named");
  }
  if (repository.head === undefined && ref === undefined) {
    if (kind === "worktree") refuse("it has no commit yet", "one that has");
    return { folder, kind: "copy" };
  }
  return { folder, kind: kind === "copy" ? "copy" : "worktree" };
}
