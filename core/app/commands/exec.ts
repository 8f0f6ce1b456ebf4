/** `rondo exec` and its kin: one prompt, one exit code. */
import { runExec } from "../../frontends/exec/exec.ts";
import { failExec, stopExec } from "../../frontends/exec/early_exit.ts";
import { ExecStops } from "../../frontends/exec/stop_signals.ts";
import { limitsOf } from "../../config/settings.ts";
import { exitCode } from "../../contract/exit_code.ts";
import type { CommandLine } from "../../contract/command_line.ts";
import { UserError } from "../../protocol/error.ts";
import type { Host } from "../../protocol/host.ts";
import { LIMITS } from "../../protocol/limits.ts";
import type { UserPart } from "../../protocol/op.ts";
import type { Terminal } from "../../protocol/terminal.ts";
import { PROGRAM } from "../../protocol/version.ts";
import type { OpenThread } from "../../session/thread/open.ts";
import type { JsonObject } from "../../util/json/json.ts";
import { openThread } from "../open_thread.ts";
import { checkBeforeRequest } from "./exec_checks.ts";
import { acceptedParts, loadSchema, readParts } from "./exec_input.ts";
import { openRuntime, type Runtime } from "../runtime.ts";
import { withTimeout } from "../../util/async.ts";

/** Runs to the end and resolves to the exit code; every path prints one terminal line. */
export async function runExecCommand(
  commandLine: CommandLine,
  host: Host,
  terminal: Terminal,
): Promise<number> {
  const { flags } = commandLine;
  // Before anything is paid for that nobody can be given.
  if (terminal.stdout.isGone) {
    terminal.stderr.write(
      "Error: Cannot write to stdout: it is closed or open for reading only, must be open for writing\n",
    );
    return exitCode("failed");
  }
  const stops = new ExecStops(host, terminal);
  stops.setTimeout(flags.timeoutMs);
  try {
    const reading = readAsked(commandLine, host, terminal);
    const asked = await Promise.race([reading, stops.first]);
    if (typeof asked === "string") {
      reading.catch(() => {});
      return await stopExec(asked, { terminal, flags, host });
    }
    const opening = openRun(commandLine, host, asked);
    const run = await Promise.race([opening, stops.first]);
    if (typeof run === "string") {
      await closeLate(opening, host);
      return await stopExec(run, { terminal, flags, host });
    }
    stops.setTimeout(limitsOf(run.runtime.loaded.config).timeoutMs);
    try {
      // Whoever brings a form of their own gets the answer in that form.
      const isReview = commandLine.command === "exec review" &&
        flags.outputSchema === undefined;
      const { pinPrograms } = run.runtime.loaded;
      const place = { host, terminal, flags, stops, pinPrograms };
      return await runExec({ ...run, ...place, isReview });
    } finally {
      // The last line is out: another one must not follow it.
      await run.runtime.mcp?.close().catch(() => {});
    }
  } catch (error) {
    const code = await failExec(error, { terminal, flags, host });
    if (error instanceof UserError && error.kind === "usage") {
      terminal.stderr.write(`See ${PROGRAM} ${commandLine.command} --help\n`);
      await terminal.stderr.flush();
    }
    return code;
  } finally {
    stops.close();
  }
}

interface Asked {
  readonly parts: readonly UserPart[];
  readonly outputSchema?: JsonObject;
}

interface ReadyRun extends OpenThread {
  readonly parts: readonly UserPart[];
  readonly runtime: Runtime;
}

async function readAsked(
  commandLine: CommandLine,
  host: Host,
  terminal: Terminal,
): Promise<Asked> {
  const outputSchema = await loadSchema(host, commandLine.flags);
  const parts = await readParts(commandLine, host, terminal);
  return { parts, ...(outputSchema !== undefined && { outputSchema }) };
}

async function openRun(
  commandLine: CommandLine,
  host: Host,
  { parts, outputSchema }: Asked,
): Promise<ReadyRun> {
  const { flags } = commandLine;
  const canAsk = flags.input === "jsonl" || flags.approvals !== undefined;
  const runtime = await openRuntime(host, flags, {
    canAsk,
    source: "exec",
    ...(outputSchema !== undefined && { outputSchema }),
  });
  try {
    await checkBeforeRequest(host, runtime, commandLine);
    const asked = withReview(runtime, commandLine);
    const open = await openThread(asked, commandLine);
    const items = open.thread.state.transcript.entries.map(({ item }) => item);
    const plan = flags.acceptPlan ? acceptedParts(items) : [];
    return { ...open, parts: [...plan, ...parts], runtime };
  } catch (error) {
    await runtime.mcp?.close();
    throw error;
  }
}

function withReview(
  runtime: Runtime,
  { command, flags }: CommandLine,
): Runtime {
  if (command !== "exec review") return runtime;
  const { review_model: model } = runtime.loaded.config;
  return model === undefined || flags.model !== undefined
    ? { ...runtime, isReview: true }
    : { ...runtime, isReview: true, model };
}

// A thread that opens while the run is stopped gives its log and lock back.
async function closeLate(
  opening: Promise<ReadyRun>,
  host: Host,
): Promise<void> {
  const closing = opening.then(async ({ thread, runtime }) => {
    thread.submit({ type: "shutdown" });
    await Promise.all([thread.closed, runtime.mcp?.close()]);
  }).catch(() => {});
  await withTimeout(closing, LIMITS.lateThreadMs, host);
}
