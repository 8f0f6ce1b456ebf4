/** Where stages are: notes and first contents among the agent's own files, the tree outside of them. */
import * as z from "zod/mini";
import { isAbsent, usageError } from "../protocol/error.ts";
import type { Host } from "../protocol/host.ts";
import { LIMITS } from "../protocol/limits.ts";
import { parseJson } from "../util/json/json.ts";
import {
  basename,
  dirname,
  isAbsolute,
  isInside,
  resolvePath,
} from "../util/path.ts";
import {
  type ProcessIdentity,
  readIdentity,
  readLife,
} from "../util/program/process_identity.ts";

/** Where the stages of a person are kept. */
export interface StagePlace {
  readonly codexHome: string;
  /** Folder of the trees, outside of CODEX_HOME; the cache folder of the person unless given. */
  readonly trees?: string;
}

/** One stage on the disk. */
export interface StageFolders {
  readonly id: string;
  /** Its note, for who comes after a process that was killed. */
  readonly note: string;
  /** What commands have no business with: first contents, the view of the repository. */
  readonly own: string;
  /** Above the tree. */
  readonly above: string;
  /** The tree that is worked in; its name is that of the folder it stands for. */
  readonly tree: string;
}

const Note = z.object({
  above: z.string(),
  /** The `.git` of a tree that is or will be known to a repository, and that one's folder. */
  worktree: z.optional(z.object({ pointer: z.string(), common: z.string() })),
  owner: z.object({
    pid: z.number(),
    processStart: z.string(),
    machine: z.string(),
    boot: z.string(),
    pidSpace: z.string(),
  }),
});
type StageNote = Readonly<z.infer<typeof Note>>;

function notesFolder(codexHome: string): string {
  return `${codexHome}/stages`;
}

/** Makes the folders of a new stage; its note says from the start that they are there. */
export async function makeFolders(
  host: Host,
  place: StagePlace,
  root: string,
): Promise<
  { readonly folders: StageFolders; readonly owner: ProcessIdentity }
> {
  const { files } = host;
  const id = host.newId();
  const notes = notesFolder(place.codexHome);
  const above = `${await readTreesFolder(host, place, root)}/${id}`;
  const folders = {
    id,
    note: `${notes}/${id}.json`,
    own: `${notes}/${id}`,
    above,
    tree: `${above}/${basename(root) || "root"}`,
  };
  const owner = await readIdentity(host);
  await files.mkdir(notes, { mode: 0o700 });
  await writeNote(host, folders, { above, owner });
  await files.mkdir(folders.own, { mode: 0o700 });
  await files.mkdir(above, { mode: 0o700 });
  // As its repository and the sandbox name it: through no link.
  const real = await files.realPath(above);
  return {
    owner,
    folders: {
      ...folders,
      above: real,
      tree: `${real}/${basename(folders.tree)}`,
    },
  };
}

export async function writeNote(
  { files }: Pick<Host, "files">,
  { note }: Pick<StageFolders, "note">,
  value: StageNote,
): Promise<void> {
  // Whole at every moment: by half a note nobody would find the stage.
  const aside = `${note}.part`;
  await files.write(aside, `${JSON.stringify(value)}\n`, { mode: 0o600 });
  await files.rename(aside, note);
}

/** Takes a stage away, whatever is left of it: first what it holds, last its note. */
export async function removeFolders(
  { files }: Pick<Host, "files">,
  { note, own }: Pick<StageFolders, "note" | "own">,
): Promise<void> {
  const found = await readNote({ files }, note);
  if (found === undefined) return;
  const { above, worktree } = found;
  const known = worktree && await findWorktree({ files }, worktree);
  const gone = [above, ...(known === undefined ? [] : [known]), own, note];
  for (const path of gone) await removeTree({ files }, path);
  // Git leaves it where it has none any more (git-worktree(1)); so do we not.
  if (known !== undefined) await files.remove(dirname(known)).catch(() => {});
}

/** Leaves the tree to the person: nobody who comes after takes it away. */
export async function leaveTree(
  { files }: Pick<Host, "files">,
  { note, own }: Pick<StageFolders, "note" | "own">,
): Promise<void> {
  await files.remove(note);
  await removeTree({ files }, own);
}

async function removeTree(
  { files }: Pick<Host, "files">,
  path: string,
): Promise<void> {
  try {
    await files.remove(path, { recursive: true });
  } catch (error) {
    if (isAbsent(error)) return;
    // Commands may have closed folders of theirs.
    await openFolders({ files }, path);
    await files.remove(path, { recursive: true });
  }
}

