/** Fails when a file breaks a rule of the house that the linter cannot see. */

const LINES_MAX = 300;
const FUNCTION_LINES_MAX = 70;
const EXPORTS_MAX = 12;

/** Each package and the files that may import it. Types of tests do not count. */
const DOORS: Readonly<Record<string, readonly RegExp[]>> = {
  "@commander-js/extra-typings": [/^main\.ts$/],
  "@modelcontextprotocol/sdk": [
    /^tools\/mcp_[a-z_]+\.ts$/,
    /^core\/frontends\/mcp_server[a-z_]*\.ts$/,
  ],
  "@std/cli": [/^core\//],
  "@std/streams": [/^core\//],
  "@std/toml": [/^core\/config\//],
  "ajv": [/^core\/util\/json_schema\.ts$/],
  "commander": [/^main\.ts$/],
  "smol-toml": [/^core\/std\/toml\.ts$/],
  "yaml": [/^core\/context\/yaml\.ts$/],
  "zod": [
    /^core\/host\/recorder_[a-z]+\.ts$/,
    /^core\/protocol\//,
    /^core\/config\//,
    /^core\/model\//,
    /^core\/context\//,
    /^core\/session\//,
    /^core\/frontends\//,
    /^tools\//,
  ],
};

const PRODUCT = /^(main\.ts$|core\/|tools\/|sandbox\/|prompts\/)/;

if (import.meta.main) await main();

export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** What is wrong with these files, one sentence each. */
export function findTidyProblems(files: readonly SourceFile[]): string[] {
  const sources = files.filter((file) => file.path.endsWith(".ts"));
  return [
    ...sources.flatMap(checkHeader),
    ...sources.filter((file) => PRODUCT.test(file.path)).flatMap((file) => [
      ...checkSize(file),
      ...checkFunctions(file),
      ...checkExports(file),
      ...checkDoors(file),
    ]),
    ...findDead(sources),
    ...findUntested(sources),
  ];
}

async function main(): Promise<void> {
  const root = new URL("..", import.meta.url).pathname.replace(/\/$/, "");
  const problems = findTidyProblems(await loadFiles(root));
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) Deno.exit(1);
  console.log("The house is tidy");
}

/** All TypeScript files of the tree, paths relative to the root. */
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

function checkHeader({ path, text }: SourceFile): string[] {
  return path.endsWith("_test.ts") || text.startsWith("/** ")
    ? []
    : [`${path}: the first line must say what the file is`];
}

function checkSize({ path, text }: SourceFile): string[] {
  const lines = text.split("\n").length - 1;
  return lines <= LINES_MAX
    ? []
    : [`${path}: ${lines} lines, must be at most ${LINES_MAX}`];
}

// A top-level function or a method ends at the brace in its own column (deno fmt).
function checkFunctions({ path, text }: SourceFile): string[] {
  const lines = text.split("\n");
  return lines.flatMap((line, at) => {
    const start =
      /^( {0,2})(export )?(static )?(async )?(function[ *]|[#\w]+\(|(get|set) )/
        .exec(line);
    if (start === null || /^ {2}(if|for|while|switch|return)\b/.test(line)) {
      return [];
    }
    const end = lines.indexOf(`${start[1]}}`, at);
    const length = end - at + 1;
    return end > at && length > FUNCTION_LINES_MAX
      ? [
        `${path}:${
          at + 1
        }: a function of ${length} lines, must be at most ${FUNCTION_LINES_MAX}`,
      ]
      : [];
  });
}

function checkExports({ path, text }: SourceFile): string[] {
  const count = text.match(/^export /gm)?.length ?? 0;
  return count <= EXPORTS_MAX
    ? []
    : [`${path}: ${count} exports, must be at most ${EXPORTS_MAX}`];
}

function checkDoors({ path, text }: SourceFile): string[] {
  return importsOf(text).flatMap((name) => {
    if (name.startsWith(".") || name.startsWith("node:")) return [];
    const door = Object.keys(DOORS).find((one) =>
      name === one || name.startsWith(`${one}/`)
    );
    if (door === undefined) return [`${path}: ${name} has no door`];
    return DOORS[door]?.some((place) => place.test(path))
      ? []
      : [`${path}: ${name} is imported past its door`];
  });
}

/** Files that nothing imports and nobody starts. */
function findDead(files: readonly SourceFile[]): string[] {
  const used = new Set(
    files.flatMap((file) =>
      importsOf(file.text).filter((name) => /^\.\.?\//.test(name))
        .map((name) => resolve(file.path, name))
    ),
  );
  return files.filter(({ path }) =>
    PRODUCT.test(path) && path !== "main.ts" &&
    !path.startsWith("core/std/") && !used.has(path)
  ).map(({ path }) => `${path}: nothing imports it`);
}

/** Product files that no test reaches. Types and texts need none. */
function findUntested(files: readonly SourceFile[]): string[] {
  const tests = files.filter((file) => file.path.startsWith("tests/"));
  const tested = new Set(
    tests.flatMap((file) =>
      importsOf(file.text).map((name) => resolve(file.path, name))
    ),
  );
  const reached = reachedFiles(files, tested);
  // The wiring is tested from outside, through the compiled program; doors do nothing.
  return files.filter(({ path, text }) =>
    /^(core|tools|sandbox)\//.test(path) && !/^core\/(app|std)\b/.test(path) &&
    hasCode(text) && !reached.has(path)
  ).map(({ path }) => `${path}: no test reaches it`);
}

// A helper file is tested through the files of its folder that use it.
function reachedFiles(
  files: readonly SourceFile[],
  tested: ReadonlySet<string>,
): ReadonlySet<string> {
  const reached = new Set(tested);
  const byPath = new Map(files.map((file) => [file.path, file]));
  // A set that grows while it is walked is walked to its end.
  for (const path of reached) {
    for (const name of importsOf(byPath.get(path)?.text ?? "")) {
      const to = resolve(path, name);
      const isHelper = to.startsWith("core/util/");
      if (isHelper || folderOf(to) === folderOf(path)) reached.add(to);
    }
  }
  return reached;
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/") + 1);
}

function hasCode(text: string): boolean {
  return /^(export )?(async )?(function|class) /m.test(text);
}

function importsOf(text: string): string[] {
  const pattern =
    /^(?:import|export)\b(?:[^"'`;]*\bfrom)?\s*"([^"]+)"|\bimport\(\s*"([^"]+)",?\s*\)/gm;
  return [...text.matchAll(pattern)].map((match) => match[1] ?? match[2] ?? "");
}

function resolve(from: string, name: string): string {
  return new URL(name, `file:///${from}`).pathname.slice(1);
}
