/** AGENTS.md files from the project root down to the working directory. */
import { errorText } from "../protocol/error.ts";
import type { Files } from "../protocol/host.ts";
import { LIMITS } from "../protocol/limits.ts";
import { ancestors, isInside, resolvePath } from "../util/path.ts";
import { findProjectRoot } from "../util/project_root.ts";
import { byteLength, encodingOf, headBytes } from "../util/text/text.ts";

const DOC_NAMES: readonly string[] = ["AGENTS.override.md", "AGENTS.md"];

const GLOBAL_SEPARATOR = "\n\n--- project-doc ---\n\n";

interface DocSearch {
  readonly cwd: string;
  readonly codexHome: string | undefined;
  /** A folder that holds one of these is a project's root; none means no search upwards. */
  readonly rootMarkers: readonly string[];
  /** Names tried after the usual ones. */
  readonly fallbackNames: readonly string[];
  /** Over all project files together; 0 turns them off. */
  readonly bytesMax: number;
}

/** A file of instructions. */
interface DocFile {
  readonly path: string;
  /** Of its text that is sent. */
  readonly bytes: number;
  readonly cut: boolean;
}

export interface ProjectDocs {
  readonly text?: string;
  /** The project, links resolved: nothing outside of it is read as part of it. */
  readonly root: string;
  readonly files: readonly DocFile[];
  /** Of the budget, for files of folders further down. */
  readonly bytesLeft: number;
  readonly warnings: readonly string[];
}

/** A doc as it was read: text within the budget, and warnings. */
interface ReadDoc {
  readonly text: string;
  readonly file?: DocFile;
  /** For the files after this one; a file that was cut leaves nothing. */
  readonly bytesLeft: number;
  readonly warnings: readonly string[];
}

/** Finds and reads all files that hold for the working directory. */
export async function loadProjectDocs(
  host: { readonly files: Files },
  search: DocSearch,
): Promise<ProjectDocs> {
  const global = await readGlobalDoc(host.files, search.codexHome);
  const docs: ReadDoc[] = [];
  let bytesLeft = search.bytesMax;
  const found = await findProjectDocs(host.files, search);
  const { root } = found;
  for (const path of found.paths) {
    const doc = await readDoc(host.files, path, { bytesLeft, within: root });
    bytesLeft = doc.bytesLeft;
    docs.push(doc);
  }
  const project = docs.map((doc) => doc.text.trimEnd())
    .filter((text) => text !== "").join("\n\n");
  const parts = [global?.text.trim() ?? "", project]
    .filter((text) => text !== "");
  const all = global === undefined ? docs : [global, ...docs];
  return {
    ...(parts.length === 0 ? {} : { text: parts.join(GLOBAL_SEPARATOR) }),
    root,
    files: all.flatMap((doc) => doc.file ?? []),
    bytesLeft,
    warnings: all.flatMap((doc) => doc.warnings),
  };
}

/** The one file of a folder that counts: the first of the names that is a regular file. */
export async function findDoc(
  files: Files,
  folder: string,
  fallbackNames: readonly string[],
): Promise<string | undefined> {
  const names = [...DOC_NAMES, ...fallbackNames.map((name) => name.trim())];
  const paths = [...new Set(names)].filter((name) => name !== "")
    .map((name) => resolvePath(folder, name));
  const stats = await Promise.all(paths.map((path) => statOf(files, path)));
  return paths.find((_, index) =>
    stats[index]?.isFile === true || stats[index]?.isSymlink === true
  );
}

/**
 * Reads a doc as far as `bytesLeft` reaches; what does not fit is named in a warning, and
 * so is a link that leads out of the folder `within`.
 */
