/** Protected names deeper in the roots: nested repositories, settings of subfolders. */
import type { Files } from "../../core/protocol/host.ts";
import { LIMITS } from "../../core/protocol/limits.ts";
import type { NamesBelow } from "../../core/util/folder/names.ts";
import { isInside } from "../../core/util/path.ts";
import type { EntryFact } from "./protected.ts";
import { closedGitFact, type GitFact, readGitFact } from "./git_facts.ts";

/** What was found below the roots, and is to be protected there. */
export interface DeepFacts {
  readonly entries: readonly EntryFact[];
  readonly repositories: readonly GitFact[];
  /** What was left out, in sentences. */
  readonly skipped: readonly string[];
}

interface DeepRequest {
  readonly files: Files;
  readonly below: NamesBelow;
  /** Entries at the top of the roots and above them. */
  readonly top: readonly EntryFact[];
  /** Whether the parts of a repository matter, and not the whole alone. */
  readonly withParts: boolean;
  readonly lookAt: (path: string) => Promise<EntryFact>;
}

export async function readDeep(request: DeepRequest): Promise<DeepFacts> {
  const { below, top, lookAt } = request;
  const isTop = new Set(top.map(({ path }) => path));
  const paths = below.named.filter((path) => !isTop.has(path));
  const kept = paths.slice(0, LIMITS.protectedDeep);
  const bare = below.marked.slice(0, LIMITS.protectedDeep);
  const found = await Promise.all(kept.map(lookAt));
  const entries = found.filter(({ kind }) => kind !== "absent");
  const folders = [...top, ...entries].filter(({ kind, path }) =>
    kind === "folder" && path.endsWith("/.git")
  );
  const pointers = entries.filter(({ path }) => path.endsWith("/.git"));
  const repositories = await Promise.all([
    ...pointers.map((entry) =>
      readRepository(
        {
          ...request,
          // What no mount holds is put back part by part.
          withParts: request.withParts ||
            entries.indexOf(entry) >= LIMITS.protectedMounts,
        },
        entry,
        folders,
      )
    ),
    ...bare.map(async (path) => ({
      ...await readGitFact(request.files, path, CLOSED),
      isBare: true,
    })),
  ]);
  const lost = paths.length - kept.length + below.marked.length - bare.length;
  return {
    entries,
    repositories: repositories.filter((fact) => fact !== undefined),
    skipped: [
      ...(lost > 0 ? [`${lost} nested repositories are not protected`] : []),
      ...(below.isCut
        ? [
          `protected names are looked for in the first ${LIMITS.protectedFolders} folders alone`,
        ]
        : []),
    ],
  };
}

// Commands may have made it, so its word opens nothing.
const CLOSED = { withModules: false, isWritable: () => true };

async function readRepository(
  { files, withParts }: DeepRequest,
  { path, kind, real }: EntryFact,
  owners: readonly EntryFact[],
): Promise<GitFact | undefined> {
  if (kind === "folder") {
    if (!withParts) return closedGitFact(path, [path]);
    const look = { withModules: true, isWritable: () => false };
    return await readGitFact(files, path, look);
  }
  // A link that leads nowhere holds nothing; the link itself is an entry.
  if (real === undefined) return undefined;
  const fact = await readGitFact(files, kind === "link" ? real : path, CLOSED);
  // What lies in another repository is held with that one.
  const isOwned = fact.folders.every((folder) =>
    owners.some((owner) => isInside(folder, owner.path))
  );
  return isOwned ? undefined : fact;
}
