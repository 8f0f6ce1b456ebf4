/** `rondo batch`: runs many tasks, and tells, joins and shows what came of them. */
import type { CommandLine } from "../../contract/command_line.ts";
import type { Host } from "../../protocol/host.ts";
import type { Terminal } from "../../protocol/terminal.ts";
import { telemetryAccess, withTrace } from "../transport.ts";
import { runBatch } from "./run.ts";
import { runEmit } from "./emit.ts";
import { runStatus } from "./status.ts";
import { runMerge, runReport } from "./views.ts";

/** Resolves to the exit code. Throws UserError and SessionError. */
export async function runBatchCommand(
  commandLine: CommandLine,
  host: Host,
  terminal: Terminal,
): Promise<number> {
  switch (commandLine.command) {
    case "batch status":
      return await runStatus(commandLine, host, terminal);
    case "batch emit":
      return await runEmit(commandLine, host, terminal);
    case "batch merge":
      return await runMerge(commandLine, host, terminal);
    case "batch report":
      return await runReport(commandLine, host, terminal);
    default:
      return await runTraced(commandLine, host, terminal);
  }
}

// Its runs, which have telemetry of their own, are one trace with it.
async function runTraced(
  commandLine: CommandLine,
  host: Host,
  terminal: Terminal,
): Promise<number> {
  const access = telemetryAccess(host, commandLine);
  // What is wrong with it each run tells.
  const telemetry = await access.open();
  const traced = withTrace(host, telemetry?.carrier);
  const code = await runBatch(commandLine, traced, terminal);
  await access.close(code, terminal.stderr);
  return code;
}
