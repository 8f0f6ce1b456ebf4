/** The sources of the tree as text, and what they import. */

/** What is compiled into the program. */
export const PRODUCT = /^(main\.ts$|core\/|tools\/|sandbox\/|prompts\/)/;

export interface SourceFile {
  /** Relative to the root of the tree. */
  readonly path: string;
  readonly text: string;
}

export interface Edge {
  readonly from: string;
  readonly to: string;
}

/** All TypeScript files of the tree, sorted by path. */
export async function loadFiles(root: string): Promise<SourceFile[]> {
  const files: SourceFile[] = [];
  const walk = async (folder: string): Promise<void> => {
    for await (const entry of Deno.readDir(`${root}/${folder}`)) {
      if (/^(build|node_modules|\..*)$/.test(entry.name)) continue;
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory) await walk(path);
      else if (entry.name.endsWith(".ts")) {
        files.push({ path, text: await Deno.readTextFile(`${root}/${path}`) });
      }
    }
  };
  await walk("");
  return files.sort((a, b) => a.path < b.path ? -1 : 1);
}

/** What a text imports, as it is written there: static, dynamic and re-exported. */
export function importsOf(text: string): string[] {
  const pattern =
    /^(?:import|export)\b(?:[^"'`;]*\bfrom)?\s*"([^"]+)"|\bimport\(\s*"([^"]+)",?\s*\)/gm;
  return [...text.matchAll(pattern)].map((match) => match[1] ?? match[2] ?? "");
}

/** The imports between files of the tree, types included. */
export function edgesOf(files: readonly SourceFile[]): Edge[] {
  return files.flatMap(({ path, text }) =>
    importsOf(text).filter((name) => /^(\.\.?\/.*\.ts$|@std\/)/.test(name))
      .map((name) => ({ from: path, to: resolveImport(path, name) }))
  );
}

/** The file that an import names, as seen from the file that names it. */
export function resolveImport(from: string, name: string): string {
  if (name.startsWith("@std/")) return `core/std/${name.slice(5)}.ts`;
  return new URL(name, `file:///${from}`).pathname.slice(1);
}

/** The folder of a file, with its slash. */
export function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/") + 1);
}

/** A text without its comments, so that a word in one does not count as a use. */
export function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, " ").replace(/^\s*\/\/.*$/gm, "");
}
