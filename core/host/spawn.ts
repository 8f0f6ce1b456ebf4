/** Child processes on the real machine. */
import type {
  Child,
  ExitStatus,
  Signal,
  SpawnRequest,
} from "../protocol/host.ts";
import { dropKept, keepMarked, keepProcess } from "./keeper.ts";
import { keepFromReaping, reapChild, withDescriptors } from "./system/libc.ts";
import { existsProc, isProcPath, readProcText } from "./files/proc_files.ts";

interface SpawnPlan {
  readonly command: string;
  readonly args: string[];
  /** Whether the runtime is to begin the session. */
  readonly detached: boolean;
}

/** Folders that only the system writes: PATH is anybody's. */
const PLACES = ["/usr/bin/setsid", "/bin/setsid"];
const EXECUTABLE = 0o111;

/** Starts a program. Throws Deno's error when it cannot be started. */
export function spawnChild(request: SpawnRequest): Child {
  const { child, readReport } = withDescriptors(
    request.args,
    (args) => startCommand(request, args),
  );
  if (readReport === undefined) return child;
  const status = child.status.then((ended) => ({
    ...ended,
    report: readReport(),
  }));
  return { ...child, status };
}

function startCommand(request: SpawnRequest, args: readonly string[]): Child {
  const isInput = typeof request.stdin !== "string";
  const { detached, mark } = request;
  if (mark !== undefined) keepMarked(mark);
  const process = startProcess(request, args);
  if (detached) keepProcess(process.pid);
  let isRunning = true;
  const status = process.status.finally(() => {
    isRunning = false;
    if (detached || mark !== undefined) dropKept(process.pid, mark);
    if (adoptsOrphans) reapOrphans();
  });
  keepFromReaping(process.pid, status);
  if (isInput) feed(process.stdin, request.stdin as Uint8Array<ArrayBuffer>);
  return {
    pid: process.pid,
    stdin: request.stdin === "pipe" ? process.stdin : undefined,
    stdout: request.stdout === "pipe" ? process.stdout : undefined,
    stderr: request.stderr === "pipe" ? process.stderr : undefined,
    status: status.then(toStatus),
    kill: (signal, { group = false } = {}) => {
      if (group && trySignal(-process.pid, signal)) return;
      if (group && !isRunning) return;
      // A child that is not yet what it was started as has no group yet, but it may have
      // one, and others in it, by now: once it is signalled, they are all that is left.
      trySignal(process.pid, signal);
      if (group) trySignal(-process.pid, signal);
    },
  };
}

// What does not start by way of setsid(1) fails in its own name.
function startProcess(
  request: SpawnRequest,
  args: readonly string[],
): Deno.ChildProcess {
  const options = {
    cwd: request.cwd,
    env: { ...request.env },
    clearEnv: true,
    stdin: stdinKind(request.stdin),
    stdout: pipeKind(request.stdout),
    stderr: pipeKind(request.stderr),
  };
  const { command, detached } = request;
  const plan = planSpawn(request, args);
  try {
    return new Deno.Command(plan.command, {
      ...options,
      args: plan.args,
      detached: plan.detached,
    }).spawn();
  } catch (error) {
    if (plan.command === command) throw error;
    return new Deno.Command(command, { ...options, args: [...args], detached })
      .spawn();
  }
}

let found: { readonly setsid: string | undefined } | undefined;

/**
 * What to hand to the runtime. For a session it forks, which copies the page tables of
 * the whole process, and then each page that is written to next: half a millisecond, more
 * with every item of a long history. Other children share our memory until they are
 * executed (posix_spawn(3)), so setsid(1) begins the session there and becomes the program.
 */
function planSpawn(
  { command, detached }: Pick<SpawnRequest, "command" | "detached">,
  args: readonly string[],
): SpawnPlan {
  const setsid = detached && canStart(command) ? findSetsid() : undefined;
  return setsid === undefined
    ? { command, args: [...args], detached }
    : { command: setsid, args: [command, ...args], detached: false };
}

// What cannot be started has to fail here and now; setsid would only end with 126 or 127.
// Under /proc a name means something else to setsid than to us.
function canStart(command: string): boolean {
  return command.startsWith("/") && !command.startsWith("/proc/") &&
    isExecutable(command);
}

function findSetsid(): string | undefined {
  found ??= {
    setsid: Deno.build.os === "linux" ? PLACES.find(isExecutable) : undefined,
  };
  return found.setsid;
}

function isExecutable(path: string): boolean {
  try {
    const { isFile, mode } = Deno.statSync(path);
    return isFile && ((mode ?? 0) & EXECUTABLE) !== 0;
  } catch {
    return false;
  }
}

let adoptsOrphans = false;

/** From now on every child is started here, and all others that we have are orphans. */
export function adoptOrphans(): void {
  adoptsOrphans = true;
}

// bwrap ends before the first process inside; dead ones would count against the limit of
// processes until we end.
function reapOrphans(): void {
  const place = `/proc/self/task/${Deno.pid}/children`;
  if (!isProcPath(place) || !existsProc(place)) return;
  for (const pid of readProcText(place).split(" ")) {
    if (pid !== "") reapChild(Number(pid));
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

function stdinKind(kind: SpawnRequest["stdin"]): "null" | "piped" | "inherit" {
  if (kind === "null" || kind === "inherit") return kind;
  return "piped";
}

function pipeKind(
  kind: "pipe" | "null" | "inherit",
): "piped" | "null" | "inherit" {
  return kind === "pipe" ? "piped" : kind;
}
