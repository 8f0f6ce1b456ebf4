/** An index where it lies, with the file that has the rest of it. */
import type { NoFollowFiles } from "../../core/protocol/host.ts";
import { LIMITS } from "../../core/protocol/limits.ts";
import { basename, dirname } from "../../core/util/path.ts";
import { judgeIndex } from "./git_index.ts";

type IndexFiles = Pick<NoFollowFiles, "lstat" | "readRange">;

const SHA1_BYTES = 20;
const SHA256_BYTES = 32;
const IS_SHA256 = /^[^#;\n]*\bobjectformat\s*=\s*"?sha256/im;

/** Whether git would write nothing for it outside of the work tree, or into a repository. */
export async function isHarmlessIndex(
  files: IndexFiles,
  path: string,
): Promise<boolean> {
  const folder = dirname(path);
  const isWorktree = basename(dirname(folder)) === "worktrees";
  const repository = isWorktree ? dirname(dirname(folder)) : folder;
  const config = await read(files, `${repository}/config`);
  const isLong = IS_SHA256.test(new TextDecoder().decode(config));
  const hashBytes = isLong ? SHA256_BYTES : SHA1_BYTES;
  const bytes = await read(files, path);
  if (bytes === undefined) return false;
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

/** Undefined of what is no plain file, or too large. */
async function read(
  files: IndexFiles,
  path: string,
): Promise<Uint8Array | undefined> {
  const stat = await files.lstat(path);
  if (!stat?.isFile || stat.size > LIMITS.gitIndexBytes) return undefined;
  return await files.readRange(path, 0, stat.size);
}
