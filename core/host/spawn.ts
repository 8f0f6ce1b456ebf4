/** Child processes on the real machine. */
import type {
  Child,
  ExitStatus,
  Signal,
  SpawnRequest,
} from "../protocol/host.ts";
import { dropKept, dropMark, keepMarked, keepProcess } from "./keeper.ts";
import { reapOrphans } from "./orphans.ts";
import { openPty, type Pty } from "./pty.ts";
import { handingOn, withDescriptors } from "./system/descriptors.ts";
import { nothingKind, standIn } from "./system/null_device.ts";
import { keepFromReaping, openLibc } from "./system/libc.ts";
import {
  inSomePlace,
  knownPlace,
  openProgram,
  programPath,
  type ProgramPlace,
} from "./system/made_program.ts";
import { becomeCommand, fitsArguments } from "../util/program/become.ts";
import { renderProgram } from "../util/program/call_program.ts";
import { existsProc, isProcPath } from "./files/proc_files.ts";

const EXECUTABLE = 0o111;
/** Folders that only the system writes: PATH is anybody's. */
const SETSID = ["/usr/bin/setsid", "/bin/setsid"];

interface Started {
  readonly child: Deno.ChildProcess;
  readonly readReport?: () => string;
}

/** Starts a program. Throws Deno's error when it cannot be started. */
export function spawnChild(request: SpawnRequest): Child {
  const { mark } = request;
  const pty = request.terminal && openPty(request.terminal);
  const detached = request.detached || pty !== undefined;
  const isInput = typeof request.stdin !== "string";
  const { child: process, readReport } = keepingMark(
    mark,
    () => pty === undefined ? startSomehow(request) : startAt(pty, request),
  );
  if (detached) keepProcess(process.pid);
  let isRunning = true;
  const status = process.status.finally(() => {
    isRunning = false;
    pty?.release();
    if (detached || mark !== undefined) dropKept(process.pid, mark);
    reapOrphans();
  });
  keepFromReaping(process.pid, status);
  if (isInput) feed(process.stdin, request.stdin as Uint8Array<ArrayBuffer>);
  return {
    pid: process.pid,
    stdin: request.stdin === "pipe" ? pty?.input ?? process.stdin : undefined,
    stdout: request.stdout === "pipe"
      ? pty?.output ?? process.stdout
      : undefined,
    stderr: request.stderr === "pipe" ? process.stderr : undefined,
    status: status.then((ended) => ({
      ...toStatus(ended),
      ...(readReport !== undefined && { report: readReport() }),
    })),
    kill: (signal, { group = false } = {}) => {
      if (group && trySignal(-process.pid, signal)) return;
      if (group && !isRunning) return;
      // A child that is not yet what it was started as has no group yet, but it may have
      // one, and others in it, by now: once it is signalled, they are all that is left.
      trySignal(process.pid, signal);
      if (group) trySignal(-process.pid, signal);
    },
    ...(pty && {
      resize: (size) => pty.resize(size),
      unread: () => pty.unread(),
    }),
  };
}

// The mark is told first, so that no moment is without it; what did not start needs none.
function keepingMark<T>(mark: string | undefined, start: () => T): T {
  if (mark === undefined) return start();
  keepMarked(mark);
  try {
    return start();
  } catch (error) {
    dropMark(mark);
    throw error;
  }
}

// setsid(1) makes the terminal the one of the new session. It does not fork: what the runtime
// starts leads no group.
function startAt(pty: Pty, request: SpawnRequest): Started {
  const setsid = SETSID.find(isExecutable);
  try {
    if (setsid === undefined) {
      throw new Error(
        "Cannot open a terminal: there is no /usr/bin/setsid, must be installed (util-linux)",
      );
    }
    const script = 'exec "$@" <>"$0" >&0';
    const takes = request.leavesTerminal ? [] : ["-c"];
    const { image, ...rest } = request;
    const instead = [request.command, ...request.args];
    return startSomehow({
      ...rest,
      command: "/bin/sh",
      args: [
        ...["-c", script, pty.path, setsid, ...takes],
        ...(image === undefined ? instead : [{ image, instead }]),
      ],
      detached: false,
      stdin: "null",
      stdout: "null",
    });
  } catch (error) {
    pty.close();
    throw error;
  }
}

function startSomehow(request: SpawnRequest): Started {
  const { before, image } = request;
  const isMade = image !== undefined;
  const isWrapped = !isMade &&
    (before !== undefined || canMakeSession(request));
  if (!isMade && !isWrapped) return start(request, knownPlace(), false);
  // What would do without fails in its own name.
  return inSomePlace((place) => start(request, place, isWrapped), {
    mayDoWithout: !isMade && before === undefined,
  });
}

