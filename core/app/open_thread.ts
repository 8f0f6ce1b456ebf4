/** The thread a command line asks for: a new one, a recorded one, or a branch of one. */
import type { CommandLine } from "../contract/command_line.ts";
import { UserError } from "../protocol/error.ts";
import { PROGRAM, VERSION } from "../protocol/version.ts";
import { findSession } from "../session/library/find.ts";
import {
  forkThread,
  type OpenThread,
  resumeThread,
  startThread,
  type ThreadFactory,
} from "../session/thread/open.ts";
import { BASE_INSTRUCTIONS } from "../../prompts/mod.ts";
import { buildAgent, loadInstructions } from "./agent.ts";
import type { World } from "./runtime.ts";

/** Opens it. Throws UserError and SessionError; never a new thread in place of a named one. */
export async function openThread(
  world: World,
  commandLine: CommandLine,
): Promise<OpenThread> {
  const factory = await threadFactory(world);
  switch (commandLine.command) {
    case "exec resume":
    case "resume":
      return await resumeThread(factory, await sessionPath(world, commandLine));
    case "exec fork":
    case "fork": {
      const path = await sessionPath(world, commandLine);
      return await forkThread(factory, path, commandLine.flags.at);
    }
    default:
      return await startThread(factory);
  }
}

/** How threads of this run are made. */
export async function threadFactory(world: World): Promise<ThreadFactory> {
  const { host, loaded, flags, source } = world;
  const { config } = loaded;
  return {
    host,
    codexHome: loaded.codexHome,
    ephemeral: flags.ephemeral ?? false,
    meta: {
      cwd: loaded.cwd,
      program: PROGRAM,
      version: VERSION,
      source,
      provider: config.model_provider,
      instructions: await loadInstructions(world) ?? BASE_INSTRUCTIONS,
    },
    agent: (request) => buildAgent(world, request),
  };
}

/** Path of the session that is named, or meant. Throws UserError and SessionError. */
export async function sessionPath(
  world: Pick<World, "host" | "loaded">,
  { args, flags }: Pick<CommandLine, "args" | "flags">,
): Promise<string> {
  const { host, loaded } = world;
  if (loaded.codexHome === undefined) {
    throw new UserError(
      "session",
      "Cannot find a session: there is no home folder",
    );
  }
  return await findSession(host, {
    codexHome: loaded.codexHome,
    ...(args[0] !== undefined && { name: args[0] }),
    last: flags.last ?? false,
    ...(flags.all ? {} : { cwd: loaded.cwd }),
  });
}
