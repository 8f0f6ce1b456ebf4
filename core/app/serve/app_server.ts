/** `rondo app-server`: threads for programs, on stdin and stdout or a socket. */
import { findCodexHome } from "../../config/load.ts";
import type { CommandLine } from "../../contract/command_line.ts";
import type { ClientStream } from "../../frontends/app_server/connection.ts";
import { runAppServer } from "../../frontends/app_server/server.ts";
import { type LocalSocket, openLocalSocket } from "../../host/local_socket.ts";
import { errorCode, errorReason, usageError } from "../../protocol/error.ts";
import type { Host } from "../../protocol/host.ts";
import type { Terminal } from "../../protocol/terminal.ts";
import { resolvePath } from "../../util/path.ts";
import { ServeBase } from "./base.ts";
import { commandMethods } from "./commands.ts";
import { fileMethods } from "./files.ts";
import { listMethods } from "./lists.ts";
import { serverMethods } from "./servers.ts";
import { settingsMethods } from "./settings.ts";
import { ThreadRuntimes } from "./runtimes.ts";
import { threadServices } from "./threads.ts";

/** Serves to the end and resolves to the exit code. Throws UserError. */
export async function runAppServerCommand(
  { flags }: CommandLine,
  host: Host,
  terminal: Terminal,
): Promise<number> {
  const codexHome = await findCodexHome(host);
  const runtimes = new ThreadRuntimes(host, "app-server", terminal);
  const base = new ServeBase(host, flags, codexHome);
  const socket = await openSocket(host, flags.listen ?? "stdio://");
  const clients = socket?.peers ?? oneClient(terminal);
  try {
    return await runAppServer({
      services: {
        threads: threadServices({ host, flags, runtimes, codexHome }),
        codexHome: codexHome ?? "",
        others: new Map([
          ...listMethods(base),
          ...serverMethods(base, runtimes),
          ...settingsMethods(base),
          ...commandMethods(base),
          ...fileMethods(base),
        ]),
      },
      host,
      terminal,
      clients,
    });
  } finally {
    socket?.close();
    await runtimes.close();
  }
}

async function* oneClient(
  { stdin, stdout }: Terminal,
): AsyncGenerator<ClientStream> {
  yield { input: stdin, output: stdout, close: () => {} };
}

async function openSocket(
  host: Host,
  listen: string,
): Promise<LocalSocket | undefined> {
  if (listen === "stdio://") return undefined;
  const path = /^unix:\/\/(.+)$/.exec(listen)?.[1];
  if (path === undefined) {
    throw usageError(
      `Cannot listen at ${listen}: must be stdio:// or unix://PATH`,
    );
  }
  try {
    return await openLocalSocket(resolvePath(host.cwd, path));
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    throw usageError(`Cannot listen at ${path}: ${errorReason(error)}`);
  }
}
