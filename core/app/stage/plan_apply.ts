/** What a patch would do to a folder, found out by reading alone. */
import { usageError } from "../../protocol/error.ts";
import type { Host } from "../../protocol/host.ts";
import { LIMITS } from "../../protocol/limits.ts";
import {
  type Conflict,
  patchedPaths,
  type PatchEffect,
  planPatch,
  type Standing,
} from "../../staging/patch/apply.ts";
import type { PatchGroup } from "../../staging/patch/file_patch.ts";
import { TreeFiles, type TreeStat } from "../../staging/tree_files.ts";
import { PROTECTED_NAMES } from "../../../sandbox/plan/protected.ts";
import type { Planned } from "../../../tools/patch/planned.ts";

/** What is to be written below the folder, or where the patch does not fit. Throws UserError. */
export async function readPlan(
  host: Pick<Host, "files" | "noFollowFiles">,
  root: string,
  groups: readonly PatchGroup[],
): Promise<
  {
    readonly planned: readonly Planned[];
    readonly conflicts: readonly Conflict[];
  }
> {
  const paths = patchedPaths(groups);
  refuseProtected(paths);
  const looked = await readStanding(host, root, paths);
  const { effects, conflicts } = planPatch(groups, looked.standing);
  const planned = effects.map((effect) =>
    toPlanned(effect, root, looked.stats.get(effect.path))
  );
  return { planned, conflicts };
}

// What agents and git obey is the person's own to change.
function refuseProtected(paths: readonly string[]): void {
  const names: readonly string[] = PROTECTED_NAMES;
  const held = paths.find((path) =>
    path.split("/").some((part) => names.includes(part.toLowerCase()))
  );
  if (held === undefined) return;
  throw usageError(
    `Cannot apply the patch: it changes ${held}, which agents obey, must be changed by yourself (git apply --include=${
      JSON.stringify(held)
    } PATCH)`,
  );
}

interface Looked {
  readonly standing: ReadonlyMap<string, Standing>;
  readonly stats: ReadonlyMap<string, TreeStat>;
}

async function readStanding(
  host: Pick<Host, "files" | "noFollowFiles">,
  root: string,
  paths: readonly string[],
): Promise<Looked> {
  const tree = new TreeFiles(host);
  const standing = new Map<string, Standing>();
  const stats = new Map<string, TreeStat>();
  let room = LIMITS.patchTotalBytes;
  for (const path of paths) {
    const full = `${root}/${path}`;
    const stat = await tree.lstat(full);
    if (stat === undefined) {
      standing.set(path, "nothing");
      continue;
    }
    room -= stat.kind === undefined ? 0 : stat.size;
    if (room < 0) {
      throw usageError(
        `Cannot apply the patch: its files have more than ${LIMITS.patchTotalBytes} bytes, must have fewer`,
      );
    }
    stats.set(path, stat);
    const version = await tree.readVersion(full);
    standing.set(path, version ?? await kindOf(tree, full, stat));
  }
  return { standing, stats };
}

// Folders in which nothing is but folders are no more than a place.
async function kindOf(
  tree: TreeFiles,
  path: string,
  stat: TreeStat,
): Promise<Standing> {
  if (!stat.isDirectory) return "other";
  for (const name of await tree.list(path)) {
    const inner = await tree.lstat(`${path}/${name}`);
    const kind = inner?.isDirectory
      ? await kindOf(tree, `${path}/${name}`, inner)
      : "other";
    if (kind !== "nothing") return "folder";
  }
  return "nothing";
}

function toPlanned(
  { path, before, after }: PatchEffect,
  root: string,
  stat: TreeStat | undefined,
): Planned {
  const target = `${root}/${path}`;
  const isLink = after?.mode === "120000";
  const isProgram = after?.mode === "100755";
  const old = before !== undefined && before.mode !== "120000"
    ? stat?.mode
    : undefined;
  const mode = old === undefined || after === undefined || isLink
    ? undefined
    : isProgram
    ? old | ((old & 0o444) >> 2)
    : old & ~0o111;
  return {
    target,
    path,
    ...(before !== undefined && {
      before: { bytes: before.bytes, isLink: before.mode === "120000" },
    }),
    ...(after !== undefined && { after: after.bytes }),
    ...(mode !== undefined && { mode }),
    ...(isLink && { isLink }),
    ...(isProgram && { isProgram }),
  };
}
