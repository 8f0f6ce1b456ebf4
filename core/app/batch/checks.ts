/** What would only come out when a task is run: looked at before any is. */
import type { Task } from "../../batch/tasks.ts";
import type { Flags } from "../../contract/command_line.ts";
import { errorReason, isAbsent, usageError } from "../../protocol/error.ts";
import type { Host } from "../../protocol/host.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { basename, dirname, isInside, resolvePath } from "../../util/path.ts";
import { isInPlace, realDir, realPathInside } from "./workplace.ts";

/** The text of the tasks file. Throws UserError. */
export async function readTasks(host: Host, path: string): Promise<string> {
  try {
    const bytes = await host.files.readBytes(path, {
      bytesMax: LIMITS.wholeFileBytes,
      pipe: true,
    });
    return decodeStrictly(bytes);
  } catch (error) {
    throw usageError(`Cannot read tasks ${path}: ${errorReason(error)}`);
  }
}

// A prompt that was mended would be another one than the person's.
function decodeStrictly(bytes: Uint8Array<ArrayBuffer>): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new Error("it is not UTF-8, must be");
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
  const { planned, flags, out, tasksFile } = checked;
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
    for (const path of ownFiles(task)) {
      await need(task, path, "file");
      await realPathInside(host, base, path);
    }
    if (isInPlace(task, flags)) {
      refuseInPlace(task, {
        flags,
        out: await findReal(host, out),
        dir: await realDir(host, base, task),
      });
    }
  }
}

// Where it will lie: it need not be there yet.
async function findReal(host: Host, folder: string): Promise<string> {
  try {
    return await host.files.realPath(folder);
  } catch (error) {
    if (!isAbsent(error)) throw error;
    return resolvePath(await findReal(host, dirname(folder)), basename(folder));
  }
}

function ownFiles({ schema, files = [] }: Task): readonly string[] {
  const paths = files.map((file) =>
    typeof file === "string" ? file : file.from
  );
  return schema === undefined ? paths : [schema, ...paths];
}

async function kindOf(
  { files }: Host,
  path: string,
): Promise<"folder" | "file" | undefined> {
  const stat = await files.stat(path);
  if (stat === undefined) return undefined;
  return stat.isDirectory ? "folder" : "file";
}

function refuseInPlace(
  task: Task,
  { flags, out, dir }: {
    readonly flags: Flags;
    /** Both without links. */
    readonly out: string;
    readonly dir: string;
  },
): void {
  const fail = (state: string): never => {
    throw usageError(`Cannot run task ${task.id} in place: ${state}`);
  };
  // Whose files are changed is for the person to say, not for a file of tasks.
  if (!flags.inPlace) fail("the command line must allow it with --in-place");
  // The task could write there what other tasks and the next start rely on.
  if (isInside(out, dir)) {
    fail(
      `the results would lie in its folder ${dir}, --out must be elsewhere`,
    );
  }
}
