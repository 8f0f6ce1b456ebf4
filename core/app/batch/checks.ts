/** What would only come out when a task is run: looked at before any is. */
import type { Task } from "../../batch/tasks.ts";
import type { Flags } from "../../contract/command_line.ts";
import { errorReason, usageError } from "../../protocol/error.ts";
import type { Host } from "../../protocol/host.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { dirname, isInside, resolvePath } from "../../util/path.ts";
import { isInPlace } from "./workplace.ts";

/** The text of the tasks file. Throws UserError. */
export async function readTasks(host: Host, path: string): Promise<string> {
  try {
    return await host.files.readText(path, {
      bytesMax: LIMITS.wholeFileBytes,
      pipe: true,
    });
  } catch (error) {
    throw usageError(`Cannot read tasks ${path}: ${errorReason(error)}`);
  }
}

interface Checked {
  readonly planned: readonly Task[];
  readonly flags: Flags;
  readonly tasksFile: string;
  readonly out: string;
}

/** Throws UserError for a folder or file of a task that is not there. */
export async function checkTasks(host: Host, checked: Checked): Promise<void> {
  const { planned, tasksFile } = checked;
  const base = dirname(tasksFile);
  const seen = new Map<string, "folder" | "file" | undefined>();
  const need = async (
    task: Task,
    path: string,
    kind: "folder" | "file",
  ): Promise<void> => {
    const full = resolvePath(base, path);
    if (!seen.has(full)) seen.set(full, await kindOf(host, full));
    const found = seen.get(full);
    if (found === kind) return;
    throw usageError(
      `Cannot run task ${task.id}: ${full} is ${
        found === undefined ? "not there" : `a ${found}`
      }, must be a ${kind}`,
    );
  };
  for (const task of planned) {
    await need(task, task.dir ?? task.repo ?? ".", "folder");
    if (task.schema !== undefined) await need(task, task.schema, "file");
    for (const file of task.files ?? []) {
      await need(task, typeof file === "string" ? file : file.from, "file");
    }
    refuseOutInside(task, { ...checked, base });
  }
}

async function kindOf(
  { files }: Host,
  path: string,
): Promise<"folder" | "file" | undefined> {
  const stat = await files.stat(path);
  if (stat === undefined) return undefined;
  return stat.isDirectory ? "folder" : "file";
}

// The task could write there what other tasks and the next start rely on.
function refuseOutInside(
  task: Task,
  { flags, out, base }: Checked & { readonly base: string },
): void {
  if (!isInPlace(task, flags)) return;
  const dir = resolvePath(base, task.dir ?? task.repo ?? ".");
  if (!isInside(out, dir)) return;
  throw usageError(
    `Cannot run task ${task.id} in place: the results would lie in its folder ${dir}, --out must be elsewhere`,
  );
}
