/** The person's own `!command`: in their shell, without sandbox, at a terminal where one is lent. */
import type { CommandRequest } from "../../protocol/command.ts";
import { ToolError } from "../../protocol/error.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { printedText } from "../../util/text/printed_text.ts";
import type {
  FileServices,
  LentTerminal,
} from "../../frontends/conversation/services.ts";
import type { OpenThreads } from "./open_threads.ts";

// Run by /bin/sh: the command is a job, so that a key can stop it. Then this program is
// stopped with it, and wakes it when it goes on itself.
const AS_JOB = `set -m
trap 'isAwake=1' CONT
"$0" -c "$1"
code=$?
while [ "$code" -gt 128 ] && kill -0 %1 2>/dev/null; do
  isAwake=
  kill -TSTP "$PPID"
  while [ -z "$isAwake" ]; do kill -STOP $$; done
  fg %1 >/dev/null
  code=$?
done
exit "$code"`;

type Options = Parameters<FileServices["runShell"]>[1];

export async function runUserCommand(
  threads: OpenThreads,
  command: string,
  options: Options,
): ReturnType<FileServices["runShell"]> {
  const { host, runtime } = threads;
  const { cwd, signal, terminal } = options;
  const shell = host.env("SHELL") ?? "/bin/sh";
  const run = async (
    how: Pick<CommandRequest, "argv"> & Partial<CommandRequest>,
  ): ReturnType<FileServices["runShell"]> => {
    const { output, exitCode, durationMs } = await runtime.sandbox.run({
      cwd,
      env: host.envAll(),
      policy: { mode: "danger-full-access" },
      sandboxed: false,
      timeoutMs: LIMITS.commandTimeoutMaxMs,
      signal,
      ...how,
    });
    const { head, tail } = output;
    const text = tail === "" ? head : `${head}\n…\n${tail}`;
    return { output: printedText(text), exitCode, durationMs };
  };
  const plain = { argv: [shell, "-c", command], onOutput: options.onOutput };
  if (terminal === undefined) return await run(plain);
  try {
    const argv = ["/bin/sh", "-c", AS_JOB, shell, command];
    return await run({ argv, ...atTerminal(terminal) });
  } catch (error) {
    // No terminals on this machine: as well as it can be done without.
    if (!(error instanceof ToolError)) throw error;
    return await run(plain);
  }
}

function atTerminal(
  { size, onBytes, onStart }: LentTerminal,
): Pick<CommandRequest, "onBytes" | "onStart" | "terminal"> {
  return {
    terminal: size,
    onBytes: (bytes) => onBytes(bytes),
    onStart: (running) => onStart(running),
  };
}
