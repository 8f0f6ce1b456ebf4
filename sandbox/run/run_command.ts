/** One command from request to result: plainly, or prepared, run and put in order after. */
import type {
  CommandRequest,
  CommandResult,
} from "../../core/protocol/command.ts";
import {
  errorCode,
  errorText,
  SandboxUnavailable,
  ToolError,
} from "../../core/protocol/error.ts";
import type { Child, SpawnRequest } from "../../core/protocol/host.ts";
import { LIMITS } from "../../core/protocol/limits.ts";
import { dirname } from "../../core/util/path.ts";
import {
  buildLaunch,
  buildPlainLaunch,
  type LaunchLine,
} from "../backends/backend.ts";
import { innerPid, wasStarted } from "../backends/bwrap.ts";
import type { Lease } from "../network/shared_networks.ts";
import { BareRepositories } from "../guard/bare_repository.ts";
import { OutputCapture } from "./capture.ts";
import { LAUNCHER } from "../backends/landlock.ts";
import { describeChanges } from "../guard/guard_notes.ts";
import { buildResult } from "./result.ts";
import { runningCommand } from "./running_command.ts";
import { type RunEnd, runToEnd } from "./run_to_end.ts";
import { isConfined, type Prepared, type Session } from "./session.ts";
import { COMMAND_MARK, marked, type SweptCommand } from "./orphans.ts";

/** A command that takes over the terminal's streams. */
export type InheritedRequest = Pick<
  CommandRequest,
  | "argv"
  | "cwd"
  | "env"
  | "policy"
  | "signal"
  | "spoolPath"
  | "threadId"
  | "workspace"
>;

export interface InheritedResult {
  readonly code: number;
  /** What the sandbox did afterwards, for the person. */
  readonly notes: readonly string[];
}

/** A command that is ready to be spawned. */
interface Ready {
  readonly launch: LaunchLine;
  /** Absent when it runs plainly. */
  readonly prepared?: Prepared;
  /** On the network it is in together with others. */
  readonly lease?: Lease | undefined;
  readonly swept: SweptCommand;
}

// EAGAIN, ENOMEM, EMFILE, ENFILE: soon there may be room again, and the model can try again.
const EXHAUSTED =
  /Resource temporarily unavailable|Cannot allocate memory|Too many open files/;

/** Runs the command to its end, whatever end. Throws SandboxUnavailable or ToolError. */
export async function runCommand(
  session: Session,
  request: CommandRequest,
): Promise<CommandResult> {
  const { host } = session;
  const { terminal } = request;
  const livesOn = request.onStart !== undefined;
  const capture = new OutputCapture(host.files, {
    onOutput: request.onOutput,
    spoolPath: request.spoolPath,
    spoolOverBytes: request.spoolOverBytes,
    rolls: livesOn,
  });
  const ready = await prepare(session, request, {
    isPlain: !request.sandboxed,
    mayLive: request.onStart !== undefined,
    mergesOutput: true,
    hasTerminal: terminal !== undefined,
  });
  const backend = ready.prepared?.backend;
  return await finishing(session, ready, async () => {
    await request.recorded;
    const child = start(session, request, ready, {
      stdin: terminal === undefined ? request.stdin ?? "null" : "pipe",
      stdout: "pipe",
      stderr: "pipe",
      detached: true,
      ...(terminal !== undefined && { terminal }),
    });
    const kind = {
      host,
      isWrapped: backend?.kind === "bwrap",
      hasTerminal: terminal !== undefined,
    };
    const unwatch = livesOn && backend !== undefined
      ? session.watch(request.onPutBack ?? (() => {}))
      : undefined;
    request.onStart?.(runningCommand(child, capture, kind));
    const end = await runToEnd(child, {
      ...kind,
      timeoutMs: request.timeoutMs,
      outputBytesMax: livesOn ? Infinity : LIMITS.outputBytesMax,
      signal: request.signal,
      capture,
      onBytes: request.onBytes,
      isStderrOurs: backend !== undefined,
      reap: (pid) => reap(session, ready, pid),
    });
    unwatch?.();
    session.reaper.collect(innerPid(end.report));
    refuseUnstarted(end);
    return (guardNotes) =>
      buildResult({ ...ready, end, guardNotes, capture, request });
  });
}

/** Runs it on the streams of this program. */
export async function runCommandInherited(
  session: Session,
  request: InheritedRequest,
): Promise<InheritedResult> {
  const ready = await prepare(session, request, {
    isPlain: false,
    mayLive: true,
    mergesOutput: false,
    hasTerminal: false,
  });
  return await finishing(session, ready, async () => {
    const child = start(session, request, ready, {
      stdin: "inherit",
      stdout: "inherit",
      stderr: "inherit",
      detached: false,
    });
    const onAbort = (): void => child.kill("SIGTERM");
    request.signal.addEventListener("abort", onAbort, { once: true });
    const { code, report } = await child.status;
    request.signal.removeEventListener("abort", onAbort);
    await reap(session, ready, child.pid);
    if (hasBwrapFailed(code, report)) {
      throw new SandboxUnavailable(
        "Cannot start the sandbox: bubblewrap failed as it says above, must be able to mount what the policy names (see: rondo policy explain)",
      );
    }
    return (notes) => ({ code, notes });
  });
}

