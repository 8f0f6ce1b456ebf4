/** The application: which part of it a command line asks for. */
import { denoHost } from "./host/deno_host.ts";
import { prepareProcess } from "./host/process.ts";
import { denoTerminal } from "./host/terminal.ts";
import type { CommandLine } from "./protocol/command_line.ts";
import { unreachable } from "./util/assert.ts";

/** Runs a command and resolves to its exit code. Throws what its frontend did not phrase. */
export async function runApp(
  commandLine: CommandLine,
  options: { readonly mainUrl: string },
): Promise<number> {
  prepareProcess();
  const host = denoHost(options);
  const terminal = denoTerminal();
  switch (commandLine.command) {
    case "exec":
    case "exec resume":
    case "exec fork":
    case "exec review": {
      const { runExecCommand } = await import("./app/exec_command.ts");
      return await runExecCommand(commandLine, host, terminal);
    }
    default:
      return unreachable(commandLine.command as never);
  }
}
