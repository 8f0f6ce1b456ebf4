/** What is kept of an attempt that counts: the patch, and the files that were asked for. */
import type { Harvest } from "../../batch/results.ts";
import type { Task } from "../../batch/tasks.ts";
import { errorText, isAbsent } from "../../protocol/error.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { dirname, isInside, relativeTo, resolvePath } from "../../util/path.ts";
import type { Batch } from "./open.ts";
import type { Workplace } from "./place.ts";

/** Of an attempt that left nothing. */
export const NO_HARVEST: Harvest = Object.freeze({
  patch: null,
  branch: null,
  files: [],
});

/** Copies it below the folder of the batch. */
export async function collectHarvest(
  batch: Batch,
  task: Task,
  place: Workplace | undefined,
): Promise<Harvest> {
  if (place === undefined) return NO_HARVEST;
  const patch = await keepPatch(batch, task, place);
  return {
    patch,
    branch: patch === null ? null : await keepBranch(batch, task, place),
    files: await copyOut(batch, task, place),
  };
}

async function keepPatch(
  { host, places }: Batch,
  task: Task,
  place: Workplace,
): Promise<string | null> {
  const name = `patches/${task.id}.patch`;
  const path = `${places.folder}/${name}`;
  const patch = await place.patch();
  if (patch === undefined) {
    // One of an attempt that was interrupted after its patch.
    await removeIfThere(host, path);
    return null;
  }
  host.files.placeSync(path, patch, { mode: 0o644 });
  return name;
}

async function keepBranch(
  { flags }: Batch,
  task: Task,
  place: Workplace,
): Promise<string | null> {
  if (!flags.branches) return null;
  return await place.branch(`rondo/${task.id}`) ?? null;
}

async function copyOut(
  batch: Batch,
  task: Task,
  place: Workplace,
): Promise<readonly string[]> {
  const { host, places, warn } = batch;
  const folder = `files/${task.id}`;
  await removeIfThere(host, `${places.folder}/${folder}`);
  if (task.paths === undefined) return [];
  const copied: string[] = [];
  for (const path of task.paths) {
    for (const file of await listBelow(batch, place.dir, path)) {
      const name = `${folder}/${file}`;
      const bytes = await readOwn(batch, place.dir, file).catch((error) => {
        warn(`Cannot keep ${file} of task ${task.id}: ${errorText(error)}`);
      });
      if (bytes === undefined) continue;
      host.files.placeSync(`${places.folder}/${name}`, bytes, { mode: 0o644 });
      copied.push(name);
    }
  }
  return [...new Set(copied)].sort();
}

// The files below a path of the place, in the order of their names. Links are none: what the
// task made of them may lead anywhere.
async function listBelow(
  batch: Batch,
  dir: string,
  path: string,
): Promise<readonly string[]> {
  const { host } = batch;
  const found: string[] = [];
  const open = [relativeTo(resolvePath("/", path), "/")];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    // Among results it would be a repository that git obeys.
    if (/(^|\/)\.git(\/|$)/i.test(at)) continue;
    const stat = await host.files.lstat(`${dir}/${at}`);
    if (stat?.isFile) found.push(at);
    if (!stat?.isDirectory) continue;
    for (const { name } of await host.files.list(`${dir}/${at}`)) {
      open.push(at === "." ? name : `${at}/${name}`);
    }
    if (found.length + open.length > LIMITS.batchFiles) {
      batch.warn(`Not all of ${path} is kept: more than ${LIMITS.batchFiles}`);
      return found.sort();
    }
  }
  return found.sort();
}

async function readOwn(
  { host }: Batch,
  dir: string,
  file: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const path = resolvePath(dir, file);
  const folder = await host.files.realPath(dirname(path));
  if (!isInside(folder, await host.files.realPath(dir))) {
    throw new Error("it lies behind a link, must be the task's own");
  }
  return await host.files.readRange(
    `${folder}/${file.slice(file.lastIndexOf("/") + 1)}`,
    0,
    LIMITS.batchFileBytes,
    { exact: true },
  );
}

async function removeIfThere(
  { files }: Pick<Batch["host"], "files">,
  path: string,
): Promise<void> {
  await files.remove(path, { recursive: true }).catch((error) => {
    if (!isAbsent(error)) throw error;
  });
}
