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

/** Opens it. Throws UserError. */
export async function openWorkplace(
  batch: Batch,
  task: Task,
): Promise<Workplace> {
  const { host, tasksFolder } = batch;
  const named = resolvePath(tasksFolder, task.dir ?? task.repo ?? ".");
  const dir = await host.files.realPath(named);
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
  const root = await host.files.realPath(tasksFolder);
  for (const file of task.files ?? []) {
    const { from, to } = typeof file === "string"
      ? { from: file, to: file }
      : file;
    try {
      const real = await host.files.realPath(resolvePath(root, from));
      // A file of tasks from elsewhere must not hand the model what is not its own.
      if (!isInside(real, root)) {
        throw usageError("it leads out of the folder of the tasks file");
      }
      const target = resolvePath(dir, to);
      await host.files.mkdir(dirname(target));
      await host.files.write(target, await host.files.readBytes(real));
    } catch (error) {
      throw usageError(
        `Cannot copy ${from} to task ${task.id}: ${errorText(error)}`,
      );
    }
  }
}
