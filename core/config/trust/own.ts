/** Scripts in the workspace that the person's own settings start: commands can change them. */
import type { Host } from "../../protocol/host.ts";
import { asObject, type JsonObject } from "../../util/json/json.ts";
import { readOptional } from "../file/files.ts";
import { isTable, type TomlTable } from "../file/toml.ts";
import { hashPrograms, UNCHECKED } from "./programs.ts";
import type { ProjectSource } from "./source.ts";

/** The first file that a command of the person's leads to and that is not as approved. */
export type CheckOwn = (command: JsonObject) => Promise<string | undefined>;

interface OwnPrograms {
  /** Undefined when there is nothing to approve. */
  readonly source:
    | Omit<ProjectSource, "sha256" | "decision" | "before">
    | undefined;
  /** Looks at the files as they are when something is about to start. */
  check(
    source: Pick<ProjectSource, "decision" | "programs"> | undefined,
  ): CheckOwn;
}

// What the approvals are kept under; no file has this name.
const NAME = "(your own settings)";

/** Finds them among the folders that commands may write to, the workspace first. */
export async function findOwn(
  host: Host,
  options: {
    readonly tree: TomlTable;
    readonly codexHome: string | undefined;
    readonly cwd: string;
    readonly writable: readonly string[];
  },
): Promise<OwnPrograms> {
  const { tree, codexHome, cwd, writable } = options;
  const place = { base: cwd, cwd, writable };
  const hooks = codexHome === undefined
    ? undefined
    : await readOptional(host, `${codexHome}/hooks.json`);
  const commands = { ...commandsOf(tree), file: parseHooks(hooks ?? "{}") };
  const programs = await hashPrograms(host, commands, place);
  return {
    source: Object.keys(programs).length === 0
      ? undefined
      : { file: NAME, kind: "own", text: "", content: {}, programs },
    check: (source) => async (command) => {
      const approved = source?.decision === "approved" ? source.programs : {};
      const now = await hashPrograms(host, command, place);
      return Object.entries(now).find(([path, hash]) =>
        hash === UNCHECKED || approved[path] !== hash
      )?.[0];
    },
  };
}

function commandsOf(tree: TomlTable): JsonObject {
  const commands: Record<string, unknown> = {
    notify: tree["notify"],
    hooks: tree["hooks"],
  };
  for (const [name, server] of entriesOf(tree["mcp_servers"])) {
    const { command, args, cwd } = isTable(server) ? server : {};
    commands[`server ${name}`] = { command, args, cwd };
  }
  for (const [id, provider] of entriesOf(tree["model_providers"])) {
    if (isTable(provider)) commands[`key of ${id}`] = provider["auth"];
  }
  return JSON.parse(JSON.stringify(commands)) as JsonObject;
}

function entriesOf(value: unknown): readonly (readonly [string, unknown])[] {
  return isTable(value) ? Object.entries(value) : [];
}

// A broken file is an error when its hooks are loaded.
function parseHooks(text: string): JsonObject {
  try {
    return asObject(JSON.parse(text)) ?? {};
  } catch {
    return {};
  }
}
