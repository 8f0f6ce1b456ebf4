/** Which files can ask for something: those of a project, and scripts of the person in it. */
import { errorCode } from "../../protocol/error.ts";
import type { Host } from "../../protocol/host.ts";
import { type JsonObject, parseJsonObject } from "../../util/json/json.ts";
import { ancestors, isInside, resolvePath } from "../../util/path.ts";
import { readOptional } from "../file/files.ts";
import { isTable, type TomlTable } from "../file/toml.ts";
import { hashPrograms, type ProgramPlace } from "./programs.ts";
import type { ProjectSource, SourceKind } from "./source.ts";

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

// What the approvals are kept under; no file has this name.
const NAME = "(your own settings)";

/** What they lead to; undefined when there is nothing to approve. */
export async function findOwn(
  host: Host,
  options: {
    readonly tree: TomlTable;
    readonly codexHome: string | undefined;
    readonly place: ProgramPlace;
  },
): Promise<Omit<ProjectSource, "sha256" | "decision" | "before"> | undefined> {
  const { tree, codexHome, place } = options;
  const hooks = codexHome === undefined
    ? undefined
    : await readOptional(host, `${codexHome}/hooks.json`);
  // A broken file is an error when its hooks are loaded.
  const commands = {
    ...commandsOf(tree),
    file: parseJsonObject(hooks ?? "{}") ?? {},
  };
  const programs = await hashPrograms(host, commands, place);
  return Object.keys(programs).length === 0
    ? undefined
    : { file: NAME, kind: "own", text: "", content: {}, programs };
}

/** Folders that commands of other threads may write to, unless the person's own lie in them. */
export function trustedFolders(
  tree: TomlTable,
  codexHome: string | undefined,
): readonly string[] {
  return entriesOf(tree["projects"]).filter(([folder, project]) =>
    isTable(project) && project["trust_level"] === "trusted" &&
    !(codexHome !== undefined && isInside(codexHome, folder))
  ).map(([folder]) => folder);
}

function commandsOf(tree: TomlTable): JsonObject {
  const commands: Record<string, unknown> = {
    notify: tree["notify"],
    hooks: tree["hooks"],
  };
  for (const [name, server] of entriesOf(tree["mcp_servers"])) {
    const { command, args, cwd, env } = isTable(server) ? server : {};
    commands[`server ${name}`] = { command, args, cwd, env };
  }
  for (const [id, provider] of entriesOf(tree["model_providers"])) {
    if (isTable(provider)) commands[`key of ${id}`] = provider["auth"];
  }
  return JSON.parse(JSON.stringify(commands)) as JsonObject;
}

function entriesOf(value: unknown): readonly (readonly [string, unknown])[] {
  return isTable(value) ? Object.entries(value) : [];
}
