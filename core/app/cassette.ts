/** The host of a run: the real one, or one that records or replays it. */
import {
  openRecorder,
  openReplay,
  type RecordedHost,
} from "../cassette/cassette_host.ts";
import { failExec } from "../frontends/exec/early_exit.ts";
import type { CommandLine, Flags } from "../contract/command_line.ts";
import { errorText, usageError } from "../protocol/error.ts";
import { exitCode } from "../contract/exit_code.ts";
import type { Host } from "../protocol/host.ts";
import type { Terminal } from "../protocol/terminal.ts";
import { PROGRAM, VERSION } from "../protocol/version.ts";
import { resolvePath } from "../util/path.ts";

/** Runs a command on a host that records or replays it, as the flags ask. */
export async function runRecorded(
  { command, flags }: CommandLine,
  runtime: { readonly host: Host; readonly terminal: Terminal },
  run: (host: Host) => Promise<number>,
): Promise<number> {
  const { host, terminal } = runtime;
  let recorded: RecordedHost;
  try {
    recorded = await openRecordedHost(
      host,
      flags,
      (message) => terminal.stderr.write(`Replay: ${message}\n`),
    );
  } catch (error) {
    if (!command.startsWith("exec")) throw error;
    return await failExec(error, { terminal, flags, host });
  }
  let code = exitCode("bug");
  try {
    code = await run(recorded.host);
  } finally {
    code = closeRecorded(recorded, code, { flags, terminal });
  }
  return code;
}

function closeRecorded(
  recorded: RecordedHost,
  code: number,
  { flags, terminal }: { readonly flags: Flags; readonly terminal: Terminal },
): number {
  try {
    recorded.close();
    return code;
  } catch (error) {
    const why = `Cannot write ${flags.record}: ${errorText(error)}`;
    terminal.stderr.write(`Error: ${why}, must not be replayed\n`);
    return code || exitCode("failed");
  }
}

/** Wraps the host as `--record` and `--replay` ask. Throws UserError. */
async function openRecordedHost(
  host: Host,
  flags: Flags,
  onWarning: (message: string) => void,
): Promise<RecordedHost> {
  const { record, replay } = flags;
  if (record !== undefined && replay !== undefined) {
    throw usageError(
      "Cannot record and replay at once: must be one of --record, --replay",
    );
  }
  const mode = flags.replayMode ?? "full";
  if (record !== undefined) {
    return await openRecorder(host, {
      path: resolvePath(host.cwd, record),
      mode,
      program: { name: PROGRAM, version: VERSION },
      overrides: flags.config ?? [],
    });
  }
  if (replay !== undefined) {
    return await openReplay(host, {
      path: resolvePath(host.cwd, replay),
      mode,
      timing: flags.replayTiming === "keep" ? "kept" : "skipped",
      onWarning,
    });
  }
  return { host, close: () => {} };
}
