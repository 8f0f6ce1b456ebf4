/** What holds in a copy of a folder: the rights of the real one, and none to change that. Pure. */
import { unreachable } from "../../util/assert.ts";
import { isInside, resolvePath } from "../../util/path.ts";
import type { ProfileParts, SandboxPolicy } from "../../protocol/policy.ts";

/** Where the copy is and what it is a copy of. */
export interface StagePaths {
  /** The copy. */
  readonly path: string;
  /** The real folder. */
  readonly source: string;
  /** Where the run would be without a copy: relative paths of a policy are meant from there. */
  readonly cwd: string;
  /** The repository's own folder. */
  readonly repository?: string | undefined;
}

interface TemporaryFolders {
  /** With links resolved; the first is `/tmp`. */
  readonly slashTmp: string;
  readonly tmpDir?: string | undefined;
}

/** The same policy for the copy. The real folder is in no writable one. */
export function planStagePolicy(
  policy: SandboxPolicy,
  paths: StagePaths,
  temporary: TemporaryFolders,
): SandboxPolicy {
  switch (policy.mode) {
    case "danger-full-access":
    case "external-sandbox":
      return policy;
    case "read-only":
      return { ...policy, ...planParts(policy, paths) };
    case "workspace-write": {
      const { slashTmp, tmpDir } = temporary;
      return {
        ...policy,
        ...planParts(policy, paths),
        writableRoots: policy.writableRoots
          .map((root) => moved(resolvePath(paths.cwd, root), paths))
          .filter((root) => !holdsSource(root, paths)),
        excludeSlashTmp: policy.excludeSlashTmp || holdsSource(slashTmp, paths),
        excludeTmpdirEnvVar: policy.excludeTmpdirEnvVar ||
          (tmpDir !== undefined && holdsSource(tmpDir, paths)),
        // Its repository is the person's.
        gitCommits: false,
      };
    }
    default:
      return unreachable(policy);
  }
}

/** What of the policy does not hold in the copy, or cannot be held there, in sentences. */
export function viewStageChanges(
  policy: SandboxPolicy,
  paths: StagePaths,
  { slashTmp, tmpDir }: TemporaryFolders,
): readonly string[] {
  if (
    policy.mode === "danger-full-access" || policy.mode === "external-sandbox"
  ) {
    return [
      `Commands are not confined (${policy.mode}): they may leave the stage and change ${paths.source}`,
    ];
  }
  if (policy.mode !== "workspace-write") return [];
  const temporary = [
    ...(policy.excludeSlashTmp ? [] : [slashTmp]),
    ...(policy.excludeTmpdirEnvVar || !tmpDir ? [] : [tmpDir]),
  ];
  const roots = policy.writableRoots
    .map((root) => moved(resolvePath(paths.cwd, root), paths));
  const shut = [...new Set([...roots, ...temporary])]
    .filter((root) => holdsSource(root, paths))
    .map((root) =>
      `The folder ${root} is not writable in a staged run: ${paths.source} lies in it`
    );
  const commits = policy.gitCommits
    ? ["Commands cannot commit in a staged run: the repository is the real one"]
    : [];
  return [...shut, ...commits];
}

/** The place of a real path in the copy. */
function moved(
  path: string,
  { path: copy, source }: Pick<StagePaths, "path" | "source">,
): string {
  return isInside(path, source)
    ? resolvePath("/", `${copy}${path.slice(source.length)}`)
    : path;
}

function planParts(
  { denyRead, readable, readOnly = [] }: ProfileParts,
  paths: StagePaths,
): Pick<ProfileParts, "denyRead" | "readable" | "readOnly"> {
  const both = (list: readonly string[]): readonly string[] => [
    ...new Set(list.flatMap((path) => {
      const full = resolvePath(paths.cwd, path);
      return [full, moved(full, paths)];
    })),
  ];
  const { source, repository } = paths;
  return {
    denyRead: both(denyRead),
    ...(readable !== undefined && { readable: both(readable) }),
    readOnly: [
      ...both(readOnly),
      source,
      ...(repository === undefined ? [] : [repository]),
    ],
  };
}

function holdsSource(root: string, { source }: StagePaths): boolean {
  return isInside(source, root);
}
