/** Where a task works: its folder as it is, or a copy that goes away again. */
import type { Flags } from "../../contract/command_line.ts";
import type { Task } from "../../batch/tasks.ts";
import { errorText, usageError } from "../../protocol/error.ts";
import { dirname, isInside, resolvePath } from "../../util/path.ts";
import type { Batch } from "./open.ts";
import { openStagedPlace } from "./staged_place.ts";
import type { Workplace } from "./place.ts";

/** How a task is kept from the person's own files. */
export function isInPlace(
  { isolation }: Pick<Task, "isolation">,
  flags: Flags,
): boolean {
  return isolation === undefined
    ? flags.inPlace === true
    : isolation === "in-place";
}

/** The folder that it names, reached through no link. */
export async function realDir(
  { files }: Pick<Batch["host"], "files">,
  tasksFolder: string,
  { dir, repo }: Pick<Task, "dir" | "repo">,
): Promise<string> {
  return await files.realPath(resolvePath(tasksFolder, dir ?? repo ?? "."));
}

/** Opens it. Throws UserError. */
export async function openWorkplace(
  batch: Batch,
  task: Task,
): Promise<Workplace> {
  const { host, tasksFolder } = batch;
  const dir = await realDir(host, tasksFolder, task);
  if (!isInPlace(task, batch.flags)) {
    return await openStagedPlace(batch, task, dir);
  }
  return {
    dir,
    isIsolated: false,
    patch: () => Promise.resolve(undefined),
    branch: () => Promise.resolve(undefined),
    close: () => Promise.resolve(),
  };
}

/** Copies the files of the task into its place. Throws UserError. */
export async function copyIn(
  { host, tasksFolder }: Batch,
  task: Task,
  { dir }: Workplace,
): Promise<void> {
  const { files } = host;
  for (const file of task.files ?? []) {
    const { from, to } = typeof file === "string"
      ? { from: file, to: file }
      : file;
    try {
      const real = await realPathInside(host, tasksFolder, from);
      const target = resolvePath(dir, to);
      await files.mkdir(dirname(target));
      // A link that the repository brings along may lead anywhere.
      const folder = await files.realPath(dirname(target));
      const isLink = (await files.lstat(target))?.isSymlink === true;
      if (isLink || !isInside(folder, await files.realPath(dir))) {
        throw usageError(`${to} lies behind a link, must be in the work tree`);
      }
      await files.write(target, await files.readBytes(real));
    } catch (error) {
      throw usageError(
        `Cannot copy ${from} to task ${task.id}: ${errorText(error)}`,
      );
    }
  }
}

/**
 * A file that the tasks file names, which must lie in its folder: a file of tasks from
 * elsewhere must not hand the model what is not its own. Throws UserError.
 */
export async function realPathInside(
  { files }: Pick<Batch["host"], "files">,
  folder: string,
  path: string,
): Promise<string> {
  const root = await files.realPath(folder);
  const real = await files.realPath(resolvePath(root, path));
  if (isInside(real, root)) return real;
  throw usageError(
    `${path} leads out of ${root}, must be in the folder of the tasks file`,
  );
}
