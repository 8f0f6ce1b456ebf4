/** Which flag would have allowed what was refused. Pure. */
import type { Activity } from "../../protocol/event.ts";
import type { TurnSettings } from "../../protocol/settings.ts";
import { dirname, isInside } from "../../util/path.ts";

/**
 * `-s workspace-write allows it`; empty where no single flag does, or where a mode forbids
 * all changes.
 */
export function allowingFlag(
  activity: Activity,
  { sandbox, mode, cwd }: Pick<TurnSettings, "sandbox" | "mode" | "cwd">,
): string {
  if (mode !== undefined || sandbox.mode !== "read-only") return "";
  if (activity.type === "command") {
    return "-s workspace-write lets commands change files here";
  }
  if (activity.type !== "file_change") return "";
  const outside = activity.changes.map(({ path }) => path)
    .filter((path) => !isInside(path, cwd));
  const [first] = outside;
  if (first === undefined) return "-s workspace-write allows it";
  const folder = dirname(first);
  return outside.every((path) => isInside(path, folder))
    ? `-s workspace-write --add-dir ${folder} allows it`
    : "";
}
