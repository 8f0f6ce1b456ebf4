/** The end of an exec that did not get as far as its own code, for who reads its JSON. */
import { failExec } from "../../frontends/exec/early_exit.ts";
import { denoHost } from "../../host/host.ts";
import { denoTerminal } from "../../host/terminal.ts";
import type { Flags } from "../../contract/command_line.ts";
import { visibleTerminal } from "../print.ts";
import { UserError } from "../../protocol/error.ts";

/** Prints the terminal line, then the hint for a user; resolves to the exit code. */
export async function endRefused(
  error: unknown,
  flags: Flags,
  hint: string,
): Promise<number> {
  const terminal = visibleTerminal(denoTerminal());
  // The working folder may be what is wrong.
  const host = denoHost({ cwd: "/" });
  const code = await failExec(error, { terminal, flags, host });
  if (error instanceof UserError && error.kind === "usage") {
    terminal.stderr.write(`${hint}\n`);
    await terminal.stderr.flush();
  }
  return code;
}