function start(
  request: SpawnRequest,
  place: ProgramPlace | undefined,
  isWrapped: boolean,
): Started {
  const { before, command, detached, image, inherits = [] } = request;
  if (place === undefined && before !== undefined) {
    throw new Error(`Cannot start ${command}: no made program can run here`);
  }
  if (place !== undefined && image !== undefined) {
    return { child: startImage(request, image, place) };
  }
  return withDescriptors(
    request.args,
    (args) =>
      place !== undefined && isWrapped
        ? handingOn(
          inherits,
          () => startImage(request, renderWrapped(request, args), place),
        )
        : startProgram(command, request, { args: [...args], detached }),
    place,
  );
}

function startImage(
  request: SpawnRequest,
  image: Uint8Array<ArrayBuffer>,
  place: ProgramPlace,
): Deno.ChildProcess {
  const descriptor = openProgram(place, image, { isInherited: false });
  try {
    return startProgram(programPath(descriptor), request, {});
  } finally {
    openLibc()?.close(descriptor);
  }
}

function startProgram(
  command: string,
  request: SpawnRequest,
  options: Pick<Deno.CommandOptions, "args" | "detached">,
): Deno.ChildProcess {
  const { stdin, stdout, stderr } = request;
  const nothing = nothingKind();
  const kindOf = (kind: SpawnRequest["stdin" | "stdout"]) =>
    kind === "null" ? nothing : kind === "inherit" ? kind : "piped";
  const child = new Deno.Command(command, {
    ...options,
    cwd: request.cwd,
    env: { ...request.env },
    clearEnv: true,
    stdin: kindOf(stdin),
    stdout: kindOf(stdout),
    stderr: kindOf(stderr),
  }).spawn();
  if (nothing === "piped") {
    standIn(child, {
      stdin: stdin === "null",
      stdout: stdout === "null",
      stderr: stderr === "null",
    });
  }
  return child;
}

/**
 * Whether a made program is to begin the child's session. For that the runtime itself forks,
 * which copies the page tables of the whole process, and then each page that is written to
 * next: half a millisecond, more with every item of a long history. Other children share our
 * memory until they are executed (posix_spawn(3)).
 *
 * What cannot be started has to fail here and now, not later with 126 or 127; and under
 * /proc a name means something else to another process than to us.
 */
function canMakeSession(
  { args, command, detached, env }: SpawnRequest,
): boolean {
  const words = args.filter((word) => typeof word === "string");
  return detached && command.startsWith("/") &&
    !command.startsWith("/proc/") && isExecutable(command) &&
    fitsArguments({ argv: [command, ...words], env });
}

function renderWrapped(
  { before = [], command, detached, env }: SpawnRequest,
  args: readonly string[],
): Uint8Array<ArrayBuffer> {
  return renderProgram([
    ...(detached ? [{ call: "setsid" } as const] : []),
    ...before,
    ...becomeCommand({ argv: [command, ...args], env }),
  ], Deno.build.arch);
}

function isExecutable(path: string): boolean {
  try {
    const { isFile, mode } = Deno.statSync(path);
    return isFile && ((mode ?? 0) & EXECUTABLE) !== 0;
  } catch {
    return false;
  }
}

/** Signals a process (a group when negative); one that is gone is no error. */
export function sendSignal(pid: number, signal: Signal): void {
  trySignal(pid, signal);
}

// False when there is nothing to signal.
function trySignal(pid: number, signal: Signal): boolean {
  try {
    Deno.kill(pid, signal);
    return true;
  } catch (error) {
    if (!isGone(error)) throw error;
    return false;
  }
}

/** Whether a process of that pid exists (kill(2) with signal 0). */
export function isProcessAlive(pid: number): boolean {
  const place = `/proc/${pid}`;
  if (isProcPath(place)) return existsProc(place);
  try {
    // SIGCONT does nothing to a running process; there is no signal 0 in Deno.
    Deno.kill(pid, "SIGCONT");
    return true;
  } catch (error) {
    return !isGone(error);
  }
}

function isGone(error: unknown): boolean {
  // ESRCH arrives as a TypeError or NotFound, by version.
  return error instanceof Deno.errors.NotFound || error instanceof TypeError;
}

function toStatus(status: Deno.CommandStatus): ExitStatus {
  return { code: status.code, signal: status.signal };
}

// The child may end without reading its input; that is its right (EPIPE).
function feed(
  stdin: WritableStream<Uint8Array<ArrayBuffer>>,
  bytes: Uint8Array<ArrayBuffer>,
): void {
  const writer = stdin.getWriter();
  writer.write(bytes).then(() => writer.close()).catch(() => {});
}
