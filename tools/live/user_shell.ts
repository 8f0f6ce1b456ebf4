/** The shell of the person. */
import type { Host } from "../../core/protocol/host.ts";

/** What command lines are written for; an account without a login has none of its own. */
export function shellOf(host: Pick<Host, "env">): string {
  const shell = host.env("SHELL") ?? "";
  return shell.endsWith("sh") ? shell : "/bin/sh";
}
