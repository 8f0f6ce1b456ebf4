/** Removes payloads that no log refers to any more, while others keep writing. */
import { errorText, isAbsent, SessionError } from "../../protocol/error.ts";
import type { Files, Host } from "../../protocol/host.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { blobFolder, isLinkToNothing, listLogFiles } from "./files.ts";

const PRESENT = /^[0-9a-f]{64}$/;
// Put there by a sweep; one that is found at the start is of another, dead or alive.
const ASIDE = /^[0-9a-f]{64}\.[0-9a-f-]+\.gone$/;
// What placeSync() writes before it has its name.
const UNFINISHED = /^\.[0-9a-f-]{36}$/;
// Other programs of this home, and people, may compress what is old.
const COMPRESSED = /\.(?:zst|gz|xz|bz2|lz4|br|zip|7z)$/;
const USE = /"sha256":"([0-9a-f]{64})"/g;
const USE_BYTES = 76;

/**
 * Removes them; how many bytes that gave back. Needs no clock and no lock: a payload that
 * no log refers to is put aside, the logs are read again, and only then it goes or comes
 * back. A writer makes sure of a payload before its line and after it, so that either the
 * second reading sees the line or the writer sees that the payload is gone. Throws
 * SessionError.
 */
export async function sweepBlobs(
  host: Host,
  codexHome: string,
): Promise<number> {
  try {
    return await sweep(host, codexHome);
  } catch (error) {
    throw new SessionError(
      `Cannot remove payloads of sessions: ${errorText(error)}`,
    );
  }
}

async function sweep(host: Host, codexHome: string): Promise<number> {
  const { files } = host;
  const folder = blobFolder(codexHome);
  const names = await listNames(files, folder);
  let freed = await removeUnfinished(host, folder, names);
  const present = names.filter((name) => PRESENT.test(name));
  const aside = names.filter((name) => ASIDE.test(name));
  if (present.length + aside.length === 0) return freed;
  const used = await findUses(files, codexHome);
  if (used === undefined) return freed;
  for (const hash of present) {
    if (used.has(hash)) continue;
    // A name of its own: what one sweep puts aside, another must not judge by what it saw.
    const name = `${hash}.${host.newId()}.gone`;
    await tolerant(() =>
      files.rename(`${folder}/${hash}`, `${folder}/${name}`)
    );
    aside.push(name);
  }
  if (aside.length === 0) return freed;
  const usedNow = await findUses(files, codexHome);
  for (const name of aside) {
    const hash = name.slice(0, name.indexOf("."));
    const isWanted = usedNow?.has(hash) ?? true;
    freed += await settleAside(files, { folder, name, hash, isWanted });
  }
  return freed;
}

// When the payload was written again meanwhile, the one put aside is superfluous.
async function settleAside(
  files: Files,
  { folder, name, hash, isWanted }: {
    readonly folder: string;
    readonly name: string;
    readonly hash: string;
    readonly isWanted: boolean;
  },
): Promise<number> {
  const gone = await files.stat(`${folder}/${name}`);
  if (gone === undefined) return 0;
  if (isWanted && await files.stat(`${folder}/${hash}`) === undefined) {
    await tolerant(() =>
      files.rename(`${folder}/${name}`, `${folder}/${hash}`)
    );
    return 0;
  }
  await tolerant(() => files.remove(`${folder}/${name}`));
  return isWanted ? 0 : gone.size;
}

// Left by a writer that was killed before it could give the file its name.
async function removeUnfinished(
  host: Host,
  folder: string,
  names: readonly string[],
): Promise<number> {
  const oldMs = host.now().getTime() - LIMITS.lockForeignMs;
  let freed = 0;
  for (const name of names) {
    if (!UNFINISHED.test(name)) continue;
    const path = `${folder}/${name}`;
    const stat = await host.files.stat(path);
    if (stat === undefined || stat.mtimeMs > oldMs) continue;
    await tolerant(() => host.files.remove(path));
    freed += stat.size;
  }
  return freed;
}

// All that is named in any log, damaged lines and copies kept by a repair included;
// undefined when there is one that cannot be looked into, or a link to nothing: a disk
// with logs may be absent. A log may be moved while the others are read: then it turns up
// where it was not before.
async function findUses(
  files: Files,
  codexHome: string,
): Promise<ReadonlySet<string> | undefined> {
  const uses = new Set<string>();
  const seen = new Set<string>();
  for (;;) {
    const paths = (await listLogFiles(files, codexHome))
      ?.filter((path) => !seen.has(path));
    if (paths === undefined) return undefined;
    if (paths.length === 0) return uses;
    for (const path of paths) {
      if (COMPRESSED.test(path)) return undefined;
      seen.add(path);
      await tolerant(() => addUses(files, path, uses));
      if (await isLinkToNothing(files, path)) return undefined;
    }
  }
}

async function addUses(
  files: Files,
  path: string,
  uses: Set<string>,
): Promise<void> {
  const decoder = new TextDecoder("latin1");
  let rest = "";
  for (let at = 0;;) {
    const chunk = await files.readRange(path, at, LIMITS.sessionChunkBytes);
    if (chunk.length === 0) return;
    const text = rest + decoder.decode(chunk);
    for (const [, hash = ""] of text.matchAll(USE)) uses.add(hash);
    // One that lies across two chunks.
    rest = text.slice(-USE_BYTES);
    at += chunk.length;
  }
}

async function listNames(files: Files, folder: string): Promise<string[]> {
  const names: string[] = [];
  await tolerant(async () => {
    for (const { name } of await files.list(folder)) names.push(name);
  });
  return names;
}

// What is not there any more was moved or removed by another process.
async function tolerant(run: () => Promise<unknown>): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (!isAbsent(error)) throw error;
  }
}
