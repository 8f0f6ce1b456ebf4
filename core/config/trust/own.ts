/** Scripts in the workspace that the person's own settings start: commands can change them. */
import type { Host } from "../../protocol/host.ts";
import { type JsonObject, parseJsonObject } from "../../util/json/json.ts";
import { readOptional } from "../file/files.ts";
import { isTable, type TomlTable } from "../file/toml.ts";
import { isInside } from "../../util/path.ts";
import { hashPrograms, type ProgramPlace } from "./programs.ts";
import type { ProjectSource } from "./source.ts";

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
