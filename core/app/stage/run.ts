/** A run in a copy of its folder: opened before the thread, read at its end, removed. */
import type { CommandLine } from "../../contract/command_line.ts";
import type { ExecStage } from "../../contract/stage.ts";
import { errorText, usageError } from "../../protocol/error.ts";
import type { Host } from "../../protocol/host.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { PROGRAM } from "../../protocol/version.ts";
import { parseLogName } from "../../session/log/files.ts";
import { stagePatchPath } from "../../staging/kept.ts";
import { sweepStages } from "../../staging/places.ts";
import { openStage } from "../../staging/stage.ts";
import type { Stage } from "../../staging/stage_types.ts";
import { writableRoots } from "../../policy/writable.ts";
import { settingsOf } from "../agent.ts";
import { sessionPath } from "../open_thread.ts";
import type { Runtime } from "../runtime.ts";
import { applyPatch } from "./apply.ts";
import { firstFiles } from "./first_files.ts";
import { readOpenPatch, writePatch } from "./patches.ts";
import {
  planStagePolicy,
  type StagePaths,
  viewStageChanges,
} from "./policy.ts";

export interface StagedRun {
  /** The same run, in the copy. */
  readonly runtime: Runtime;
  /** Keeps the patch of what was done so far, and tells of it. */
  readonly readStage: (threadId: string) => Promise<ExecStage>;
  readonly remove: () => Promise<void>;
}

/** Makes the copy. Throws UserError. */
export async function openStagedRun(
  host: Host,
  runtime: Runtime,
  commandLine: CommandLine,
): Promise<StagedRun> {
  const { loaded, sandbox } = runtime;
  const { codexHome, cwd } = loaded;
  if (codexHome === undefined) {
    throw usageError(
      "Cannot stage: there is no home folder to keep a patch in",
    );
  }
  await sweepStages(host, { codexHome });
  const settings = settingsOf(runtime);
  const writable = writableRoots(settings.sandbox, {
    workspace: cwd,
    tmpDir: host.env("TMPDIR"),
  });
  const stage = await openStage(host, {
    root: cwd,
    kind: "auto",
    place: { codexHome },
    readable: sandbox.readable(settings.sandbox, cwd),
    writable: writable === "everything" ? [] : writable,
  });
  try {
    await resumePatch(host, runtime, { stage, commandLine, codexHome });
  } catch (error) {
    await stage.remove();
    throw error;
  }
  const paths = { ...toPaths(stage), cwd };
  const temporary = {
    slashTmp: await realOrSame(host, "/tmp"),
    tmpDir: await realOrSame(host, host.env("TMPDIR")),
  };
  return {
    runtime: {
      ...runtime,
      warnings: [
        ...runtime.warnings,
        ...viewStageChanges(settings.sandbox, paths, temporary),
        ...(runtime.mcp === undefined ? [] : [
          `MCP servers work in ${cwd} and are not confined: what they change there is not staged`,
        ]),
        ...tellLeftOut(stage),
      ],
      stage: {
        settingsIn: (one) => ({
          ...one,
          cwd: stage.cwd,
          sandbox: planStagePolicy(one.sandbox, paths, temporary),
        }),
        firstFiles: (files) => firstFiles(files, paths),
      },
    },
    ...keepResult(host, stage, codexHome),
  };
}

// Where the patch cannot be kept, the tree is all that is left of the work.
function keepResult(
  host: Host,
  stage: Stage,
  codexHome: string,
): Pick<StagedRun, "readStage" | "remove"> {
  let isLost = false;
  return {
    readStage: async (threadId) => {
      try {
        const path = stagePatchPath(codexHome, threadId);
        const result = await readResult(host, stage, path);
        isLost = false;
        return result;
      } catch (error) {
        isLost = true;
        const why = errorText(error);
        throw usageError(
          `${why}; what was done is left in ${stage.path}, which is yours to remove`,
        );
      }
    },
    remove: () => isLost ? stage.leave() : stage.remove(),
  };
}

// What the session has done so far and nobody has taken over is part of what it goes on from.
async function resumePatch(
  host: Host,
  runtime: Runtime,
  { stage, commandLine, codexHome }: {
    readonly stage: Stage;
    readonly commandLine: CommandLine;
    readonly codexHome: string;
  },
): Promise<void> {
  const { command } = commandLine;
  if (command !== "exec resume" && command !== "exec fork") return;
  const id = parseLogName(await sessionPath(runtime, commandLine))?.id ?? "";
  const bytes = await readOpenPatch(host, stagePatchPath(codexHome, id));
  if (bytes === undefined) return;
  const { loaded, sandbox } = runtime;
  const root = stage.path;
  const applied = await applyPatch(host, loaded, { root, bytes, sandbox });
  if (applied.type === "applied") return;
  const why = applied.type === "failed"
    ? applied.message
    : applied.conflicts.map(({ path, reason }) => `${path} ${reason}`)
      .join(", ");
  throw usageError(
    `Cannot go on in a stage: the patch of the session does not fit the folder as it is now (${why}), must fit or be applied (${PROGRAM} apply ${id})`,
  );
}

function toPaths(
  { path, source, repository }: Stage,
): Omit<StagePaths, "cwd"> {
  return { path, source, repository };
}

async function realOrSame<T extends string | undefined>(
  { files }: Pick<Host, "files">,
  path: T,
): Promise<T | string> {
  if (path === undefined || path === "") return path;
  return await files.realPath(path).catch(() => path);
}

function tellLeftOut({ leftOut }: Stage): readonly string[] {
  const more = leftOut.length - LIMITS.stageNamed;
  return [
    ...leftOut.slice(0, LIMITS.stageNamed)
      .map((text) => `Not in the stage: ${text}`),
    ...(more > 0 ? [`Not in the stage: ${more} more files`] : []),
  ];
}

async function readResult(
  host: Host,
  stage: Stage,
  path: string,
): Promise<ExecStage> {
  const patch = await stage.readPatch();
  return {
    patch: await writePatch(host, path, patch.bytes),
    files: patch.files.map((file) => ({ ...file })),
    insertions: patch.insertions,
    deletions: patch.deletions,
    left_out: [...patch.leftOut],
  };
}