async function openFolders(
  { files }: Pick<Host, "files">,
  folder: string,
): Promise<void> {
  if (!(await files.lstat(folder))?.isDirectory) return;
  await files.chmod(folder, 0o700);
  for (const { name, isDirectory } of await files.list(folder)) {
    if (isDirectory) await openFolders({ files }, `${folder}/${name}`);
  }
}

async function readNote(
  { files }: Pick<Host, "files">,
  path: string,
): Promise<StageNote | undefined> {
  const text = await files.readText(path).catch(() => "");
  return Note.safeParse(parseJson(text)).data;
}

/**
 * Removes what processes that are gone have left behind; the ids of these stages. What cannot
 * be removed now stays for the next time.
 */
export async function sweepStages(
  host: Host,
  { codexHome }: Pick<StagePlace, "codexHome">,
): Promise<readonly string[]> {
  const { files } = host;
  const notes = notesFolder(codexHome);
  const entries = await files.list(notes).catch(() => []);
  const swept: string[] = [];
  for (const { name } of entries.filter(({ isFile }) => isFile)) {
    const id = /^(.+)\.json$/.exec(name)?.[1];
    if (id === undefined) continue;
    const paths = { note: `${notes}/${name}`, own: `${notes}/${id}` };
    const note = await readNote(host, paths.note);
    if (note === undefined || !await isOver(host, paths.note, note)) continue;
    if (basename(note.above) !== id) continue;
    const isGone = await removeFolders(host, paths)
      .then(() => true, () => false);
    if (isGone) swept.push(id);
  }
  return swept;
}

/** Whether a real path lies in a copy that goes away again. */
export async function isInStage(
  { files }: Pick<Host, "files">,
  { codexHome }: Pick<StagePlace, "codexHome">,
  path: string,
): Promise<boolean> {
  const notes = notesFolder(codexHome);
  const entries = await files.list(notes).catch(() => []);
  for (const { name } of entries.filter(({ isFile }) => isFile)) {
    const note = await readNote({ files }, `${notes}/${name}`);
    if (note !== undefined && isInside(path, note.above)) return true;
  }
  return false;
}

async function isOver(
  host: Host,
  path: string,
  { owner }: StageNote,
): Promise<boolean> {
  const life = await readLife(host, owner);
  if (life !== "foreign") return life === "dead";
  const stat = await host.files.stat(path);
  const age = host.now().getTime() - (stat?.mtimeMs ?? Infinity);
  return age > LIMITS.stageForeignMs;
}

// By what the repository says itself: a process may have been killed while git made it.
async function findWorktree(
  { files }: Pick<Host, "files">,
  { pointer, common }: NonNullable<StageNote["worktree"]>,
): Promise<string | undefined> {
  const folder = `${common}/worktrees`;
  for (const { name } of await files.list(folder).catch(() => [])) {
    const text = await files.readText(`${folder}/${name}/gitdir`)
      .catch(() => "");
    if (text.trim() === pointer) return `${folder}/${name}`;
  }
  return undefined;
}

// A copy would hold itself and its like, and the folder would not stay as it was.
function refuseInside(folder: string, source: string): void {
  if (!isInside(folder, source)) return;
  throw usageError(
    `Cannot stage ${source}: stages are kept in it (${folder}), must be kept outside (set XDG_CACHE_HOME, or start in a smaller folder)`,
  );
}

async function readTreesFolder(
  host: Host,
  { codexHome, trees }: StagePlace,
  source: string,
): Promise<string> {
  if (trees !== undefined) return trees;
  const home = host.homeDir();
  const named = host.env("XDG_CACHE_HOME") ?? "";
  const cache = isAbsolute(named)
    ? named
    : home === undefined
    ? undefined
    : `${home}/.cache`;
  if (cache === undefined) {
    throw usageError(
      "Cannot stage: there is no home folder, must be one, or XDG_CACHE_HOME set",
    );
  }
  const folder = resolvePath("/", `${cache}/rondo/stages`);
  refuseInside(folder, source);
  await host.files.mkdir(folder, { mode: 0o700 });
  const real = await host.files.realPath(folder);
  refuseInside(real, source);
  const own = await host.files.realPath(codexHome).catch(() => codexHome);
  if (!real.startsWith(`${own}/`)) return real;
  throw usageError(
    `Cannot stage in ${real}: it lies in the agent's own folder, must be outside (set XDG_CACHE_HOME)`,
  );
}
