/** A copy of a task's folder that goes away again. */
import { dropInputs } from "../../batch/inputs.ts";
import type { Task } from "../../batch/tasks.ts";
import { errorText, usageError } from "../../protocol/error.ts";
import { openStage } from "../../staging/stage.ts";
import { relativeTo, resolvePath } from "../../util/path.ts";
import { bytesOfText, textOfBytes } from "../../util/text/byte_text.ts";
import type { Batch } from "./open.ts";
import type { Workplace } from "./place.ts";

/** Makes it. Throws UserError. */
export async function openStagedPlace(
  { host, codexHome, flags, key, stop, results, warn }: Batch,
  task: Task,
  root: string,
): Promise<Workplace> {
  if (codexHome === undefined) {
    throw usageError(
      "Cannot make a work tree: there is no home folder, must be one, or --in-place be given",
    );
  }
  const addDirs = (flags.addDir ?? []).map((dir) => resolvePath(host.cwd, dir));
  const stage = await openStage(host, {
    root,
    kind: task.isolation === undefined || task.isolation === "in-place"
      ? "auto"
      : task.isolation,
    ...(task.ref !== undefined && { ref: task.ref }),
    place: { codexHome },
    writable: [root, ...addDirs],
    // What came of other tasks is no part of this one.
    without: [results],
    signal: stop.signal,
  });
  const given = (task.files ?? []).map((file) =>
    relativeTo(
      resolvePath(stage.cwd, typeof file === "string" ? file : file.to),
      stage.path,
    )
  );
  return {
    dir: stage.cwd,
    isIsolated: true,
    patch: async () => {
      const { bytes, leftOut } = await stage.readPatch();
      for (const problem of leftOut) warn(`Task ${task.id}: ${problem}`);
      const patch = dropInputs(textOfBytes(bytes), given);
      return patch === "" ? undefined : bytesOfText(patch);
    },
    branch: async (name) => {
      try {
        // One of an attempt that was cut short is this batch's own.
        const own = `Batch: ${key}`;
        const message = `Task ${task.id} of a batch\n\n${own}\n`;
        await stage.commitBranch(name, message, own);
        return name;
      } catch (error) {
        warn(`Task ${task.id}: ${errorText(error)}`);
        return undefined;
      }
    },
    close: async () => {
      try {
        await stage.remove();
      } catch (error) {
        // What stays is swept at the end, or by the next start.
        warn(`Task ${task.id}: ${errorText(error)}`);
      }
    },
  };
}
