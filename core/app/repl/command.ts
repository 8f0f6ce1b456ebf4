/** `rondo`, `rondo resume`, `rondo fork`: a conversation in this terminal. */
import { runRepl } from "../../frontends/repl/repl.ts";
import type { CommandLine } from "../../contract/command_line.ts";
import { FLAGS } from "../../contract/flags.ts";
import { usageError } from "../../protocol/error.ts";
import { PROGRAM } from "../../protocol/version.ts";
import type { Host } from "../../protocol/host.ts";
import type { Terminal } from "../../protocol/terminal.ts";
import { openThreads } from "./open_threads.ts";
import { createReplServices } from "./services.ts";

/** Runs until the user leaves; resolves to the exit code. Throws UserError, SessionError. */
export async function runReplCommand(
  commandLine: CommandLine,
  host: Host,
  terminal: Terminal,
): Promise<number> {
  if (!terminal.stdin.isTty && commandLine.prompt !== undefined) {
    const { command } = commandLine;
    const instead = command === "repl" ? "exec" : `exec ${command}`;
    throw usageError(
      `Cannot start a conversation: stdin is not a terminal, use ${PROGRAM} ${instead} for one prompt`,
    );
  }
  for (const flag of idleFlags(commandLine.flags)) {
    terminal.stderr.write(`Note: ${flag} changes nothing in a conversation\n`);
  }
  const threads = await openThreads({
    host,
    commandLine,
    canAsk: terminal.stdin.isTty,
  });
  const firstPrompt = buildFirstPrompt(commandLine);
  try {
    return await runRepl({
      services: createReplServices(threads),
      host,
      terminal,
      flags: commandLine.flags,
      ...(firstPrompt !== undefined && { firstPrompt }),
    });
  } finally {
    await threads.close(terminal);
  }
}

// They are taken for `exec` behind them.
function idleFlags(flags: CommandLine["flags"]): readonly string[] {
  return (["quiet", "verbose", "skipGitRepoCheck"] as const)
    .filter((name) => flags[name]).map((name) => FLAGS[name].long);
}

// Images travel like those named in a message.
function buildFirstPrompt(
  { prompt, flags }: CommandLine,
): string | undefined {
  const images = (flags.image ?? []).map((path) => `"${path}"`);
  const words = [...images, ...(prompt === undefined ? [] : [prompt])];
  if (words.length === 0) return undefined;
  const message = words.join(" ");
  return flags.plan ? `/plan ${message}` : message;
}
