/** `rondo exec` and its kin: one prompt, one exit code. */
import type { LoadedConfig } from "../../config/load.ts";
import { limitsOf } from "../../config/settings.ts";
import type { CommandLine, Flags } from "../../contract/command_line.ts";
import { exitCode } from "../../contract/exit_code.ts";
import { failExec, stopExec } from "../../frontends/exec/early_exit.ts";
import { runExec } from "../../frontends/exec/exec.ts";
import { approvalCommandOf } from "../../frontends/exec/output.ts";
import { ExecStops } from "../../frontends/exec/stop_signals.ts";
import { splitCommand } from "../../policy/shell/split.ts";
import { usageError, UserError } from "../../protocol/error.ts";
import type { Host } from "../../protocol/host.ts";
import { LIMITS } from "../../protocol/limits.ts";
import type { UserPart } from "../../protocol/op.ts";
import type { Terminal } from "../../protocol/terminal.ts";
import { PROGRAM } from "../../protocol/version.ts";
import { runProgram } from "../../session/hooks/run_program.ts";
import type { OpenThread } from "../../session/thread/open.ts";
import { withTimeout } from "../../util/async.ts";
import type { JsonObject } from "../../util/json/json.ts";
import { expandHome, resolvePath } from "../../util/path.ts";
import { needCommit } from "../git.ts";
import { openThread } from "../open_thread.ts";
import { openRuntime, type Runtime } from "../runtime.ts";
import type { StagedRun } from "../stage/run.ts";
import type { TelemetryAccess } from "../../telemetry/access.ts";
import { telemetryAccess } from "../transport.ts";
import { acceptedParts, loadSchema, readParts } from "./exec_input.ts";

/** Runs to the end and resolves to the exit code; every path prints one terminal line. */
export async function runExecCommand(
  commandLine: CommandLine,
  host: Host,
  terminal: Terminal,
): Promise<number> {
  const telemetry = telemetryAccess(host, commandLine);
  const code = await runToEnd(commandLine, { host, terminal, telemetry });
  await telemetry.close(code, terminal.stderr);
  return code;
}

interface Surroundings {
  readonly host: Host;
  readonly terminal: Terminal;
  readonly telemetry: TelemetryAccess;
}

async function runToEnd(
  commandLine: CommandLine,
  { host, terminal, telemetry }: Surroundings,
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
    const opening = openRun(commandLine, host, { ...asked, telemetry });
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
      await closeRun(run);
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
  /** Of a run in a copy. */
  readonly readStage?: StagedRun["readStage"];
  readonly removeStage?: StagedRun["remove"];
}

