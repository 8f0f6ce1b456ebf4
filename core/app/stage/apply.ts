/** Takes a patch over into a folder: all of it, by a confined process, or nothing. */
import type { LoadedConfig } from "../../config/load.ts";
import { reapChild } from "../../host/system/libc.ts";
import type { Sandbox } from "../../protocol/command.ts";
import { usageError } from "../../protocol/error.ts";
import type { Host } from "../../protocol/host.ts";
import { LIMITS } from "../../protocol/limits.ts";
import type { SandboxPolicy } from "../../protocol/policy.ts";
import type { Conflict } from "../../staging/patch/apply.ts";
import { parsePatch } from "../../staging/patch/parse.ts";
import { reversePatch } from "../../staging/patch/reverse.ts";
import { createSandbox } from "../../../sandbox/mod.ts";
import { type Planned, renderPlanned } from "../../../tools/patch/planned.ts";
import { programEnv } from "../hooks.ts";
import { readPlan } from "./plan_apply.ts";

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
  const { planned, conflicts } = await readPlan(host, root, groups);
  if (conflicts.length > 0) return { type: "conflicts", conflicts };
  const changed = planned.map(toChange);
  if (isCheck || planned.length === 0) {
    return { type: "applied", changed, notes: [] };
  }
  const written = await writeConfined(host, loaded, { ...request, planned });
  return written.problem === undefined
    ? { type: "applied", changed, notes: written.notes }
    : { type: "failed", message: written.problem };
}

function toChange(
  { path, before, after }: Planned,
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
    timeoutMs: LIMITS.stageWriteMs,
    signal: new AbortController().signal,
    stdin,
  });
  const { notes, exitCode } = result;
  if (exitCode === 0 && !result.timedOut) return { notes };
  const said = `${result.output.head}${result.output.tail}`.trim();
  return { problem: said === "" ? `it ended with ${exitCode}` : said, notes };
}
