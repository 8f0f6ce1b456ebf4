/** The end of a command line that got no further than its words, or broke. */
import { failExec } from "../../frontends/exec/early_exit.ts";
import { exitCodeOfError } from "../../frontends/jsonl/outcome.ts";
import { denoHost } from "../../host/host.ts";
import { denoTerminal } from "../../host/terminal/terminal.ts";
import { exitCode } from "../../contract/exit_code.ts";
import type { Flags } from "../../contract/command_line.ts";
import { errorText, UserError } from "../../protocol/error.ts";
import type { Terminal } from "../../protocol/terminal.ts";
import { visibleTerminal } from "../print.ts";

/**
 * Says what went wrong, then the hint for a user; resolves to the exit code. Once exec runs
 * it ends itself; with its `flags` a program that asked for JSON gets its last line for what
 * comes before that, too: words that mean nothing, no folder to be in.
 */
export async function endRefused(
  error: unknown,
  flags: Flags | undefined,
  hint: string,
): Promise<number> {
  const terminal = visibleTerminal(denoTerminal());
  const code = flags === undefined
    ? reportError(error, terminal)
    // The working folder may be what is wrong.
    : await failExec(error, { terminal, flags, host: denoHost({ cwd: "/" }) });
  if (error instanceof UserError && error.kind === "usage") {
    terminal.stderr.write(`${hint}\n`);
  }
  await terminal.stderr.flush();
  return code;
}

function reportError(error: unknown, { stderr }: Terminal): number {
  const code = exitCodeOfError(error);
  const isOurs = code === exitCode("bug");
  const stack = isOurs && error instanceof Error ? error.stack : undefined;
  const where = stack === undefined ? "" : `\n${stack}`;
  const what = isOurs ? "This is a bug of rondo: " : "";
  stderr.write(`Error: ${what}${errorText(error)}${where}\n`);
  return code;
}
