/** The patches of staged runs, kept by session. */
import { isAbsent } from "../../protocol/error.ts";
import type { Host } from "../../protocol/host.ts";

/** Where the patch of a session is kept. */
export function patchPath(codexHome: string, threadId: string): string {
  return `${codexHome}/stage_patches/${threadId}.patch`;
}

/** Keeps it in place of an earlier one of that session; nothing is kept of an empty one. */
export async function writePatch(
  host: Pick<Host, "files" | "newId">,
  path: string,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<string | null> {
  const { files } = host;
  if (bytes.length === 0) {
    await files.remove(path).catch((error) => {
      if (!isAbsent(error)) throw error;
    });
    return null;
  }
  await files.mkdir(path.slice(0, path.lastIndexOf("/")), { mode: 0o700 });
  const aside = `${path}.${host.newId()}`;
  await files.write(aside, bytes, { mode: 0o600, exclusive: true });
  await files.rename(aside, path);
  return path;
}
