/** What stands at a path now, with the content where it can be kept. */
import { errorCode } from "../../protocol/error.ts";
import type { Files } from "../../protocol/host.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { sha256Hex } from "../../util/sha256.ts";
import type { FileState } from "./kept/plan.ts";

interface FoundState {
  readonly state: FileState;
  /** Of a file that is not too large. */
  readonly content?: Uint8Array;
}

/** What may not be read is noted as such, and not kept. */
export async function readState(
  files: Files,
  path: string,
): Promise<FoundState> {
  try {
    return await readOpen(files, path);
  } catch (error) {
    if (errorCode(error) !== "EACCES") throw error;
    return { state: { kind: "unkept", reason: "it may not be read" } };
  }
}

async function readOpen(files: Files, path: string): Promise<FoundState> {
  const stat = await files.lstat(path);
  if (stat === undefined) return { state: { kind: "absent" } };
  if (stat.isSymlink) {
    return { state: { kind: "link", target: await files.readLink(path) } };
  }
  if (stat.isDirectory) return { state: { kind: "folder", mode: stat.mode } };
  if (!stat.isFile) {
    return { state: { kind: "unkept", reason: "not a regular file" } };
  }
  if (stat.size > LIMITS.checkpointFileBytes) {
    const reason = `it has ${stat.size} bytes`;
    return { state: { kind: "unkept", reason } };
  }
  const content = await files.readBytes(path);
  const { mode } = stat;
  const hash = sha256Hex(content);
  const bytes = content.length;
  return { state: { kind: "file", hash, mode, bytes }, content };
}
