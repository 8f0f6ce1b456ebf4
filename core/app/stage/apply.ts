/** Takes a patch over into a folder: all of it, by a confined process, or nothing. */
import type { LoadedConfig } from "../../config/load.ts";
import { reapChild } from "../../host/system/libc.ts";
import type { Sandbox } from "../../protocol/command.ts";
import { usageError } from "../../protocol/error.ts";
import type { Host } from "../../protocol/host.ts";
import { LIMITS } from "../../protocol/limits.ts";
import type { SandboxPolicy } from "../../protocol/policy.ts";
import {
  type Conflict,
  patchedPaths,
  type PatchEffect,
  planPatch,
  type Standing,
} from "../../staging/patch/apply.ts";
import { parsePatch } from "../../staging/patch/parse.ts";
import { reversePatch } from "../../staging/patch/reverse.ts";
import { TreeFiles, type TreeStat } from "../../staging/tree_files.ts";
import { createSandbox } from "../../../sandbox/mod.ts";
import { PROTECTED_NAMES } from "../../../sandbox/plan/protected.ts";
import { type Planned, renderPlanned } from "../../../tools/patch/planned.ts";
import { programEnv } from "../hooks.ts";

interface ApplyRequest {
  /** The folder that the patch's names begin at. Absolute, without links. */
  readonly root: string;
  readonly bytes: Uint8Array;
  /** Takes it back instead. */
  readonly isReverse?: boolean;
  /** Looks whether it fits, and changes nothing. */
  readonly isCheck?: boolean;
  /** Of the run; one of its own when absent. */
  readonly sandbox?: Sandbox;
}

export type Applied =
  | {
    readonly type: "applied";
    readonly changed: readonly {
      readonly path: string;
      readonly kind: "add" | "update" | "delete";
    }[];
    readonly notes: readonly string[];
  }
  /** Nothing was changed. */
  | { readonly type: "conflicts"; readonly conflicts: readonly Conflict[] }
  | { readonly type: "failed"; readonly message: string };

const POLICY: SandboxPolicy = {
  mode: "workspace-write",
  writableRoots: [],
  networkAccess: false,
  excludeTmpdirEnvVar: true,
  excludeSlashTmp: true,
  gitCommits: false,
  allowUnixSockets: false,
  denyRead: [],
};

/** Throws UserError for what is no patch, SandboxUnavailable where nothing can confine it. */
export async function applyPatch(
  host: Host,
  loaded: LoadedConfig,
  request: ApplyRequest,
): Promise<Applied> {
  const { root, bytes, isReverse, isCheck } = request;
  const parsed = parsePatch(bytes);
  const groups = isReverse ? reversePatch(parsed) : parsed;
  const paths = patchedPaths(groups);
  refuseProtected(paths);
  const looked = await readStanding(host, root, paths);
  const { effects, conflicts } = planPatch(groups, looked.standing);
  if (conflicts.length > 0) return { type: "conflicts", conflicts };
  const planned = effects.map((effect) =>
    toPlanned(effect, root, looked.stats.get(effect.path))
  );
  if (!isCheck && planned.length > 0) {
    const written = await writeConfined(host, loaded, { ...request, planned });
    if (written.problem !== undefined) {
      return { type: "failed", message: written.problem };
    }
    return { type: "applied", changed: effects.map(toChange), ...written };
  }
  return { type: "applied", changed: effects.map(toChange), notes: [] };
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
  host: Host,
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
    standing.set(path, version ?? (stat.isDirectory ? "folder" : "other"));
  }
  return { standing, stats };
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

function toChange(
  { path, before, after }: PatchEffect,
): { readonly path: string; readonly kind: "add" | "update" | "delete" } {
  const kind = before === undefined
    ? "add"
    : after === undefined
    ? "delete"
    : "update";
  return { path, kind };
}

async function writeConfined(
  host: Host,
  loaded: LoadedConfig,
  { root, planned, sandbox }: ApplyRequest & {
    readonly planned: readonly Planned[];
  },
): Promise<{ readonly problem?: string; readonly notes: readonly string[] }> {
  const { codexHome, config } = loaded;
  const mode = config.sandbox_mode;
  const stdin = renderPlanned(planned, "", { prune: root });
  if (stdin.length > LIMITS.patchPlannedBytes) {
    throw usageError(
      `Cannot apply the patch: it makes ${stdin.length} bytes, must be at most ${LIMITS.patchPlannedBytes}`,
    );
  }
  const confined = sandbox ?? createSandbox({ host, codexHome, reapChild });
  const result = await confined.run({
    argv: host.selfCommand(["apply-patch", "--planned"]),
    cwd: root,
    workspace: root,
    env: programEnv(host, config),
    policy: POLICY,
    // Who has none around the model needs none around themselves.
    sandboxed: mode !== "danger-full-access" && mode !== "external-sandbox",
    timeoutMs: LIMITS.commandTimeoutMs,
    signal: new AbortController().signal,
    stdin,
  });
  const { notes, exitCode } = result;
  if (exitCode === 0 && !result.timedOut) return { notes };
  const said = `${result.output.head}${result.output.tail}`.trim();
  return { problem: said === "" ? `it ended with ${exitCode}` : said, notes };
}
