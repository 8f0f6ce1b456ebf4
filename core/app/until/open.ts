/** `--until` of a run: its command looked at before anything is paid for. */
import type { TurnCheck } from "../../protocol/hooks.ts";
import { usageError } from "../../protocol/error.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { runProgram } from "../../session/hooks/run_program.ts";
import { visibleLine } from "../../util/text/visible_text.ts";
import type { Runtime } from "../runtime.ts";
import { beginRounds } from "./rounds.ts";
import { createCheckRunner } from "./run_check.ts";

/** Begins the rounds of a turn. Throws UserError for what is no command of the shell. */
export async function openChecks(
  runtime: Runtime,
  command: string,
): Promise<() => TurnCheck> {
  await refuseBroken(runtime, command);
  const { maxRounds, untilTimeoutMs } = runtime.flags;
  const timeoutMs = untilTimeoutMs ?? LIMITS.commandTimeoutMs;
  const runner = createCheckRunner(runtime, { command, timeoutMs });
  return () => beginRounds(runner, maxRounds ?? LIMITS.checkRounds);
}

// Read and not run: its programs may be what the run is to make.
async function refuseBroken(
  { host, shell, loaded }: Runtime,
  command: string,
): Promise<void> {
  const { exitCode, stderr } = await runProgram(host, {
    argv: [shell, "-n", "-c", command],
    cwd: loaded.cwd,
    env: { PATH: host.env("PATH") ?? "" },
    timeoutMs: LIMITS.gitMs,
    outputBytesMax: 1_000,
  });
  if (exitCode === 0) return;
  throw usageError(
    `Cannot use --until ${visibleLine(command, 200)}: ${shell} says ${
      visibleLine(stderr.trim(), 300)
    }, must be a command of the shell`,
  );
}
