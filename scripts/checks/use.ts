/** Use: files and exports that nothing needs, product files that no test reaches. */
import { areaOf } from "./layers.ts";
import {
  importsOf,
  PRODUCT,
  resolveImport,
  type SourceFile,
  withoutComments,
} from "./source.ts";

const EXPORT =
  /^export (?:declare |abstract |async )*(function|const|class|interface|type)\*? (\w+)/gm;

/** What stands in the tree without being used or tested, one sentence each. */
export function findUseProblems(files: readonly SourceFile[]): string[] {
  return [
    ...findDead(files),
    ...findUnusedExports(files),
    ...findUntested(files),
  ];
}

/** Files that nothing imports and nobody starts. */
function findDead(files: readonly SourceFile[]): string[] {
  const used = new Set(
    files.flatMap((file) =>
      importsOf(file.text).filter((name) => /^(\.|@std\/)/.test(name))
        .map((name) => resolveImport(file.path, name))
    ),
  );
  return files.filter(({ path }) =>
    PRODUCT.test(path) && path !== "main.ts" &&
    !used.has(path)
  ).map(({ path }) => `${path}: nothing imports it`);
}

/** Exports that no other file of the product or of the scripts uses; types may be a test's. */
function findUnusedExports(files: readonly SourceFile[]): string[] {
  const users = new Map<string, string[]>();
  const testers = new Map<string, string[]>();
  for (const { path, text } of files) {
    const list = path.startsWith("tests/") ? testers : users;
    const code = withoutComments(text);
    for (const name of new Set(importsOf(text))) {
      if (!/^(\.|@std\/)/.test(name)) continue;
      const to = resolveImport(path, name);
      list.set(to, [...list.get(to) ?? [], code]);
    }
  }
  return files.filter(({ path }) => PRODUCT.test(path) && path !== "main.ts")
    .flatMap(({ path, text }) =>
      [...text.matchAll(EXPORT)].flatMap(([, kind = "", name = ""]) => {
        const isType = kind === "interface" || kind === "type";
        const texts = [
          ...users.get(path) ?? [],
          ...isType ? testers.get(path) ?? [] : [],
        ];
        const word = new RegExp(`\\b${name.replace("$", "\\$")}\\b`);
        return texts.some((text) => word.test(text))
          ? []
          : [`${path}: ${name} is exported and used by no other file`];
      })
    );
}

/** Product files that no test reaches. Types and texts need none. */
function findUntested(files: readonly SourceFile[]): string[] {
  const tests = files.filter((file) => file.path.startsWith("tests/"));
  const tested = new Set(
    tests.flatMap((file) =>
      importsOf(file.text).map((name) => resolveImport(file.path, name))
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
      const to = resolveImport(path, name);
      const isHelper = to.startsWith("core/util/");
      if (isHelper || areaOf(to) === areaOf(path)) reached.add(to);
    }
  }
  return reached;
}

function hasCode(text: string): boolean {
  return /^(export )?(async )?(function|class) /m.test(text);
}
