/** What stands at a name of an open folder, with its content where it can be kept. */
import { errorCode, errorReason } from "../../../protocol/error.ts";
import { LIMITS } from "../../../protocol/limits.ts";
import type { Node, OpenFolder } from "../../../util/folder/open_folder.ts";
import { sha256Hex } from "../../../util/sha256.ts";
import type { FileState } from "../kept/plan.ts";

interface NodeState {
  readonly state: FileState;
  /** Of a file whose state is its content. */
  readonly bytes?: Uint8Array<ArrayBuffer>;
  /** Of what was read; another one when it may have changed. */
  readonly stamp: string;
}

// Times of the coarsest file systems, and of a kernel that counts ticks.
const COARSE_MS = 2_000;
const TICK_MS = 40;

/** Never throws: what cannot be read is noted as not kept, and why. */
export function stateOfNode(
  folder: OpenFolder,
  name: string,
  options: { readonly node: Node; readonly nowMs: number },
): NodeState {
  const { node } = options;
  const { kind, mode, stamp, special } = node;
  try {
    switch (kind) {
      case "folder":
        return { state: { kind, mode }, stamp };
      case "link":
        return { state: linkState(folder.linkTarget(name), stamp), stamp };
      case "file":
        return fileState(folder, name, options);
      default: {
        const reason = `it is ${special ?? "no regular file"}`;
        return { state: { kind: "unkept", reason, stamp }, stamp };
      }
    }
  } catch (error) {
    const code = errorCode(error);
    const reason = code === "EACCES" || code === "EPERM"
      ? "it may not be read"
      : errorReason(error);
    return { state: { kind: "unkept", reason, stamp }, stamp };
  }
}

function linkState(target: string, stamp: string): FileState {
  return target.includes("\uFFFD")
    ? { kind: "unkept", reason: "its target is not UTF-8", stamp }
    : { kind: "link", target };
}

function fileState(
  folder: OpenFolder,
  name: string,
  { node, nowMs }: { readonly node: Node; readonly nowMs: number },
): NodeState {
  let before = node;
  for (let tries = 0; tries < LIMITS.checkpointTries; tries++) {
    const { size, stamp } = before;
    if (size > LIMITS.checkpointFileBytes) {
      const reason = `it has ${size} bytes`;
      return { state: { kind: "unkept", reason, stamp }, stamp };
    }
    const { bytes, node: after } = folder.content(name);
    if (after.stamp === stamp && bytes.length === after.size) {
      const hash = sha256Hex(bytes);
      const { mode } = after;
      return {
        state: { kind: "file", hash, mode, bytes: bytes.length },
        bytes,
        stamp: isYoung(after, nowMs) ? `${stamp} young` : stamp,
      };
    }
    before = after;
  }
  const { stamp } = before;
  const reason = "it changed while it was read";
  return { state: { kind: "unkept", reason, stamp }, stamp };
}

// A later change within the same tick of the clock would have the same times.
function isYoung({ changedMs }: Node, nowMs: number): boolean {
  const isCoarse = changedMs % 1_000 === 0;
  return changedMs > nowMs - (isCoarse ? COARSE_MS : TICK_MS);
}

/** What is not kept of a file, with what tells it from another. */
export function unkept(
  reason: string,
  stamp: string,
): Pick<NodeState, "stamp" | "state"> {
  return { stamp, state: { kind: "unkept", reason, stamp } };
}