export async function readDoc(
  files: Files,
  path: string,
  options: { readonly bytesLeft: number; readonly within?: string },
): Promise<ReadDoc> {
  const { bytesLeft, within } = options;
  let size: number;
  let head: Uint8Array;
  try {
    const real = await files.realPath(path);
    if (within !== undefined && !isInside(real, within)) {
      throw new Error(`it leads to ${real}, must stay inside ${within}`);
    }
    size = (await files.stat(path))?.size ?? 0;
    head = await files.readRange(path, 0, bytesLeft);
  } catch (error) {
    const warning = `Cannot read ${path}: ${
      errorText(error)
    }; the file is ignored`;
    return { text: "", bytesLeft, warnings: [warning] };
  }
  const { text: decoded, invalid } = decode(head, head.length < size);
  if (decoded.trim() === "" && (head.length > 0 || size === 0)) {
    return { text: "", bytesLeft, warnings: [] };
  }
  const warnings = invalid
    ? [`${path} is not valid UTF-8: invalid bytes are shown as \uFFFD`]
    : [];
  // Replaced bytes take more room than they had in the file.
  const text = headBytes(decoded, bytesLeft);
  const bytes = byteLength(text);
  const file = { path, bytes, cut: head.length < size || text !== decoded };
  const missing = Math.max(1, size - bytes);
  if (!file.cut) return { text, file, bytesLeft: bytesLeft - bytes, warnings };
  warnings.push(cutWarning(file, missing));
  return { text: text + cutMark(file, missing), file, bytesLeft: 0, warnings };
}

async function findProjectDocs(
  files: Files,
  search: DocSearch,
): Promise<{ readonly root: string; readonly paths: readonly string[] }> {
  const top = await findProjectRoot(
    (path) => files.stat(path),
    search.cwd,
    search.rootMarkers,
  ) ?? search.cwd;
  const root = await files.realPath(top).catch(() => top);
  if (search.bytesMax <= 0) return { root, paths: [] };
  const folders = ancestors(search.cwd, top).toReversed();
  const docs = await Promise.all(
    folders.map((folder) => findDoc(files, folder, search.fallbackNames)),
  );
  return { root, paths: docs.filter((path) => path !== undefined) };
}

async function readGlobalDoc(
  files: Files,
  codexHome: string | undefined,
): Promise<ReadDoc | undefined> {
  if (codexHome === undefined) return undefined;
  const warnings: string[] = [];
  for (const name of DOC_NAMES) {
    const path = resolvePath(codexHome, name);
    if ((await statOf(files, path))?.isFile !== true) continue;
    const doc = await readDoc(files, path, {
      bytesLeft: LIMITS.globalDocBytes,
    });
    if (doc.text.trim() !== "") {
      return { ...doc, warnings: [...warnings, ...doc.warnings] };
    }
    warnings.push(...doc.warnings);
  }
  return warnings.length === 0
    ? undefined
    : { text: "", bytesLeft: 0, warnings };
}

// A folder that may not be entered holds nothing for us; a link whose target may not be
// read is there, and reading it says why not.
async function statOf(
  files: Files,
  path: string,
): ReturnType<Files["stat"]> {
  return await files.stat(path)
    .catch(() => files.lstat(path)).catch(() => undefined);
}

// A character that the cut went through is left out, it is not an invalid byte.
function decode(
  bytes: Uint8Array,
  isCut: boolean,
): { readonly text: string; readonly invalid: boolean } {
  const options = { stream: isCut };
  const encoding = encodingOf(bytes);
  try {
    const strict = new TextDecoder(encoding, { fatal: true });
    return { text: strict.decode(bytes, options), invalid: false };
  } catch {
    const lax = new TextDecoder(encoding);
    return { text: lax.decode(bytes, options), invalid: true };
  }
}

function cutWarning(file: DocFile, missing: number): string {
  const what = file.bytes === 0
    ? `${file.path} does not reach the model`
    : `${file.path} is cut after ${file.bytes} bytes`;
  return `${what}: ${missing} bytes exceed the limit for instruction files`;
}

function cutMark(file: DocFile, missing: number): string {
  const mark = `[${missing} more bytes of instructions are in ${file.path}]`;
  return file.bytes === 0 ? mark : `\n${mark}`;
}
