/** An index where it lies, with the file that has the rest of it. */
import type { NoFollowFiles } from "../../core/protocol/host.ts";
import { LIMITS } from "../../core/protocol/limits.ts";
import { basename, dirname } from "../../core/util/path.ts";
import { judgeIndex } from "./git_index.ts";

type IndexFiles = Pick<NoFollowFiles, "lstat" | "readRange">;

const HASH_BYTES: Readonly<Record<string, number>> = { sha1: 20, sha256: 32 };
// git-config(1), "extensions.objectFormat": as git writes it, and wherever it may be read.
const KIND =
  /^\[extensions\]\r?\n(?:[^[\n]*[^[\\\n]\n)*?[ \t]*objectformat *= *(sha1|sha256)$/im;
const HASH_KEY = /^[^#;\n]*\bobjectformat\s*(?:=|$)/gim;

/** Whether git would write nothing for it outside of the work tree, or into a repository. */
export async function isHarmlessIndex(
  files: IndexFiles,
  path: string,
): Promise<boolean> {
  const folder = dirname(path);
  const isWorktree = basename(dirname(folder)) === "worktrees";
  const repository = isWorktree ? dirname(dirname(folder)) : folder;
  const config = await read(files, `${repository}/config`);
  const hashBytes = hashBytesIn(new TextDecoder().decode(config));
  const bytes = await read(files, path);
  if (bytes === undefined || hashBytes === undefined) return false;
  const { isHarmless, shared } = judgeIndex(bytes, hashBytes);
  if (!isHarmless || shared === undefined) return isHarmless;
  for (const place of new Set([folder, repository])) {
    if (await files.lstat(`${place}/${shared}`) === undefined) continue;
    const rest = await read(files, `${place}/${shared}`);
    if (rest === undefined) return false;
    if (!judgeIndex(rest, hashBytes).isHarmless) return false;
  }
  return true;
}

/** Undefined when git may read it in another way: an index is another one then. */
function hashBytesIn(config: string): number | undefined {
  const said = config.match(HASH_KEY)?.length ?? 0;
  if (said === 0) return HASH_BYTES["sha1"];
  const kind = said === 1 ? KIND.exec(config)?.[1] : undefined;
  return kind === undefined ? undefined : HASH_BYTES[kind.toLowerCase()];
}

/** Undefined of what is no plain file, or too large. */
async function read(
  files: IndexFiles,
  path: string,
): Promise<Uint8Array | undefined> {
  const stat = await files.lstat(path);
  if (!stat?.isFile || stat.size > LIMITS.gitIndexBytes) return undefined;
  return await files.readRange(path, 0, stat.size);
}
