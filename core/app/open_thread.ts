/** The thread a command line asks for: a new one, a recorded one, or a branch of one. */
import type { CommandLine } from "../contract/command_line.ts";
import { SessionError, usageError, UserError } from "../protocol/error.ts";
import { findSession } from "../session/library/find.ts";
import { listSessionFiles } from "../session/log/files.ts";
import {
  forkThread,
  type OpenThread,
  resumeThread,
  startThread,
  type ThreadFactory,
} from "../session/thread/open.ts";
import { visibleLine } from "../util/text/visible_text.ts";
import { createAgent, instructionsOf } from "./agent.ts";
import { programOf } from "./program.ts";
import type { Runtime } from "./runtime.ts";

/** Opens it. Throws UserError and SessionError; never a new thread in place of a named one. */
export async function openThread(
  runtime: Runtime,
  commandLine: CommandLine,
): Promise<OpenThread> {
  const factory = await threadFactory(runtime);
  switch (commandLine.command) {
    case "exec resume":
    case "resume":
      return await resumeThread(
        factory,
        await sessionPath(runtime, commandLine),
      );
    case "exec fork":
    case "fork": {
      const path = await sessionPath(runtime, commandLine);
      return await forkThread(factory, path, commandLine.flags.at);
    }
    default:
      return await startThread({
        ...factory,
        ...await givenId(runtime, commandLine),
      });
  }
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

// Two sessions with one id could not be told apart any more.
async function givenId(
  { host, loaded: { codexHome } }: Runtime,
  { flags }: CommandLine,
): Promise<Pick<ThreadFactory, "id">> {
  const { sessionId: id } = flags;
  if (id === undefined) return {};
  if (!UUID.test(id)) {
    throw usageError(
      `Cannot use --session-id ${id}: must be a UUID in lower case`,
    );
  }
  if (codexHome === undefined) return { id };
  const files = await listSessionFiles(host.files, codexHome);
  const taken = files.find((file) => file.id === id);
  if (taken === undefined) return { id };
  throw new SessionError(
    `Cannot start session ${id}: it is there already (${taken.path}), exec resume ${id} goes on with it`,
  );
}

/** How threads of this run are made. */
export async function threadFactory(runtime: Runtime): Promise<ThreadFactory> {
  const { host, loaded, flags, source } = runtime;
  const { config } = loaded;
  const program = programOf(host, runtime.loaded);
  return {
    host,
    codexHome: loaded.codexHome,
    ephemeral: flags.ephemeral ?? false,
    meta: {
      cwd: loaded.cwd,
      program: program.originator,
      version: program.version,
      source,
      provider: config.model_provider,
      instructions: await instructionsOf(runtime),
    },
    agent: (request) => createAgent(runtime, request),
  };
}

/** Path of the session that is named, or meant. Throws UserError and SessionError. */
export async function sessionPath(
  runtime: Pick<Runtime, "host" | "loaded">,
  { args, flags }: Pick<CommandLine, "args" | "flags">,
): Promise<string> {
  const { host, loaded } = runtime;
  if (loaded.codexHome === undefined) {
    throw new UserError(
      "session",
      "Cannot find a session: no home folder",
    );
  }
  const [name] = args;
  try {
    return await findSession(host, {
      codexHome: loaded.codexHome,
      ...(name !== undefined && { name }),
      last: flags.last ?? false,
      ...(flags.all ? {} : { cwd: loaded.cwd }),
    });
  } catch (error) {
    // A message is not the name of a session.
    const isMessage = error instanceof SessionError && /\s/.test(name ?? "");
    throw isMessage
      ? new SessionError(
        `${error.message}; with --last "${
          visibleLine(name ?? "", 40)
        }" goes to the newest one as a message`,
      )
      : error;
  }
}
