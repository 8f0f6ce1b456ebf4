/** `rondo exec` and its kin: one prompt, one exit code. */
import type { LoadedConfig } from "../config/load.ts";
import { failExec } from "../frontends/exec_failure.ts";
import { runExec } from "../frontends/exec.ts";
import type { CommandLine, Flags } from "../protocol/command_line.ts";
import { errorText, UserError } from "../protocol/error.ts";
import type { Host } from "../protocol/host.ts";
import { LIMITS } from "../protocol/limits.ts";
import type { Terminal } from "../protocol/terminal.ts";
import { asObject, type JsonObject } from "../util/json.ts";
import { resolvePath } from "../util/path.ts";
import { openThread } from "./open_thread.ts";
import { readParts } from "./exec_parts.ts";
import { openWorld, type World } from "./world.ts";

/** Runs to the end and resolves to the exit code; every path prints one terminal line. */
export async function runExecCommand(
  commandLine: CommandLine,
  host: Host,
  terminal: Terminal,
): Promise<number> {
  const { flags } = commandLine;
  try {
    const parts = await readParts(commandLine, host, terminal);
    const world = await openExecWorld(commandLine, host);
    try {
      const { thread, logPath } = await openThread(world, commandLine);
      return await runExec({ thread, parts, host, terminal, flags, logPath });
    } finally {
      await world.mcp?.close();
    }
  } catch (error) {
    return await failExec(error, { terminal, flags, now: () => host.now() });
  }
}

async function openExecWorld(
  { flags }: CommandLine,
  host: Host,
): Promise<World> {
  const canAsk = flags.input === "jsonl" || flags.approvals !== undefined;
  const outputSchema = await loadSchema(host, flags);
  const world = await openWorld(host, flags, {
    canAsk,
    source: "exec",
    ...(outputSchema !== undefined && { outputSchema }),
  });
  await checkRepository(host, world.loaded, flags);
  return world;
}

async function loadSchema(
  host: Host,
  flags: Flags,
): Promise<JsonObject | undefined> {
  if (flags.outputSchema === undefined) return undefined;
  const path = resolvePath(host.cwd, flags.outputSchema);
  const fail = (why: string): UserError =>
    new UserError("usage", `Cannot read output schema ${path}: ${why}`);
  const stat = await host.files.stat(path);
  if (stat === undefined) throw fail("there is no such file");
  if (stat.size > LIMITS.outputSchemaBytes) {
    throw fail(
      `it has ${stat.size} bytes, must have at most ${LIMITS.outputSchemaBytes}`,
    );
  }
  try {
    const schema = asObject(JSON.parse(await host.files.readText(path)));
    if (schema !== undefined) return schema;
  } catch (error) {
    throw fail(errorText(error));
  }
  throw fail("it is no JSON object");
}

// Outside of a repository nothing could be taken back.
async function checkRepository(
  host: Host,
  loaded: LoadedConfig,
  flags: Flags,
): Promise<void> {
  if (flags.skipGitRepoCheck || flags.bypass) return;
  if (loaded.trust.level === "trusted") return;
  for (let folder = loaded.cwd;;) {
    if (await host.files.stat(`${folder}/.git`) !== undefined) return;
    if (folder === "/") break;
    folder = resolvePath(folder, "..");
  }
  throw new UserError(
    "usage",
    `Cannot start in ${loaded.cwd}: it is no git repository, must be one or trusted; --skip-git-repo-check goes ahead`,
  );
}
