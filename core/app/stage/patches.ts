/** The patches of staged runs, kept by session. */
import { isAbsent } from "../../protocol/error.ts";
import type { Host } from "../../protocol/host.ts";
import { appliedMark, stagePatchPath } from "../../staging/kept.ts";
import { dirname } from "../../util/path.ts";

/** Keeps it in place of an earlier one of that session; null where it changes nothing. */
export async function writePatch(
  host: Pick<Host, "files" | "newId">,
  path: string,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<string | null> {
  const { files } = host;
  await markApplied(host, path, false);
  await files.mkdir(dirname(path), { mode: 0o700 });
  const aside = `${path}.${host.newId()}`;
  try {
    await files.write(aside, bytes, { mode: 0o600, exclusive: true });
    await files.rename(aside, path);
  } catch (error) {
    await files.remove(aside).catch(() => {});
    throw error;
  }
  return bytes.length === 0 ? null : path;
}

/** Path of the one patch whose session's id begins so; undefined when there are none or more. */
export async function findPatch(
  { files }: Pick<Host, "files">,
  codexHome: string,
  start: string,
): Promise<string | undefined> {
  if (!/^[0-9a-f-]{4,36}$/i.test(start)) return undefined;
  const folder = dirname(stagePatchPath(codexHome, ""));
  const names = (await files.list(folder).catch(() => []))
    .map(({ name }) => name)
    .filter((name) => name.endsWith(".patch") && name.startsWith(start));
  const [only] = names;
  return names.length === 1 ? `${folder}/${only}` : undefined;
}

/** Remembers that it was taken over, or is not any more. */
export async function markApplied(
  { files }: Pick<Host, "files">,
  path: string,
  isApplied: boolean,
): Promise<void> {
  const mark = appliedMark(path);
  if (isApplied) return await files.write(mark, "", { mode: 0o600 });
  await files.remove(mark).catch((error) => {
    if (!isAbsent(error)) throw error;
  });
}

/** The patch of a session that was not taken over; undefined when there is none. */
export async function readOpenPatch(
  { files }: Pick<Host, "files">,
  path: string,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (await files.lstat(appliedMark(path)) !== undefined) return undefined;
  if (await files.lstat(path) === undefined) return undefined;
  return await files.readBytes(path);
}