async function prepare(
  session: Session,
  request: InheritedRequest,
  { isPlain, mayLive, ...how }: {
    readonly isPlain: boolean;
    readonly mayLive: boolean;
    readonly mergesOutput: boolean;
    readonly hasTerminal: boolean;
  },
): Promise<Ready> {
  const { argv, cwd, policy, threadId } = request;
  const { host } = session;
  if (argv.length === 0) {
    throw new ToolError(
      "Cannot run a command: it is empty, must name a program",
    );
  }
  if (!(await host.files.stat(cwd))?.isDirectory) {
    throw new ToolError(`Cannot run in ${cwd}: not a folder`);
  }
  const mark = host.newId();
  const env = { ...request.env, [COMMAND_MARK]: mark };
  if (isPlain || !isConfined(policy) || session.isOff) {
    return {
      launch: buildPlainLaunch({ argv, env, ...how }, {
        arch: host.arch,
        cwd,
        os: host.os,
        // What runs on the person's terminal stays in their session.
        ownSession: how.mergesOutput,
      }),
      swept: { mark, isConfined: false },
    };
  }
  const workspace = request.workspace ?? cwd;
  const prepared = await session.prepare({
    policy,
    workspace,
    cwd,
    meetsOthers: threadId !== undefined && (mayLive || session.hasOthers),
    ...(request.spoolPath !== undefined && {
      spool: dirname(request.spoolPath),
    }),
  });
  let lease: Lease | undefined;
  try {
    const rights = { threadId, policy, workspace };
    lease = await session.networks.take(prepared, rights, mayLive);
    // Names that commands written for Codex look for, and our own.
    const told = {
      ...env,
      RONDO_SANDBOX: prepared.backend.name,
      ...(prepared.plan.networkAccess
        ? {}
        : { CODEX_SANDBOX_NETWORK_DISABLED: "1" }),
    };
    return {
      launch: buildLaunch(host, { ...prepared, entry: lease?.entry }, {
        ...{ argv, env: told, ...how },
      }),
      prepared,
      lease,
      swept: { mark, isConfined: true },
    };
  } catch (error) {
    lease?.end();
    await session.finish();
    throw error;
  }
}

function start(
  { host, stillness }: Session,
  { threadId }: InheritedRequest,
  { launch, prepared, swept: { mark } }: Ready,
  streams: Pick<
    SpawnRequest,
    "stdin" | "stdout" | "stderr" | "detached" | "terminal"
  >,
): Child {
  try {
    const child = host.spawn(marked({ ...launch, ...streams }, mark));
    // What belongs to no thread is the person's own.
    if (prepared !== undefined || threadId !== undefined) stillness.stir();
    return child;
  } catch (error) {
    const text = `Cannot start the command: ${errorText(error)}`;
    // E2BIG: the model's arguments are too long for execve(2).
    const isAsked = prepared === undefined || errorCode(error) === "E2BIG";
    throw isAsked || EXHAUSTED.test(text)
      ? new ToolError(text)
      : new SandboxUnavailable(text);
  }
}

/** Runs `work`, then puts the disk in order; what `work` gives is told of it. */
async function finishing<T>(
  session: Session,
  ready: Ready,
  work: () => Promise<(notes: readonly string[]) => T>,
): Promise<T> {
  const { prepared, lease } = ready;
  const bare = await BareRepositories.watch(session.host.files, prepared?.plan);
  session.reaper.begin(ready.swept);
  let notes: readonly string[] = [];
  let build: (notes: readonly string[]) => T;
  try {
    build = await work();
  } finally {
    session.reaper.forget(ready.swept);
    lease?.end();
    if (prepared !== undefined) {
      notes = [
        ...describeChanges(await session.finish()),
        ...await bare.describeNew(),
        ...session.takeUntold(prepared.plan.unprotected),
      ];
    }
  }
  return build(notes);
}

// In a PID namespace everything ends with the command, before anybody could count it.
async function reap(
  session: Session,
  { prepared, swept }: Ready,
  pid: number,
): Promise<number> {
  if (prepared?.backend.kind === "bwrap") return 0;
  return await session.reaper.end(swept, pid);
}

// A command can write what bwrap writes, and exit as it does; the report is out of its reach.
function refuseUnstarted(end: RunEnd): void {
  const { exitCode, complaint, report } = end;
  const isLauncher = exitCode === LAUNCHER.failedCode &&
    complaint.startsWith(LAUNCHER.complaint);
  if (!isLauncher && !hasBwrapFailed(exitCode, report)) return;
  const text = `Cannot start the sandbox: ${complaint}`;
  throw EXHAUSTED.test(text)
    ? new ToolError(text)
    : new SandboxUnavailable(text);
}

function hasBwrapFailed(code: number, report: string | undefined): boolean {
  return code === 1 && report !== undefined && !wasStarted(report);
}
