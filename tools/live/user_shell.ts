/** The shell of the person. */
import type { Host } from "../../core/protocol/host.ts";
import { systemProgram } from "../../core/policy/shell/split.ts";

/** Those whose scripts rules and approvals look into. */
const READ: ReadonlySet<string> = new Set(["bash", "sh", "zsh"]);

/** What command lines are written for: the person's shell where rules can read its scripts. */
export function shellOf(host: Pick<Host, "env">): string {
  const shell = host.env("SHELL") ?? "";
  const name = systemProgram(shell);
  return name !== undefined && READ.has(name) ? shell : "/bin/sh";
}
