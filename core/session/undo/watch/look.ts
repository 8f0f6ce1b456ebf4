/** What stands at a path now, reached through no link. */
import { errorCode, isAbsent } from "../../../protocol/error.ts";
import type { Host } from "../../../protocol/host.ts";
import { basename, dirname } from "../../../util/path.ts";
import { stateOfNode } from "./node_state.ts";
import type { FileState } from "../kept/plan.ts";

type LookHost = Required<Pick<Host, "openFolder">> & Pick<Host, "now">;

/** Behind a link in the place of a folder there is nothing that was. */
export function lookAt(host: LookHost, path: string): FileState {
  try {
    const folder = host.openFolder(dirname(path));
    try {
      const node = folder.look(basename(path));
      if (node === undefined) return { kind: "absent" };
      const nowMs = host.now().getTime();
      return stateOfNode(folder, basename(path), { node, nowMs }).state;
    } finally {
      folder.close();
    }
  } catch (error) {
    if (isAbsent(error) || errorCode(error) === "ELOOP") {
      return { kind: "absent" };
    }
    return { kind: "unkept", reason: "it may not be read" };
  }
}

/** The names in a folder; none where it cannot be looked into. */
export function namesIn(host: LookHost, path: string): readonly string[] {
  try {
    const folder = host.openFolder(path);
    try {
      return folder.names();
    } finally {
      folder.close();
    }
  } catch {
    return [];
  }
}
