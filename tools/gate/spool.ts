/** Where whole outputs of commands are kept: one folder for each thread. */
import type { Host } from "../../core/protocol/host.ts";

type SpoolHost = Pick<Host, "files" | "newId">;

/** A new file for one output; undefined where none can be kept. */
export type NewSpool = (threadId: string) => Promise<string | undefined>;

/** Spool files below an absolute folder; without one there are none. */
export function createSpool(
  host: SpoolHost,
  spoolFolder: string | undefined,
): NewSpool {
  const folders = new Map<string, Promise<string | undefined>>();
  return async (threadId) => {
    if (spoolFolder === undefined) return undefined;
    const path = `${spoolFolder}/${threadId}`;
    const ready = folders.get(path) ?? makeFolder(host, path);
    folders.set(path, ready);
    const folder = await ready;
    return folder === undefined ? undefined : `${folder}/${host.newId()}.txt`;
  };
}

// Without a place for whole outputs (a read-only home) commands run all the same.
async function makeFolder(
  host: SpoolHost,
  path: string,
): Promise<string | undefined> {
  try {
    await host.files.mkdir(path, { mode: 0o700 });
    return path;
  } catch {
    return undefined;
  }
}
