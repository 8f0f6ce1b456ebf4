/** What a policy hides, keeps from changing, and lets be read, as it lies on the disk. */
import { errorCode } from "../../core/protocol/error.ts";
import type { Files } from "../../core/protocol/host.ts";
import type {
  ProfileParts,
  SandboxPolicy,
} from "../../core/protocol/policy.ts";
import { resolvePath } from "../../core/util/path.ts";
import { type HiddenFact, readHidden } from "./hidden.ts";
import { readPrivate } from "./private.ts";
import type { EntryFact } from "./protected.ts";

export interface ReadablePlace {
  /** As configured, absolute: it is found under this name. */
  readonly path: string;
  /** Without symbolic links. */
  readonly real: string;
  readonly isFolder: boolean;
}

/** What of the facts of a launch a permission profile asks for. */
export interface ProfileFacts {
  readonly hidden: readonly HiddenFact[];
  /** What is kept from changing in a writable folder. */
  readonly kept?: readonly EntryFact[];
  /** The only places that can be read; everything when absent. */
  readonly readable?: readonly ReadablePlace[];
}

export async function readProfile(
  { files, policy, workspace, codexHome, spool, program }: {
    readonly files: Files;
    readonly policy: SandboxPolicy;
    readonly workspace: string;
    readonly codexHome: string | undefined;
    readonly spool?: string;
    readonly program?: string;
  },
  lookAt: (path: string) => Promise<EntryFact>,
): Promise<ProfileFacts> {
  const parts: ProfileParts = "denyRead" in policy ? policy : { denyRead: [] };
  const { denyRead, readOnly = [], readable } = parts;
  const kept = await Promise.all(
    readOnly.map((path) => lookAt(resolvePath(workspace, path))),
  );
  const always = [spool, program].filter((path) => path !== undefined);
  return {
    kept,
    ...(readable !== undefined && {
      readable: await readPlaces(files, [...readable, ...always], workspace),
    }),
    hidden: [
      ...await readHidden(files, denyRead, workspace),
      ...await readPrivate(files, codexHome, spool),
    ],
  };
}

/** Those that exist, outer before inner. */
export async function readPlaces(
  files: Files,
  paths: readonly string[],
  workspace: string,
): Promise<readonly ReadablePlace[]> {
  const full = [...new Set(paths.map((path) => resolvePath(workspace, path)))];
  const found = await Promise.all(full.map((path) => readPlace(files, path)));
  return found.flat().sort((left, right) => left.path < right.path ? -1 : 1);
}

async function readPlace(
  files: Files,
  path: string,
): Promise<readonly ReadablePlace[]> {
  try {
    const real = await files.realPath(path);
    const stat = await files.stat(real);
    const isFolder = stat?.isDirectory ?? false;
    return stat === undefined ? [] : [{ path, real, isFolder }];
  } catch (error) {
    // What is not there, or not for the agent either, is not for its commands.
    const code = errorCode(error) ?? "";
    if (["ENOENT", "ENOTDIR", "EACCES", "EPERM"].includes(code)) return [];
    throw error;
  }
}
