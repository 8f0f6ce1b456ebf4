/** Where whole outputs are kept: one folder for each thread. */
import type { Host } from "../../core/protocol/host.ts";

/**
 * Path of a new file for one output, below an absolute folder. Undefined without one, and
 * where it cannot be made (a read-only home): commands run all the same.
 */
export async function newSpoolPath(
  host: Pick<Host, "files" | "newId">,
  spoolFolder: string | undefined,
  threadId: string,
): Promise<string | undefined> {
  if (spoolFolder === undefined) return undefined;
  const folder = `${spoolFolder}/${threadId}`;
  try {
    await host.files.mkdir(folder, { mode: 0o700 });
    return `${folder}/${host.newId()}.txt`;
  } catch {
    return undefined;
  }
}
