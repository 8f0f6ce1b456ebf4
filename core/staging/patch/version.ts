/** What a patch in git's form knows of a file: its kind, its bytes, its id. Pure. */
import { getBuiltinModule } from "node:process";

/** Of git: a file, one that can be run, a link (its bytes are where it leads). */
export type FileMode = "100644" | "100755" | "120000";

export interface FileVersion {
  readonly mode: FileMode;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** A file before and after; absent where it is not there. */
export interface FileDifference {
  readonly path: string;
  /** Its name before, where it had another one. */
  readonly from?: string;
  /** Of a file that has been renamed: how much of it is the same, in percent. */
  readonly similarity?: number;
  readonly before?: FileVersion;
  readonly after?: FileVersion;
}

/** By which git names a content: gitformat-index(5). */
export type IdFormat = "sha1" | "sha256";

const BINARY_LOOK_BYTES = 8_000;

/** The id of a content in git. */
export function blobId(
  bytes: Uint8Array,
  format: IdFormat = "sha1",
): string {
  return getBuiltinModule("node:crypto").createHash(format)
    .update(`blob ${bytes.length}\0`).update(bytes).digest("hex");
}

/** The id that stands for no content. */
export function zeroId(format: IdFormat = "sha1"): string {
  return "0".repeat(format === "sha1" ? 40 : 64);
}

/** As git tells them apart: by a zero byte near the start. */
export function isBinary(bytes: Uint8Array): boolean {
  return bytes.subarray(0, BINARY_LOOK_BYTES).includes(0);
}

export function isSameVersion(
  left: FileVersion | undefined,
  right: FileVersion | undefined,
): boolean {
  if (left === undefined || right === undefined) return left === right;
  return left.mode === right.mode && isSameBytes(left.bytes, right.bytes);
}

export function isSameBytes(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false;
  for (let at = 0; at < left.length; at++) {
    if (left[at] !== right[at]) return false;
  }
  return true;
}
