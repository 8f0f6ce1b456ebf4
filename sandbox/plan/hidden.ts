/** Expands deny_read: which files and folders on the disk a command must not read. */
import {
  configError,
  errorCode,
  isAbsent,
  type UserError,
} from "../../core/protocol/error.ts";
import type { Files } from "../../core/protocol/host.ts";
import { LIMITS } from "../../core/protocol/limits.ts";
import { matchesPath, spellings } from "../../core/util/glob.ts";
import { dirname, isInside, resolvePath } from "../../core/util/path.ts";

export interface HiddenFact {
  /** Without symbolic links. */
  readonly path: string;
  readonly kind: "folder" | "file";
  /** The program's own, hidden without being asked. */
  readonly isPrivate?: boolean;
  /** Paths below it that are not hidden, without symbolic links. */
  readonly shown?: readonly string[];
}

const WILD = /[*?[]/;

/** Whether a path without links is one of them, or lies in one. */
export function isHiddenBy(
  facts: readonly HiddenFact[],
  path: string,
): boolean {
  return facts.some((fact) =>
    isInside(path, fact.path) &&
    !fact.shown?.some((shown) => isInside(path, shown))
  );
}

/** Everything that matches now, or is called like a pattern; what is made later under a matching name is not hidden. */
export async function readHidden(
  files: Files,
  patterns: readonly string[],
  workspace: string,
): Promise<readonly HiddenFact[]> {
  const found = new Map<string, HiddenFact>();
  for (const pattern of patterns) {
    const full = resolvePath(workspace, pattern);
    const paths = [full];
    for (const glob of spellings(full)) {
      paths.push(...await findMatches(files, glob, pattern));
    }
    for (const path of paths) {
      const fact = await resolveHidden(files, path);
      if (fact !== undefined) found.set(fact.path, fact);
    }
    if (found.size > LIMITS.denyReadMatches) {
      throw tooMany(pattern, `${LIMITS.denyReadMatches} matches`);
    }
  }
  return [...found.values()];
}

async function findMatches(
  files: Files,
  glob: string,
  pattern: string,
): Promise<string[]> {
  const wild = glob.search(WILD);
  if (wild < 0) return [glob];
  const matches: string[] = [];
  const open = [dirname(glob.slice(0, wild) + "x")];
  let seen = 0;
  for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
    for (const entry of await listReadable(files, folder)) {
      if (++seen > LIMITS.denyReadEntries) {
        throw tooMany(pattern, `${LIMITS.denyReadEntries} files to look at`);
      }
      const path = folder === "/"
        ? `/${entry.name}`
        : `${folder}/${entry.name}`;
      if (matchesPath(glob, path)) matches.push(path);
      else if (entry.isDirectory && path !== "/proc") open.push(path);
    }
  }
  return matches;
}

async function listReadable(
  files: Files,
  folder: string,
): ReturnType<Files["list"]> {
  try {
    return await files.list(folder);
  } catch (error) {
    // What the agent itself cannot list, its commands cannot list either.
    const code = errorCode(error);
    if (isAbsent(error) || code === "EACCES" || code === "EPERM") return [];
    throw error;
  }
}

/** Undefined when nothing is there. */
export async function resolveHidden(
  files: Files,
  path: string,
): Promise<HiddenFact | undefined> {
  const stat = await files.stat(path);
  if (stat === undefined) return undefined;
  return {
    path: await files.realPath(path),
    kind: stat.isDirectory ? "folder" : "file",
  };
}

function tooMany(pattern: string, what: string): UserError {
  return configError(
    `Cannot expand ${
      JSON.stringify(pattern)
    } of deny_read: more than ${what}, must be narrower`,
  );
}
