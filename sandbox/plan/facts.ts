/** What a launch must know of the disk, gathered freshly before each one. */
import { BUILD_CACHES } from "../../core/util/program/build_caches.ts";
import {
  errorCode,
  isAbsent,
  SandboxUnavailable,
} from "../../core/protocol/error.ts";
import type { Files, Host } from "../../core/protocol/host.ts";
import type { SandboxPolicy } from "../../core/protocol/policy.ts";
import {
  ancestors,
  basename,
  dirname,
  isAbsolute,
  isInside,
  resolvePath,
} from "../../core/util/path.ts";
import type { NamesBelow } from "../../core/util/folder/names.ts";
import { type DeepFacts, readDeep } from "./deep.ts";
import { type GitFact, readGitFact } from "./git_facts.ts";
import { type EntryFact, PROTECTED_NAMES } from "./protected.ts";
import type { HiddenFact } from "./hidden.ts";
import type { ShownPath } from "./shown.ts";
import { findPlanted } from "./roots.ts";
import { readPowerful } from "./sockets.ts";
import { type ProfileFacts, readProfile } from "./places.ts";

/** A folder that commands may write to. */
export interface RootFact {
  /** As configured. */
  readonly path: string;
  /** Without symbolic links. */
  readonly real: string;
  /** Temporary folders need no protected entries. */
  readonly kind: "workspace" | "configured" | "temporary";
  /** Owner, to notice folders that the sandbox's only user could not write. */
  readonly uid: number;
}

export interface LaunchFacts extends ProfileFacts {
  readonly cwd: string;
  readonly roots: readonly RootFact[];
  /** Roots left out, in sentences. */
  readonly skipped: readonly string[];
  /** `.git`, `.codex`, `.agents` and `.mcp.json` in and above the roots. */
  readonly entries: readonly EntryFact[];
  readonly repositories: readonly GitFact[];
  /** The same deeper in the roots. */
  readonly deep: DeepFacts;
  /** The agent's own state and program. */
  readonly own: readonly EntryFact[];
  /** Sockets that stay closed though others are open. */
  readonly closedSockets?: readonly HiddenFact[] | undefined;
  /** What is not hidden; looked for only where mounts cannot hide. */
  readonly shown?: readonly ShownPath[];
}

export interface FactsRequest {
  readonly host: Pick<Host, "files" | "env" | "homeDir" | "os" | "uid">;
  readonly policy: SandboxPolicy;
  readonly workspace: string;
  readonly cwd: string;
  readonly codexHome: string | undefined;
  /** Folder of the thread's whole outputs, which stays readable. */
  readonly spool?: string;
  /** CODEX_HOME, the agent's executable, and what else must never be writable. */
  readonly ownPaths: readonly string[];
  /** The agent's executable, by which patches are written inside the sandbox. */
  readonly program?: string;
  /** Made by commands that run now: there, and yet to be seen as absent. */
  readonly isPlanted: (path: string) => boolean;
  /** Protected names deeper in these folders; nothing is looked for when absent. */
  readonly findBelow?: (tops: readonly string[]) => NamesBelow;
  /** Whether submodules matter: they may be committed to, or no mount protects them. */
  readonly withModules: boolean;
}

const NOTHING: DeepFacts = { entries: [], repositories: [], skipped: [] };

/** Looks at everything the plan depends on. Throws when a root has been redirected. */
export async function readLaunchFacts(
  request: FactsRequest,
): Promise<LaunchFacts> {
  const { host, policy } = request;
  const { files } = host;
  const skipped: string[] = [];
  const cwd = await files.realPath(request.cwd);
  const profile = await readProfile(
    { ...request, files },
    (path) => lookAt(files, path),
  );
  if (policy.mode !== "workspace-write") {
    return {
      cwd,
      roots: [],
      skipped,
      entries: [],
      repositories: [],
      deep: NOTHING,
      own: [],
      ...profile,
    };
  }
  const roots = await readRoots(request, policy, skipped);
  const [entries, own] = await Promise.all([
    readEntries(request, roots),
    Promise.all(request.ownPaths.map((path) => lookAtFirst(files, path))),
  ]);
  const deep = await readBelow(request, roots, entries);
  // A repository in a root is protected there: only what is not one of those is open.
  const ownGit = entries.filter(({ path, kind }) =>
    kind === "folder" && path.endsWith("/.git")
  );
  const isWritable = (path: string): boolean =>
    roots.some(({ real }) => isInside(path, real)) &&
    !ownGit.some((entry) => isInside(path, entry.path));
  const repositories = await Promise.all(
    entries.filter(({ path, kind }) =>
      path.endsWith("/.git") && kind !== "absent"
    ).map(({ path, kind, real }) =>
      readGitFact(
        files,
        kind === "link" ? real ?? path : path,
        {
          withModules: request.withModules,
          // Seatbelt looks at nothing afterwards.
          opensMore: policy.gitCommits && host.os !== "darwin",
          // A link is as easily made as a pointer file, and nothing points back to it.
          isWritable: kind === "link" ? () => true : isWritable,
        },
      )
    ),
  );
  return {
    cwd,
    roots,
    skipped,
    entries,
    repositories,
    deep,
    own,
    closedSockets: await readPowerful(host, policy),
    ...profile,
  };
}

