/** A run in a copy of its folder: opened before the thread, read at its end, removed. */
import type { ExecStage } from "../../contract/stage.ts";
import { usageError } from "../../protocol/error.ts";
import type { Host } from "../../protocol/host.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { sweepStages } from "../../staging/places.ts";
import { openStage } from "../../staging/stage.ts";
import type { Stage } from "../../staging/stage_types.ts";
import { writableRoots } from "../../policy/writable.ts";
import { settingsOf } from "../agent.ts";
import type { Runtime } from "../runtime.ts";
import { firstFiles } from "./first_files.ts";
import { patchPath, writePatch } from "./patches.ts";
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
        ...viewStageChanges(settings.sandbox, paths),
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
    readStage: (threadId) =>
      readResult(host, stage, patchPath(codexHome, threadId)),
    remove: () => stage.remove(),
  };
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