async function closeRun(
  { runtime, removeStage }: Pick<ReadyRun, "runtime" | "removeStage">,
): Promise<void> {
  await Promise.allSettled([runtime.mcp?.close(), removeStage?.()]);
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
  { parts, outputSchema, telemetry }: Asked & {
    readonly telemetry: TelemetryAccess;
  },
): Promise<ReadyRun> {
  const { flags } = commandLine;
  const canAsk = flags.input === "jsonl" || flags.approvals !== undefined;
  const runtime = await openRuntime(host, flags, {
    canAsk,
    source: "exec",
    telemetryAccess: telemetry,
    ...(outputSchema !== undefined && { outputSchema }),
  });
  let staged: StagedRun | undefined;
  try {
    await checkBeforeRequest(host, runtime, commandLine);
    if (flags.stage) {
      const { openStagedRun } = await import("../stage/run.ts");
      staged = await openStagedRun(host, runtime, commandLine);
    }
    const inner = staged?.runtime ?? runtime;
    // Runs without it load nothing for it.
    const openCheck = flags.until === undefined
      ? undefined
      : await (await import("../until/open.ts"))
        .openChecks(inner, flags.until);
    const asked = { ...withReview(inner, commandLine), openCheck };
    const open = await openThread(asked, commandLine);
    if (openCheck !== undefined && open.thread.settings.mode === "plan") {
      open.thread.submit({ type: "shutdown" });
      await open.thread.closed;
      throw usageError(
        "Cannot use --until: the session is in plan mode, in which nothing can be changed; --accept-plan leaves it",
      );
    }
    const items = open.thread.state.transcript.entries.map(({ item }) => item);
    const plan = flags.acceptPlan ? acceptedParts(items) : [];
    return {
      ...open,
      parts: [...plan, ...parts],
      runtime,
      ...(staged !== undefined && {
        readStage: staged.readStage,
        removeStage: staged.remove,
      }),
    };
  } catch (error) {
    await runtime.mcp?.close();
    await staged?.remove();
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
  const closing = opening.then(async (run) => {
    run.thread.submit({ type: "shutdown" });
    await run.thread.closed;
    await closeRun(run);
  }).catch(() => {});
  await withTimeout(closing, LIMITS.lateThreadMs, host);
}

/** Throws UserError for what would only come out after a request. */
async function checkBeforeRequest(
  host: Host,
  { loaded }: Pick<Runtime, "loaded">,
  { command, flags }: CommandLine,
): Promise<void> {
  await checkRepository(host, loaded, flags);
  if (command === "exec review") await checkReviewed(host, loaded, flags);
  await checkApprovals(host, flags);
}

// Outside of a repository nothing could be taken back.
async function checkRepository(
  host: Host,
  loaded: LoadedConfig,
  flags: Flags,
): Promise<void> {
  if (flags.skipGitRepoCheck || flags.bypass) return;
  if (loaded.trust.level === "trusted") return;
  for (let folder = loaded.cwd;;) {
    if (await host.files.stat(`${folder}/.git`) !== undefined) return;
    if (folder === "/") break;
    folder = resolvePath(folder, "..");
  }
  throw usageError(
    `Cannot start in ${loaded.cwd}: not a git repository and not trusted: run ${PROGRAM} trust here, or pass --skip-git-repo-check`,
  );
}

async function checkReviewed(
  host: Host,
  loaded: LoadedConfig,
  { base, commit }: Flags,
): Promise<void> {
  const name = base ?? commit;
  if (name === undefined) return;
  const flag = base === undefined ? "--commit" : "--base";
  await needCommit(host, loaded, { flag, name });
}

// Run by /bin/sh: is it a script, and is every program there that it names for sure?
const FIND_MISSING = `/bin/sh -n -c "$0" || exit 2
for program; do
  case $program in
    */*) [ -f "$program" ] && [ -x "$program" ] ;;
    *) command -v -- "$program" >/dev/null ;;
  esac || { printf %s "$program"; exit 3; }
done`;

async function checkApprovals(host: Host, flags: Flags): Promise<void> {
  const command = approvalCommandOf(flags);
  if (command === undefined) return;
  const home = host.homeDir() ?? "/";
  const programs = programsOf(command, host.cwd)
    .map((program) => expandHome(program, home));
  const { exitCode, stdout } = await runProgram(host, {
    argv: ["/bin/sh", "-c", FIND_MISSING, command, ...programs],
    cwd: host.cwd,
    env: { PATH: host.env("PATH") ?? "", HOME: home },
    timeoutMs: LIMITS.gitMs,
    outputBytesMax: 1_000,
  });
  if (exitCode === 0 && command.trim() !== "") return;
  const problem = exitCode === 3
    ? `there is no program ${stdout}, must be one that can be run`
    : "it is no command of the shell, must be one";
  throw usageError(`Cannot use --approvals exec:${command}: ${problem}`);
}

// Of a script that only the shell understands, its first word.
function programsOf(command: string, cwd: string): readonly string[] {
  const split = splitCommand(["/bin/sh", "-c", command], cwd);
  if (split.kind === "plain") {
    return split.segments.flatMap(({ words: [program = ""] }, at) =>
      split.joiners[at - 1] === "||" ? [] : [program]
    );
  }
  const first =
    /^\s*(?:\w+=\S*\s+)*(?:"([^"$`\\]+)"|'([^']+)'|([\w./+@~-]+))(?:\s|$)/
      .exec(command);
  return (first ?? []).slice(1).filter((word) => word !== undefined);
}