async function readBelow(
  { host: { files }, findBelow, withModules }: FactsRequest,
  roots: readonly RootFact[],
  top: readonly EntryFact[],
): Promise<DeepFacts> {
  if (findBelow === undefined) return NOTHING;
  const tops = roots.filter(({ kind, real }) =>
    kind !== "temporary" && !/^\/(proc|sys)(\/|$)/.test(real)
  ).map(({ real }) => real);
  return await readDeep({
    files,
    below: findBelow(tops),
    top,
    withParts: withModules,
    lookAt: (path) => lookAt(files, path),
  });
}

async function readRoots(
  { host, workspace }: FactsRequest,
  policy: Extract<SandboxPolicy, { mode: "workspace-write" }>,
  skipped: string[],
): Promise<RootFact[]> {
  const { files } = host;
  const real = await files.realPath(workspace);
  const home = host.homeDir();
  const wanted: [string, RootFact["kind"]][] = [
    ...(policy.excludeWorkspace
      ? []
      : [[workspace, "workspace"] as [string, RootFact["kind"]]]),
    ...policy.writableRoots.map((path): [string, RootFact["kind"]] => [
      path,
      "configured",
    ]),
  ];
  if (!policy.excludeSlashTmp && host.os !== "windows") {
    wanted.push(["/tmp", "temporary"]);
  }
  const tmpDir = host.env("TMPDIR") ?? "";
  if (!policy.excludeTmpdirEnvVar && tmpDir !== "") {
    if (isUsableTmpDir(tmpDir, real, home)) wanted.push([tmpDir, "temporary"]);
    else skipped.push(`TMPDIR (${tmpDir}) is not used: it is too wide`);
  }
  const found = new Map<string, RootFact>();
  for (const [path, kind] of wanted) {
    const root = await readRoot(files, path, kind);
    if (root === undefined) skipped.push(`${path} is not a folder here`);
    else if (!found.has(root.real)) found.set(root.real, root);
  }
  const caches = policy.buildCaches && home !== undefined ? BUILD_CACHES : [];
  for (const { folder } of caches) {
    // Not searched for protected names, as a temporary folder: there is too much in it.
    const root = await readRoot(files, `${home}/${folder}`, "temporary");
    if (root !== undefined && !found.has(root.real)) found.set(root.real, root);
  }
  const roots = [...found.values()];
  const planted = await findPlanted(files, roots);
  skipped.push(
    ...planted.map(({ path, real }) =>
      `${path} is not writable: commands can change its name, and it leads to ${real}, which must be named itself`
    ),
  );
  return roots.filter((root) => !planted.includes(root));
}

// A TMPDIR that holds the workspace or the home folder would open all around it.
function isUsableTmpDir(
  path: string,
  workspace: string,
  home: string | undefined,
): boolean {
  const full = resolvePath("/", path);
  if (!isAbsolute(path) || full === "/" || full === home) return false;
  return full === "/tmp" || !isInside(workspace, full);
}

async function readRoot(
  files: Files,
  path: string,
  kind: RootFact["kind"],
): Promise<RootFact | undefined> {
  try {
    const real = await files.realPath(path);
    const stat = await files.stat(real);
    // A root that leads to the top (through a link) would open everything.
    if (stat === undefined || !stat.isDirectory || real === "/") {
      return undefined;
    }
    return { path: resolvePath("/", path), real, kind, uid: stat.uid };
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw new SandboxUnavailable(
      `Cannot look at writable root ${path}: ${errorCode(error) ?? error}`,
    );
  }
}

// Also above the workspace: an outer repository whose hooks would run, an outer
// configuration that would be obeyed.
async function readEntries(
  { host, isPlanted }: FactsRequest,
  roots: readonly RootFact[],
): Promise<EntryFact[]> {
  const own = roots.filter(({ kind }) => kind !== "temporary");
  const inside = own.map(({ real }) => real);
  // The folders above `path` that lie strictly inside some other root.
  const above = own.flatMap(({ real }) =>
    ancestors(dirname(real)).filter((at) =>
      at !== "/" && roots.some(({ real }) => real !== at && isInside(at, real))
    )
  );
  const paths = [...new Set([...inside, ...above])].flatMap((path) =>
    PROTECTED_NAMES.map((name) => `${path}/${name}`)
  );
  return await Promise.all(
    paths.map((path) =>
      isPlanted(path)
        ? { path, kind: "absent" as const }
        : lookAt(host.files, path)
    ),
  );
}

async function lookAt(files: Files, path: string): Promise<EntryFact> {
  const stat = await files.lstat(path);
  if (stat === undefined) return { path, kind: "absent" };
  const real = await files.realPath(path).catch(() => undefined);
  const kind = stat.isSymlink ? "link" : stat.isDirectory ? "folder" : "file";
  return { path, kind, ...(real === undefined ? {} : { real }) };
}

// Of a path that does not exist the first missing part: it could be made, and all below.
async function lookAtFirst(files: Files, path: string): Promise<EntryFact> {
  const entry = await lookAt(files, path);
  const parent = dirname(path);
  if (entry.kind !== "absent" || parent === "/") return entry;
  const above = await lookAtFirst(files, parent);
  if (above.kind === "absent") return above;
  return { path: `${above.real ?? parent}/${basename(path)}`, kind: "absent" };
}
