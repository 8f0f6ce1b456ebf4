/** Which files of a project can ask for something. */
import { errorCode } from "../../protocol/error.ts";
import type { Host } from "../../protocol/host.ts";
import { ancestors, isInside, resolvePath } from "../../util/path.ts";
import type { SourceKind } from "./source.ts";

export interface ProjectFile {
  readonly path: string;
  readonly kind: SourceKind;
}

/** Those that are there, of the project's root first and of the cwd last. */
export async function findFiles(
  host: Host,
  { cwd, projectRoot, codexHome }: {
    readonly cwd: string;
    readonly projectRoot: string;
    readonly codexHome: string | undefined;
  },
): Promise<readonly ProjectFile[]> {
  const folders = ancestors(cwd).filter((folder) =>
    isInside(folder, projectRoot)
  ).map((folder) => resolvePath(folder, ".codex"))
    .filter((folder) => folder !== codexHome).toReversed();
  const files: ProjectFile[] = [
    ...folders.map((folder) => ({
      path: `${folder}/config.toml`,
      kind: "settings" as const,
    })),
    { path: resolvePath(projectRoot, ".mcp.json"), kind: "servers" },
    ...folders.map((folder) => ({
      path: `${folder}/hooks.json`,
      kind: "hooks" as const,
    })),
  ];
  const there = await Promise.all(
    files.map(async ({ path }) => {
      const stat = await host.files.stat(path).catch(() => undefined);
      return stat?.isFile ?? false;
    }),
  );
  return [
    ...files.filter((_, at) => there[at]),
    ...await findRules(host, resolvePath(projectRoot, ".codex/rules")),
  ];
}

async function findRules(
  host: Host,
  folder: string,
): Promise<readonly ProjectFile[]> {
  try {
    const entries = await host.files.list(folder);
    return entries.filter(({ name, isDirectory }) =>
      name.endsWith(".rules") && !isDirectory
    ).map(({ name }) => `${folder}/${name}`).sort()
      .map((path) => ({ path, kind: "rules" }));
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return [];
  }
}
