/** The end of an exec that never had a thread. */
import type { Flags } from "../../contract/command_line.ts";
import { NO_USAGE } from "../../protocol/event.ts";
import type { Host } from "../../protocol/host.ts";
import { LIMITS } from "../../protocol/limits.ts";
import type { Terminal } from "../../protocol/terminal.ts";
import {
  type Cause,
  decideInterrupted,
  type EndingVerdict,
  exitCodeOfError,
  toExecError,
} from "../jsonl/outcome.ts";
import { createExecOutput, type ExecEnding } from "./output.ts";
import { TurnRecord } from "./turn_record.ts";
import { writeLastMessage } from "./last_message.ts";

interface EarlyEnding {
  readonly terminal: Terminal;
  readonly flags: Flags;
  readonly host: Host;
}

/** Ends an exec that could not even start: one terminal line all the same. */
export async function failExec(
  error: unknown,
  context: EarlyEnding,
): Promise<number> {
  const verdict = {
    error: toExecError(error),
    exitCode: exitCodeOfError(error),
  };
  return await endEarly(verdict, context);
}

/** Ends an exec that was stopped before there was a thread. */
export async function stopExec(
  cause: Cause,
  context: EarlyEnding,
): Promise<number> {
  return await endEarly(decideInterrupted(cause), context);
}

async function endEarly(
  verdict: EndingVerdict,
  { terminal, flags, host }: EarlyEnding,
): Promise<number> {
  const at = host.now().toISOString();
  const output = createExecOutput(terminal, flags);
  // What an earlier run left there is not the message of this one.
  const path = flags.outputLastMessage;
  if (path !== undefined) {
    const { warnings } = await writeLastMessage(host, path, "");
    warnings.forEach((warning) => output.warn(warning, at));
  }
  output.end(buildEmptyEnding(verdict, at));
  const timeoutMs = LIMITS.outputFlushMs;
  await terminal.stdout.flush({ timeoutMs });
  await terminal.stderr.flush({ timeoutMs });
  return verdict.exitCode;
}

/** The end of an exec in which nothing has happened; `at` is ISO 8601 UTC. */
export function buildEmptyEnding(
  verdict: EndingVerdict,
  at: string,
): ExecEnding {
  return {
    ...verdict,
    at,
    usage: NO_USAGE,
    threadUsage: NO_USAGE,
    reaped: 0,
    denied: [],
    message: "",
    record: new TurnRecord(),
    threadId: null,
  };
}
