/** One folder of skills: searched breadth first within limits, each SKILL.md read. */
import { decodeText } from "../../util/text/text.ts";
import { errorCode, errorText } from "../../protocol/error.ts";
import type { DirEntry, Files } from "../../protocol/host.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { basename, isInside, resolvePath } from "../../util/path.ts";
import {
  parseSidecar,
  parseSkillFile,
  type ParseYaml,
  type Skill,
  type SkillRoot,
} from "./skill_file.ts";

const SKILL_FILE = "SKILL.md";
const SIDECAR_FOLDER = "agents";
const SIDECAR = "agents/openai.yaml";

interface SkillRootContent {
  readonly skills: readonly Skill[];
  /** A sentence for each file that could not be used. */
  readonly problems: readonly string[];
}

/** A folder with a SKILL.md, paths canonical. */
interface SkillFolder {
  readonly path: string;
  readonly hasSidecar: boolean;
}

/** Finds and reads the skills below one folder; none when it is not there. */
export async function loadSkillRoot(
  files: Files,
  root: SkillRoot,
): Promise<SkillRootContent> {
  const problems: string[] = [];
  const path = await files.realPath(root.path).catch(() => undefined);
  if (path === undefined) return { skills: [], problems };
  const outside = outsideProblem(path, root.path, root);
  if (outside !== undefined) return { skills: [], problems: [outside] };
  const real = { ...root, path };
  const folders = await findSkillFolders(files, real, problems);
  if (folders.length === 0) return { skills: [], problems };
  const { parseYaml } = await import("./yaml.ts");
  const skills: Skill[] = [];
  for (const folder of folders) {
    const skill = await readSkill(files, {
      folder,
      root: real,
      parseYaml,
    });
    if ("problem" in skill) problems.push(skill.problem);
    else {
      skills.push(skill.skill);
      problems.push(...skill.problems);
    }
  }
  return { skills, problems };
}

async function findSkillFolders(
  files: Files,
  root: SkillRoot,
  problems: string[],
): Promise<readonly SkillFolder[]> {
  const found: SkillFolder[] = [];
  const queue = [{ path: root.path, depth: 0 }];
  const seen = new Set([root.path]);
  let isFull = false;
  for (const folder of queue) {
    const entries = await listSorted(files, folder.path, problems);
    const names = entries.map((entry) => entry.name);
    if (names.includes(SKILL_FILE)) {
      const hasSidecar = names.includes(SIDECAR_FOLDER);
      found.push({ path: folder.path, hasSidecar });
    }
    if (isFull || folder.depth === LIMITS.skillDepth) continue;
    const children = await childFolders(files, {
      folder: folder.path,
      entries,
      root,
      problems,
    });
    for (const child of children.filter((path) => !seen.has(path))) {
      seen.add(child);
      queue.push({ path: child, depth: folder.depth + 1 });
    }
    if (queue.length > LIMITS.skillFolders) {
      problems.push(
        `${root.path} holds more than ${LIMITS.skillFolders} folders; the rest is not searched for skills`,
      );
      queue.length = LIMITS.skillFolders;
      isFull = true;
    }
  }
  return found;
}

// Sorted, so that the limits cut the same everywhere.
async function listSorted(
  files: Files,
  folder: string,
  problems: string[],
): Promise<readonly DirEntry[]> {
  try {
    const entries = await files.list(folder);
    return entries.sort((a, b) => a.name < b.name ? -1 : 1);
  } catch (error) {
    if (errorCode(error) !== "ENOTDIR") {
      problems.push(`Cannot read ${folder}: ${errorText(error)}`);
    }
    return [];
  }
}

// The canonical paths of the folders in a folder, links followed where wanted.
async function childFolders(
  files: Files,
  look: {
    readonly folder: string;
    readonly entries: readonly DirEntry[];
    readonly root: SkillRoot;
    readonly problems: string[];
  },
): Promise<readonly string[]> {
  const folders: string[] = [];
  for (const entry of look.entries) {
    const path = `${look.folder}/${entry.name}`;
    if (entry.name.startsWith(".")) continue;
    if (entry.isDirectory) folders.push(path);
    if (!entry.isSymlink || look.root.scope === "system") continue;
    try {
      if (!(await files.stat(path))?.isDirectory) continue;
      const real = await files.realPath(path);
      const problem = outsideProblem(real, path, look.root);
      if (problem === undefined) folders.push(real);
      else look.problems.push(problem);
    } catch {
      // a link into nowhere, or in a circle
    }
  }
  return folders;
}

// Skills of a project are read to the model: a link must not bring in other files.
function outsideProblem(
  real: string,
  path: string,
  { within }: SkillRoot,
): string | undefined {
  return within === undefined || isInside(real, within)
    ? undefined
    : `Cannot use skill ${path}: it leads to ${real}, must stay inside ${within}`;
}

async function readSkill(
  files: Files,
  task: {
    readonly folder: SkillFolder;
    readonly root: SkillRoot;
    readonly parseYaml: ParseYaml;
  },
): Promise<
  | { readonly skill: Skill; readonly problems: readonly string[] }
  | { readonly problem: string }
> {
  const { folder, root, parseYaml } = task;
  const file = `${folder.path}/${SKILL_FILE}`;
  try {
    const path = await files.realPath(file);
    const problem = outsideProblem(path, file, root);
    if (problem !== undefined) return { problem };
    const text = await readHead(files, path);
    const facts = parseSkillFile(text, basename(folder.path), parseYaml);
    if ("problem" in facts) {
      return { problem: `Cannot use skill ${file}: ${facts.problem}` };
    }
    const sidecar = folder.hasSidecar
      ? await readSidecar(files, folder.path, parseYaml)
      : { implicit: true, problems: [] };
    const { implicit, problems } = sidecar;
    const { scope, path: rootPath } = root;
    const skill = { ...facts, path, scope, root: rootPath, implicit };
    return { skill, problems };
  } catch (error) {
    return { problem: `Cannot read skill ${file}: ${errorText(error)}` };
  }
}

// A sidecar that cannot be understood changes nothing about the skill.
async function readSidecar(
  files: Files,
  folder: string,
  parseYaml: ParseYaml,
): Promise<
  { readonly implicit: boolean; readonly problems: readonly string[] }
> {
  const path = resolvePath(folder, SIDECAR);
  if (await files.stat(path) === undefined) {
    return { implicit: true, problems: [] };
  }
  const parsed = await readHead(files, path)
    .then((text) => parseSidecar(text, parseYaml))
    .catch((error) => ({ problem: errorText(error) }));
  return "problem" in parsed
    ? { implicit: true, problems: [`Cannot use ${path}: ${parsed.problem}`] }
    : { implicit: parsed.implicit, problems: [] };
}

// Opening a pipe would wait for a writer; only regular files are opened.
async function readHead(files: Files, path: string): Promise<string> {
  const stat = await files.stat(path);
  if (stat?.isFile !== true) throw new Error("it is not a regular file");
  const bytes = await files.readRange(path, 0, LIMITS.skillHeadBytes);
  return decodeText(bytes);
}
