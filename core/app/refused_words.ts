/** The end of an exec whose words could not be parsed, for the program that reads its JSON. */
import { failExec } from "../frontends/exec_early.ts";
import { denoHost } from "../host/deno_host.ts";
import { denoTerminal } from "../host/terminal.ts";
import type { Flags } from "../protocol/command_line.ts";

/** Prints the terminal line, then the hint for a person; resolves to the exit code. */
export async function refuseWords(
  error: unknown,
  flags: Flags,
  hint: string,
): Promise<number> {
  const terminal = denoTerminal();
  const code = await failExec(error, { terminal, flags, host: denoHost() });
  terminal.stderr.write(`${hint}\n`);
  await terminal.stderr.flush();
  return code;
}
